"""Accounts to ask: started in a process of their own, ordered about, and ended with the block."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from bisect import bisect_left
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.promise.service import Behaviour
from benchmarks.serving import ROOT
from irclient import Pair, ServiceEndpoint
from tests.certificates import Authority

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

__all__ = [
    "HANGS",
    "KINDS",
    "UNCOOKED",
    "WELL",
    "Accounts",
    "Arrival",
    "accounts",
    "after",
    "busiest_second",
]

WELL: Final = Behaviour()
HANGS: Final = Behaviour(kind="hang")
UNCOOKED: Final = Behaviour(body="waiting")

#: What a primary can have; the other account is well.
KINDS: Final = {
    "dead": Behaviour(kind="refused"),
    "503": Behaviour(status=503, body="error"),
    "hanging": HANGS,
    "uncooked": UNCOOKED,
    "401": Behaviour(status=401, body="error"),
    "403": Behaviour(status=403, body="error"),
    "reset": Behaviour(kind="reset"),
    "half a head": Behaviour(kind="half head"),
    "truncated": Behaviour(kind="truncated"),
    "garbage": Behaviour(kind="garbage"),
}


def after(seconds: float) -> Behaviour:
    """An account that is well, and slow."""
    return Behaviour(after=seconds)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request that came.

    Attributes:
        at: When the kernel had all of it, by the monotonic clock that processes share.
        target: Path and query.
        connection: The number of its connection.
    """

    at: float
    target: str
    connection: int


class Accounts:
    """Accounts in another process; any thread may order them about."""

    def __init__(
        self, process: subprocess.Popen[str], ports: dict[str, int], ca_file: Path | None
    ) -> None:
        self._process, self._ports = process, ports
        self._lock = threading.Lock()
        self.ca_file = ca_file

    def behave(self, account: str, behaviour: Behaviour) -> None:
        """Let an account behave so from now on."""
        self._order({"account": account, "behave": asdict(behaviour)})

    def arrivals(self, account: str) -> list[Arrival]:
        """What has arrived since this was asked last, oldest first."""
        came = self._order({"account": account})["arrivals"]
        return sorted((Arrival(*each) for each in came), key=lambda each: each.at)

    def connections(self, account: str) -> int:
        """How many connections were opened so far."""
        opened: int = self._order({"account": account})["connections"]
        return opened

    def url(self, account: str) -> str:
        """Where an account is to be reached."""
        scheme = "https" if self.ca_file else "http"
        return f"{scheme}://127.0.0.1:{self._ports[account]}"

    def endpoint(self, account: str, *, tps: float = 10_000) -> ServiceEndpoint:
        """The service endpoint of an account."""
        return ServiceEndpoint(account, "web", tps=tps, url=self.url(account))

    def pair(self, *, tps: float = 10_000, **mode: Any) -> Pair:
        """The first two accounts as a pair."""
        primary, secondary = list(self._ports)[:2]
        return Pair(self.endpoint(primary, tps=tps), self.endpoint(secondary, tps=tps), **mode)

    def _order(self, order: dict[str, object]) -> Any:
        with self._lock:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())


@contextmanager
def accounts(*names: str, with_tls: bool = False) -> Generator[Accounts]:
    """Run accounts, by default the pair `a` and `b`, for the length of a block."""
    with tempfile.TemporaryDirectory() as folder:
        ca_file, certificate = None, ""
        if with_tls:
            authority = Authority.made_in(Path(folder))
            authority.server()
            ca_file = authority.ca_file
            certificate = "=" + str(next(Path(folder).glob("server*.pem")))
        given = [name + certificate for name in names or ("a", "b")]
        with subprocess.Popen(
            [sys.executable, "-m", "benchmarks.promise.service", *given],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                assert process.stdout is not None
                yield Accounts(process, json.loads(process.stdout.readline()), ca_file)
            finally:
                process.kill()


def busiest_second(arrivals: Sequence[Arrival]) -> int:
    """The most requests that came within any one second."""
    at = [each.at for each in arrivals]
    return max((bisect_left(at, each + 1.0) - n for n, each in enumerate(at)), default=0)
