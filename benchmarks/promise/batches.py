"""Batches: many queries at once, under a small TPS, or more than anybody would wait for."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from benchmarks.promise.accounts import accounts, after, busiest_second
from benchmarks.promise.figures import at_most, exactly
from benchmarks.promise.stage import on_stage
from irclient.errors import IRError
from irclient.queries import Similar

if TYPE_CHECKING:
    from benchmarks.promise.figures import Figure

__all__ = ["first_progress", "under_a_small_tps"]


def under_a_small_tps(world: str, *, queries: int = 200, tps: float = 20) -> list[Figure]:
    """All are answered with the defaults, in the time that the TPS needs."""
    asked = [Similar(f"batch-{number}") for number in range(queries)]
    with accounts() as service, on_stage(world, service.pair(tps=tps)) as stage:
        for name in "ab":
            service.behave(name, after(0.05))
        began_at = time.monotonic()
        answers = stage.do(lambda ir: ir.fetch_many(asked, return_errors=True))
        took = time.monotonic() - began_at
        busiest = {name: busiest_second(service.arrivals(name)) for name in "ab"}
    errors = Counter(type(each).__name__ for each in answers if isinstance(each, IRError))
    where = f"fetch_many of {queries} at {tps:g} + {tps:g} TPS"
    note = ", ".join(f"{count} {kind}" for kind, count in errors.items())
    return [
        exactly(f"{where}: answered", world, queries - errors.total(), queries, note=note),
        at_most(f"{where}: took", world, took, 1.4 * queries / (2 * tps), "s"),
        at_most(f"{where}: busiest second of the primary", world, busiest["a"], tps),
        at_most(f"{where}: busiest second of the secondary", world, busiest["b"], tps),
    ]


def first_progress(world: str, *, queries: int = 100_000) -> list[Figure]:
    """Progress is told from the first second on, and a batch ends at once when told to."""
    asked = [Similar(f"huge-{number}") for number in range(queries)]
    first_at: list[float] = []
    stopped_at: list[float] = []

    def progress(_done: int, _all: int) -> None:
        now = time.monotonic()
        first_at.append(now)
        if now > began_at + 1.5:
            stopped_at.append(now)
            raise _EnoughError

    def ask(ir: Any) -> Any:
        return ir.fetch_many(asked, progress=progress)

    with accounts() as service, on_stage(world, service.pair()) as stage:
        began_at = time.monotonic()
        try:
            stage.do(ask)
        except BaseException as raised:
            if not _is_enough(raised):
                raise
        ended_at = time.monotonic()
    where = f"fetch_many of {queries:,}"
    return [
        at_most(f"{where}: first progress", world, first_at[0] - began_at, 1, "s"),
        at_most(f"{where}: over after an interrupt", world, ended_at - stopped_at[0], 1, "s"),
    ]


class _EnoughError(Exception):
    """The batch has gone on long enough."""


def _is_enough(raised: BaseException) -> bool:
    inner = raised.exceptions if isinstance(raised, BaseExceptionGroup) else (raised,)
    return all(isinstance(each, _EnoughError) or _is_group(each) for each in inner)


def _is_group(raised: BaseException) -> bool:
    return isinstance(raised, BaseExceptionGroup) and _is_enough(raised)
