"""Names looked up: equal look-ups share one, and none holds anybody longer than it may wait.

Python cannot interrupt a resolver, so it runs on a thread that is left to itself: one for all who
ask for a name at the same time, and few altogether, however long the resolver hangs.
"""

from __future__ import annotations

import socket
from concurrent.futures import Future
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, Final, TypeAlias

from irclient._runtime.forks import fork_count
from irclient._runtime.threads import DaemonThreads
from irclient.topology import HOSTED_DOMAIN, is_loopback
from irclient.transports.failures import Unreachable, Unsendable

if TYPE_CHECKING:
    from irclient.transports.request import Origin

__all__ = ["LookUp", "look_up", "looked_up"]

#: The addresses of a name, in the order in which to try them.
LookUp: TypeAlias = "Future[list[str]]"

#: Names that may be looked up at once: each endpoint has one.
_MOST_AT_ONCE: Final = 16
#: What to know of a name that will never be known again.
_RETIRED: Final = "; the hosted service was retired: set the endpoint's url to your own"
_threads: Final = DaemonThreads(_MOST_AT_ONCE, "irclient-resolve")
_under_way: Final[dict[tuple[str, int, int], LookUp]] = {}


def look_up(origin: Origin) -> LookUp:
    """Have a name looked up, or join those who have asked already; an address is itself.

    Raises:
        Unsendable: No thread could be started for it.
    """
    if origin.is_address:
        known: LookUp = Future()
        known.set_result([origin.host])
        return known
    # In a forked child the look-ups of the parent never end.
    key = origin.host, origin.port, fork_count()
    found: LookUp = Future()
    # It cannot be cancelled: that one caller goes away says nothing of the others.
    found.set_running_or_notify_cancel()
    earlier = _under_way.setdefault(key, found)
    if earlier is not found:
        return earlier
    if not _threads.try_start(partial(_resolve, key, found)):
        _under_way.pop(key, None)
        problem = Unsendable(f"no thread is free to look up the name {origin.host!r}")
        # Others may have joined meanwhile.
        found.set_exception(problem)
        raise problem
    return found


def _resolve(key: tuple[str, int, int], found: LookUp) -> None:
    host, port, _ = key
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = _in_turn([(row[0], str(row[4][0])) for row in rows])
    except Exception as problem:  # noqa: BLE001  (others wait for what comes of it)
        retired = _RETIRED if host.endswith(HOSTED_DOMAIN) else ""
        reason = Unreachable(f"the name {host!r} is not known: {problem}{retired}")
        _under_way.pop(key, None)
        found.set_exception(reason)
    else:
        # Forgotten first: a connection opened from now on looks its name up anew.
        _under_way.pop(key, None)
        found.set_result(addresses)


def _in_turn(found: list[tuple[int, str]]) -> list[str]:
    """The families in turn, in the resolver's order of preference (RFC 8305, section 4)."""
    families = dict.fromkeys(family for family, _ in found)
    by_family = [
        list(dict.fromkeys(address for kind, address in found if kind == family))
        for family in families
    ]
    return [each for turn in zip_longest(*by_family) for each in turn if each is not None]


def looked_up(looking: LookUp, origin: Origin) -> list[str]:
    """The addresses that a look-up found, which has ended.

    Raises:
        Unreachable: The name is not known, or leads away from where the origin must be.
    """
    error = looking.exception()
    if isinstance(error, Unreachable):
        # Its own for each who asked: one error raised by many threads gathers all their traces.
        raise Unreachable(str(error))
    addresses = looking.result()
    if not origin.is_here:
        return addresses
    here = [each for each in addresses if is_loopback(each)]
    if addresses and not here:
        # Any resolver may know such names, though they are meant for this machine (RFC 6761,
        # section 6.3).
        raise Unreachable(
            f"the name {origin.host!r} leads to {addresses[0]}, not to this machine, and a token "
            "goes nowhere else without TLS; use https, or 127.0.0.1"
        )
    return here
