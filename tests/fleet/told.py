"""Real processes of a fleet that are told what to do, line by line."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.promise.accounts import WELL
from benchmarks.serving import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.promise.accounts import Accounts
    from tests.fleet.servers import Server


@dataclass
class Member:
    """A process, and what to tell it."""

    process: subprocess.Popen[str]

    def begin(self, what: str, **order: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": what, **order}) + "\n")
        self.process.stdin.flush()

    def end(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def do(self, what: str, **order: Any) -> Any:
        self.begin(what, **order)
        return self.end()

    def ask(self, **order: Any) -> list[str]:
        """Where the lists came from."""
        return [source for source, _, _ in self.do("ask", **order)]


@contextmanager
def fleet(
    server: Server, service: Accounts, count: int, *, tps: float = 2000, **caching: float
) -> Iterator[list[Member]]:
    for name in "ab":
        service.behave(name, WELL)
    given = {
        "redis": server.url,
        "workers": count,
        "tps": tps,
        "urls": {name: service.url(name) for name in "ab"},
        "caching": caching,
    }
    with ExitStack() as running:
        members = list[Member]()
        for _ in range(count):
            process = running.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.fleet.member", json.dumps(given)],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            running.callback(process.kill)
            members.append(Member(process))
        for member in members:
            assert member.end() == "ready"
        for name in "ab":
            service.arrivals(name)
        yield members
