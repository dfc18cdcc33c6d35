"""A primary that fails, in every way, while the secondary is well."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from benchmarks.promise.accounts import HANGS, KINDS, UNCOOKED, accounts, after
from benchmarks.promise.figures import at_most, exactly
from benchmarks.promise.stage import failed, late, on_stage
from irclient import Settings, Timeouts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.promise.accounts import Accounts
    from benchmarks.promise.figures import Figure
    from benchmarks.promise.stage import Ended

__all__ = ["at_once", "at_once_of", "deadline_fits", "known", "uncooked_for_long"]


def at_once(world: str, *, kind: str, callers: int = 300) -> list[Figure]:
    """A crowd asks at the moment of the failure, a cold client, each something else."""
    with accounts() as service:
        return at_once_of(service, world, kind=kind, callers=callers)


def at_once_of(
    service: Accounts,
    world: str,
    *,
    kind: str,
    callers: int,
    timeouts: Timeouts = Timeouts(),  # noqa: B008  (frozen)
) -> list[Figure]:
    """The same of accounts that there are."""
    service.behave("a", KINDS[kind])
    service.behave("b", after(0.1))
    settings = Settings(timeouts=timeouts)
    with on_stage(world, service.pair(), settings=settings) as stage:
        ends = stage.at_once(callers)
    note = f"slowest {late(ends, 1.0):.2f} s{_why(ends)}"
    what = f"primary {kind}, {callers} calls at once: failed"
    return [exactly(what, world, len(failed(ends)), 0, note=note)]


def uncooked_for_long(world: str, *, per_second: int = 300, seconds: float = 5) -> list[Figure]:
    """A primary that is not cooked, while calls go on coming."""
    with accounts() as service, on_stage(world, service.pair()) as stage:
        service.behave("a", UNCOOKED)
        service.behave("b", after(0.25))
        ends = stage.at_rate(per_second, seconds)
        begins_at = min(each.began_at for each in ends)
        came = {
            name: [each for each in service.arrivals(name) if each.at > begins_at + 1.0]
            for name in "ab"
        }
    total = max(len(came["a"]) + len(came["b"]), 1)
    where = f"uncooked primary, {per_second} calls/s for {seconds:g} s"
    return [
        exactly(f"{where}: failed", world, len(failed(ends)), 0, note=_why(ends).strip(", ")),
        at_most(
            f"{where}: requests to the primary after the first second",
            world,
            100 * len(came["a"]) / total,
            5,
            "%",
            note=f"{len(came['a'])} of {total}",
        ),
    ]


def known(world: str, *, kind: str, calls: int = 40) -> list[Figure]:
    """An account that refuses us, or is not cooked, and is known to be so."""
    figures: list[Figure] = []
    for how in ("one after the other", "at once"):
        with accounts() as service, on_stage(world, service.pair()) as stage:
            service.behave("a", KINDS[kind])
            first = stage.call()
            service.arrivals("a")
            in_turn = how == "one after the other"
            ends = stage.one_after_the_other(calls) if in_turn else stage.at_once(calls)
            came = len(service.arrivals("a"))
        where = f"{kind} is known, {calls} calls {how}"
        figures.append(at_most(f"{where}: requests to it", world, came, 6))
        figures.append(exactly(f"{where}: failed", world, len(failed([first, *ends])), 0))
    return figures


def deadline_fits(world: str, *, callers: int = 30) -> list[Figure]:
    """An attempt may take as long as the whole call, and yet a failover fits in."""
    settings = Settings(timeouts=Timeouts(deadline=1.0, attempt=1.0))
    with accounts() as service, on_stage(world, service.pair(), settings=settings) as stage:
        service.behave("a", HANGS)
        ends = stage.at_once(callers)
    where = f"primary hangs, deadline and attempt 1 s, {callers} calls at once"
    return [
        exactly(f"{where}: failed", world, len(failed(ends)), 0, note=_why(ends).strip(", ")),
        at_most(f"{where}: slowest", world, late(ends, 1.0), 1.05, "s"),
    ]


def _why(ends: Sequence[Ended]) -> str:
    kinds = Counter(type(each.error).__name__ for each in failed(ends))
    return "".join(f", {count} {kind}" for kind, count in sorted(kinds.items()))
