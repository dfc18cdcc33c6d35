"""Outages: of all accounts, with something at hand or not; and callers who do not wait."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Final

from benchmarks.promise.accounts import HANGS, KINDS, WELL, accounts, after
from benchmarks.promise.figures import Figure, at_most, exactly
from benchmarks.promise.stage import another, failed, late, on_stage
from irclient import Caching, Fallback, Settings
from irclient.errors import DeadlineExceeded
from irclient.queries import Popular, Similar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.promise.accounts import Accounts
    from benchmarks.promise.stage import Ended, Stage
    from irclient.queries import ListQuery

__all__ = [
    "callers_give_up",
    "equal_copies",
    "fallback",
    "hot_stale_key",
    "many_stale_keys",
    "short_deadlines",
    "stale_at_hand",
]

_SHORT: Final = Caching(fresh_for=0.05)
_ONLY_IF_ERROR: Final = Caching(fresh_for=0.05, stale_while_refresh_for=0)


def fallback(world: str, *, kind: str, calls: int = 200, part: float = 0.99) -> list[Figure]:
    """Both accounts are down; the client has a query and fixed items to fall back to."""
    instead = Fallback(queries=(Popular(),), items=("1", "2"))
    with accounts() as service, on_stage(world, service.pair(), fallback=instead) as stage:
        _everywhere(service, kind)
        stage.at_once(20)
        before = _attempts(stage)
        ends = stage.at_rate(50, calls / 50)
        attempts = _attempts(stage) - before
    where = f"both {kind}, known, fallback with query and items"
    return [
        at_most(f"{where}: attempts a call", world, attempts / len(ends), 1.1),
        _quick(f"{where}: a call", world, ends, part),
        exactly(f"{where}: failed", world, len(failed(ends)), 0),
    ]


def hot_stale_key(world: str, *, kind: str, seconds: float = 5) -> list[Figure]:
    """Both accounts are down, and one stale answer is asked for again and again."""
    with accounts() as service, on_stage(world, service.pair(), settings=_keeping(_SHORT)) as stage:
        first = stage.call(_popular)
        _everywhere(service, kind)
        time.sleep(0.1)
        before = _attempts(stage)
        ends = stage.at_rate(200, seconds, _popular)
        attempts = _attempts(stage) - before
    where = f"both {kind}, one hot stale key, {seconds:g} s"
    note = f"for {len(ends)} calls"
    return [
        at_most(f"{where}: requests", world, attempts, 20, note=note),
        exactly(f"{where}: failed", world, len(failed([first, *ends])), 0),
    ]


def many_stale_keys(world: str, *, keys: int = 3_000, part: float = 0.99) -> list[Figure]:
    """Both accounts hang, and thousands of stale answers are asked for, each once."""
    queries = [Similar(f"stale-{number}") for number in range(keys)]
    with accounts() as service, on_stage(world, service.pair(), settings=_keeping(_SHORT)) as stage:
        _fill(stage, queries)
        _everywhere(service, "hanging")
        time.sleep(0.1)
        ends, most = _asked_in_turn(stage, queries)
    where = f"{keys:,} stale keys while the service hangs"
    return [
        at_most(f"{where}: threads", world, most, 32),
        _quick(f"{where}: an answer", world, ends, part),
        exactly(f"{where}: failed", world, len(failed(ends)), 0),
    ]


def stale_at_hand(world: str, *, keys: int = 60, part: float = 0.99) -> list[Figure]:
    """Both accounts hang and are known to; an answer is kept for the case of an error."""
    queries = [Similar(f"kept-{number}") for number in range(keys)]
    settings = _keeping(_ONLY_IF_ERROR)
    with accounts() as service, on_stage(world, service.pair(), settings=settings) as stage:
        _fill(stage, queries)
        _everywhere(service, "hanging")
        time.sleep(0.1)
        stage.at_once(20)
        ends, _ = _asked_in_turn(stage, queries)
    where = "both silent, known, a stale answer at hand"
    return [
        _quick(f"{where}: a call", world, ends, part),
        exactly(f"{where}: failed", world, len(failed(ends)), 0),
    ]


def callers_give_up(world: str, *, callers: int = 200) -> list[Figure]:
    """The primary hangs, and each caller waits half as long as an attempt may take."""
    with accounts() as service, on_stage(world, service.pair()) as stage:
        service.behave("a", HANGS)
        ends: list[Ended] = []
        for _ in range(callers // 20):
            ends += stage.at_once(20, give_up_after=0.5)
        reached = len(service.arrivals("b"))
        # Until this issue there was no such count.
        cancelled = getattr(stage.ir.stats(), "cancelled", 0)
    later = ends[len(ends) // 2 :]
    where = f"primary hangs, {callers} callers cancel after 0.5 s"
    return [
        exactly(f"{where}: failed in the second half", world, len(failed(later)), 0,
                note=f"{len(failed(ends))} of {len(ends)} in all, {reached} at the secondary"),
        Figure(what=f"{where}: counted as cancelled", world=world, measured=f"{cancelled}",
               bar="≥ 1", is_met=cancelled >= 1),
    ]  # fmt: skip


def short_deadlines(world: str) -> list[Figure]:
    """Copies with a deadline that no answer can keep say nothing about the accounts."""
    with accounts() as service, on_stage(world, service.pair()) as stage:
        _everywhere(service, "slow")
        stage.one_after_the_other(3)
        for _ in range(12):
            stage.call(lambda ir: another(ir.with_options(deadline=0.02)))
        ejected = [each.endpoint for each in stage.ir.health() if each.state != "working"]
    return [exactly("12 calls of a copy with deadline=0.02: ejected", world, len(ejected), 0)]


def equal_copies(world: str, *, callers: int = 30) -> list[Figure]:
    """Each caller makes an equal copy of the client and asks the same."""

    def ask(ir: Any) -> Any:
        return ir.with_options(deadline=3.0).similar("1")

    figures: list[Figure] = []
    for words, behaviour in (("well", after(0.2)), ("503", _slow_503())):
        with accounts() as service, on_stage(world, service.pair()) as stage:
            for name in "ab":
                service.behave(name, behaviour)
            ends = stage.at_once(callers, ask)
            came = sum(len(service.arrivals(name)) for name in "ab")
        overdue = [each for each in ends if isinstance(each.error, DeadlineExceeded)]
        where = f"{callers} equal calls through equal copies, accounts {words} after 0.2 s"
        figures.append(at_most(f"{where}: requests", world, came, 1 if words == "well" else 8))
        figures.append(exactly(f"{where}: DeadlineExceeded", world, len(overdue), 0))
        figures.append(at_most(f"{where}: slowest", world, late(ends, 1.0), 2, "s"))
    return figures


def _quick(what: str, world: str, ends: Sequence[Ended], part: float) -> Figure:
    """What is at hand is given at once; the very slowest is the machine's."""
    note = f"slowest {1000 * late(ends, 1.0):.1f} ms"
    return at_most(f"{what}, p{100 * part:g}", world, 1000 * late(ends, part), 20, "ms", note=note)


def _slow_503() -> Any:
    down = KINDS["503"]
    return type(down)(status=down.status, body=down.body, after=0.2)


def _popular(ir: Any) -> Any:
    return ir.popular()


def _keeping(caching: Caching) -> Settings:
    return Settings(caching=caching)


def _everywhere(service: Accounts, kind: str) -> None:
    for name in "ab":
        service.behave(name, {**KINDS, "well": WELL, "slow": after(0.05)}[kind])


def _attempts(stage: Stage) -> int:
    """Requests that were tried so far, those that found no connection included."""
    return sum(sum(counts.values()) for counts in stage.ir.stats().attempts.values())


def _fill(stage: Stage, queries: Sequence[ListQuery]) -> None:
    stage.do(lambda ir: ir.fetch_many(queries, concurrency=16))


def _asked_in_turn(stage: Stage, queries: Sequence[ListQuery]) -> tuple[list[Ended], int]:
    """One caller asks one after the other; returns the ends, and the most threads meanwhile."""
    ends: list[Ended] = []
    most = 0
    gives_up_at = time.monotonic() + 10
    for query in queries:
        if time.monotonic() > gives_up_at:
            break
        ends.append(stage.call(lambda ir, query=query: ir.fetch(query)))
        most = max(most, threading.active_count())
    return ends, most
