"""What can be said of a fleet's server before anybody depends on it."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from irclient.fleet.connecting import usable
from irclient.fleet.obstacles import Obstacle, obstacle_in, words_of
from irclient.fleet.scripts import Script
from irclient.fleet.trial import TRIAL, TRIAL_KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from irclient.fleet.link import Link

__all__ = ["Obstacle", "ServerReport", "report_on"]

_ROUNDS: Final = 50
#: Seconds. A process that lives is heard twice in a second.
_SILENT_FROM: Final = 3
#: Seconds in which each process of several has told its TPS again.
_EACH_TELLS_WITHIN: Final = 0.7
_LOOKS_EVERY: Final = 0.02
_MOST_UNANSWERED: Final = 5
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
        obstacle: Of which kind that is, or None.
        knows_itself: Whether scripts may ask which server it is, so that a failover is noticed.
        round_trips: Seconds that messages took, sorted.
        clock_ahead: Seconds by which its clock is ahead of this host's.
        eviction: Its ``maxmemory-policy``; None where it may not be asked.
        members: How many processes of the fleet it has heard of lately, at the endpoint with most.
        told_tps: For each endpoint that was asked for, which TPS its processes told it lately.
        is_node: Whether it is one node of a cluster, and the client one of a single server.
    """

    trouble: str | None = None
    obstacle: Obstacle | None = None
    knows_itself: bool = True
    round_trips: tuple[float, ...] = ()
    clock_ahead: float = 0.0
    eviction: str | None = None
    members: int = 0
    told_tps: tuple[tuple[int, ...], ...] = ()
    is_node: bool = False


def report_on(
    connect: Callable[[], Any],
    link: Link,
    *,
    places: Sequence[str] = (),
    is_socket: bool = False,
) -> ServerReport:
    """Ask the server, over a connection of its own.

    Args:
        connect: Makes a client.
        link: To the server.
        places: The names of endpoints in keys.
        is_socket: Whether it is reached by a socket's path.
    """
    client: Any = None
    eviction, is_node, members = None, False, 0
    told_tps = list[tuple[int, ...]]()
    try:
        made = connect()
        usable(made)
        client = made
        _try_all(client, link)
        trips, identity = _round_trips(client, [link.key("report", each) for each in "ab"])
        with suppress(Exception):
            eviction = str(client.config_get("maxmemory-policy")["maxmemory-policy"])
        is_node = _is_node(client)
        keys = [link.key("tps", place, "seen") for place in places]
        heard = [_heard_lately(client, key) for key in keys]
        members = max(heard, default=0)
        told_tps += [_told_tps(client, link, *each) for each in zip(places, heard, strict=True)]
    except Exception as problem:  # noqa: BLE001  (whatever it is, it is what is to be reported)
        return ServerReport(
            trouble=words_of(problem),
            obstacle=obstacle_in(problem, is_socket=is_socket),
            is_node=is_node,
        )
    finally:
        if client is not None:
            with suppress(Exception):
                client.close()
    quickest = min(trips)
    return ServerReport(
        knows_itself=bool(identity),
        round_trips=tuple(sorted(took for took, _ in trips)),
        clock_ahead=quickest[1],
        eviction=eviction,
        members=members,
        told_tps=tuple(told_tps),
        is_node=is_node,
    )


def _try_all(client: Any, link: Link) -> None:  # noqa: ANN401  (an extra's class)
    """Try each command that the fleet's scripts use.

    Raises:
        ResponseError: One was refused.
    """
    from redis.exceptions import ResponseError  # noqa: PLC0415  (an extra)

    keys = [link.key("report", each) for each in TRIAL_KEYS]
    told = client.eval(TRIAL.text, len(keys), *keys, 0)[1:]
    if told:
        command, words = (each.decode(errors="replace") for each in told)
        raise ResponseError(f"{command} in a script: {words}")


def _heard_lately(client: Any, key: str) -> int:  # noqa: ANN401  (an extra's class)
    """Count the members of an endpoint; those that fell silent are taken out late."""
    seconds, _ = client.time()
    return int(client.zcount(key, int(seconds - _SILENT_FROM) * 1_000_000, "+inf"))


def _told_tps(client: Any, link: Link, place: str, members: int) -> tuple[int, ...]:  # noqa: ANN401
    """Return which TPS the members of an endpoint tell: the server keeps that of the last one."""
    told, key = set[int](), link.key("tps", place, "meta")
    ends_at = time.monotonic() + (_EACH_TELLS_WITHIN if members > 1 else 0.0)
    while members:
        found = client.hget(key, "tps")
        told |= {int(found)} if found else set()
        if time.monotonic() >= ends_at:
            break
        time.sleep(_LOOKS_EVERY)
    return tuple(sorted(told))


def _is_node(client: Any) -> bool:  # noqa: ANN401  (an extra's class)
    from redis import Redis  # noqa: PLC0415  (an extra)

    if isinstance(client, Redis):
        with suppress(Exception):
            return bool(cast("Any", client).info("cluster").get("cluster_enabled"))
    return False


def _round_trips(client: Any, keys: list[str]) -> tuple[list[tuple[float, float]], str]:  # noqa: ANN401
    """Return how long each message took, with how far the clock was ahead, and the server's id."""
    from redis.exceptions import TimeoutError as NoAnswer  # noqa: PLC0415  (an extra)

    trips, identity, unanswered = list[tuple[float, float]](), "", 0
    for _ in range(_ROUNDS):
        sent_at, began = time.time(), time.perf_counter()
        try:
            now, told = client.eval(_TRY.text, 2, *keys, 0, "1")
        except NoAnswer:
            # One that is late is slow; a server that answers none of them is not there.
            unanswered += 1
            if not trips or unanswered > _MOST_UNANSWERED:
                raise
            trips.append((time.perf_counter() - began, trips[-1][1]))
            continue
        took = time.perf_counter() - began
        trips.append((took, int(now) / 1e6 - sent_at - took / 2))
        identity = str(told.decode() if isinstance(told, bytes) else told)
    return trips, identity
