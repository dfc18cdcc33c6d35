"""TPS is kept: as the servers saw it, with cold connections and with those that break."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.promise.accounts import accounts, busiest_second
from benchmarks.promise.figures import at_most, exactly
from benchmarks.promise.service import Behaviour
from benchmarks.promise.stage import THREADS, on_stage
from irclient import AsyncIRClient, IRClient, Retries, Settings, Throttling

if TYPE_CHECKING:
    from benchmarks.promise.accounts import Accounts
    from benchmarks.promise.figures import Figure

__all__ = ["breaking_connections", "hedged_and_cold"]

_TPS: Final = 20
_ACCOUNT: Final = """
account = "{name}"
name = "web"
tps = {tps}
url = "{url}"
"""
_CONFIGURATION: Final = """
ca_file = "{ca_file}"
[[regions]]
[regions.primary]{primary}
[regions.secondary]{secondary}
[credential]
kind = "token"
token_env = "HOME"
[settings.hedging]
enabled = true
after = 0.05
budget = 1.0
[settings.throttling]
max_wait = 3.0
"""


def hedged_and_cold(world: str, *, callers: int = 60, seconds: float = 3) -> list[Figure]:
    """Hedging is on, and each new connection needs 0.4 s to shake hands."""
    with accounts(with_tls=True) as service:
        for name in "ab":
            service.behave(name, Behaviour(shakes_hands_after=0.4))
        with on_stage(world, None, ir=_over_tls(world, service)) as stage:
            ends = stage.for_seconds(callers, seconds)
        came = {name: service.arrivals(name) for name in "ab"}
    where = f"TPS {_TPS}, hedging, cold connections ready after 0.4 s, {callers} callers"
    note = f"{len(ends)} calls"
    return [
        at_most(f"{where}: busiest second of {name}", world, busiest_second(came[name]), _TPS,
                note=f"{len(came[name])} requests, {note}")
        for name in "ab"
    ]  # fmt: skip


def breaking_connections(
    world: str, *, kind: str = "reset", callers: int = 30, seconds: float = 3
) -> list[Figure]:
    """A front end that answers each connection once, takes the next request, and breaks it."""
    settings = Settings(retries=Retries(max_attempts=1), throttling=Throttling(max_wait=3))
    with accounts("a") as service:
        service.behave("a", Behaviour(kind=kind, from_request=2))
        endpoint = service.endpoint("a", tps=_TPS)
        with on_stage(world, endpoint, settings=settings) as stage:
            stage.for_seconds(callers, seconds)
            counted = sum(stage.ir.stats().attempts.get("a/web", {}).values())
        came = service.arrivals("a")
    where = f"TPS {_TPS}, kept connections break ({kind}), {callers} callers"
    return [
        at_most(f"{where}: busiest second", world, busiest_second(came), _TPS),
        exactly(f"{where}: requests not counted", world, len(came) - counted, 0,
                note=f"{len(came)} came"),
    ]  # fmt: skip


def _over_tls(world: str, service: Accounts) -> Any:
    described = {name: _ACCOUNT.format(name=name, tps=_TPS, url=service.url(name)) for name in "ab"}
    text = _CONFIGURATION.format(
        ca_file=service.ca_file, primary=described["a"], secondary=described["b"]
    )
    kind = IRClient if world == THREADS else AsyncIRClient
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "irclient.toml"
        file.write_text(text, "utf-8")
        return kind.from_file(file)
