"""What can be said of a fleet's server before anybody depends on it."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from irclient.fleet.scripts import Script

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient.fleet.link import Link

__all__ = ["ServerReport", "report_on"]

_ROUNDS: Final = 50
#: Writes, reads and deletes what nothing else uses.
_TRY: Final = Script("""
redis.call('SET', KEYS[1], ARGV[2], 'PX', 1000)
redis.call('ZADD', KEYS[2], now, 'a')
redis.call('DEL', KEYS[1], KEYS[2])
local info = redis.pcall('INFO', 'server')
local id = type(info) == 'string' and string.match(info, 'run_id:(%x+)') or ''
return {now, id}
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerReport:
    """How a fleet's server is doing, seen from this process.

    Attributes:
        trouble: Why it cannot be used, or None.
        knows_itself: Whether scripts may ask which server it is, so that a failover is noticed.
        round_trips: Seconds that messages took, sorted.
        clock_ahead: Seconds by which its clock is ahead of this host's.
        eviction: Its ``maxmemory-policy``; None where it may not be asked.
    """

    trouble: str | None = None
    knows_itself: bool = True
    round_trips: tuple[float, ...] = ()
    clock_ahead: float = 0.0
    eviction: str | None = None


def report_on(connect: Callable[[], Any], link: Link) -> ServerReport:
    """Ask the server, over a connection of its own."""
    client: Any = None
    try:
        client = connect()
        keys = [link.key("report", each) for each in "ab"]
        ahead, identity, took = list[float](), "", list[float]()
        for _ in range(_ROUNDS):
            sent_at, began = time.time(), time.perf_counter()
            now, told = client.eval(_TRY.text, 2, *keys, 0, "1")
            took.append(time.perf_counter() - began)
            ahead.append(int(now) / 1e6 - sent_at - took[-1] / 2)
            identity = str(told.decode() if isinstance(told, bytes) else told)
        eviction = None
        with suppress(Exception):
            eviction = str(client.config_get("maxmemory-policy")["maxmemory-policy"])
    except Exception as problem:  # noqa: BLE001  (whatever it is, it is what is to be reported)
        return ServerReport(trouble=f"{type(problem).__name__}: {str(problem)[:200]}")
    finally:
        if client is not None:
            with suppress(Exception):
                client.close()
    return ServerReport(
        knows_itself=bool(identity),
        round_trips=tuple(sorted(took)),
        clock_ahead=ahead[took.index(min(took))],
        eviction=eviction,
    )
