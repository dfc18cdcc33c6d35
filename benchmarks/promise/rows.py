"""The rows of the promise, by their names, and the worlds that each is measured in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from benchmarks.promise import batches, costs, failing, limits, outages, pacing, slow
from benchmarks.promise.accounts import KINDS
from benchmarks.promise.stage import TASKS, THREADS, WORLDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.promise.figures import Figure

__all__ = ["ROWS", "Row"]

_BOTH: Final = (THREADS, "asyncio")


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        run: Measures it in a world.
        worlds: Where it means something.
    """

    run: Callable[[str], list[Figure]]
    worlds: tuple[str, ...] = _BOTH


ROWS: Final[Mapping[str, Row]] = {
    **{kind: Row(partial(failing.at_once, kind=kind), WORLDS) for kind in KINDS},
    "uncooked-for-long": Row(failing.uncooked_for_long),
    **{
        f"known-{kind}": Row(partial(failing.known, kind=kind))
        for kind in ("uncooked", "401", "403")
    },
    "deadline-fits": Row(failing.deadline_fits),
    "gray": Row(slow.gray, WORLDS),
    "a-little-slower": Row(slow.a_little_slower),
    "active-active": Row(slow.shared_evenly),
    "active-active-one-dies": Row(slow.one_of_both_dies),
    "active-active-one-uncooked": Row(partial(slow.one_of_both_dies, kind="uncooked")),
    "active-active-one-slow": Row(slow.one_of_both_is_slower),
    "hedged-connecting": Row(slow.hedged_while_connecting),
    "fetch-many": Row(batches.under_a_small_tps),
    "first-progress": Row(batches.first_progress),
    **{
        f"fallback-{kind}": Row(partial(outages.fallback, kind=kind))
        for kind in ("dead", "503", "hanging")
    },
    **{
        f"hot-stale-key-{kind}": Row(partial(outages.hot_stale_key, kind=kind))
        for kind in ("dead", "503", "hanging")
    },
    "many-stale-keys": Row(outages.many_stale_keys),
    "stale-at-hand": Row(outages.stale_at_hand),
    "process-limit": Row(limits.process_limit),
    "small-pool": Row(limits.small_pool),
    "own-pool": Row(limits.own_pool),
    "hostile-body": Row(limits.hostile_body),
    "signals": Row(limits.signals, (THREADS,)),
    "resolver": Row(limits.names_without_an_answer),
    "hedged-and-cold": Row(pacing.hedged_and_cold),
    "breaking-connections": Row(pacing.breaking_connections),
    "half-heads": Row(partial(pacing.breaking_connections, kind="half head")),
    "callers-give-up": Row(outages.callers_give_up, TASKS),
    "short-deadlines": Row(outages.short_deadlines),
    "equal-copies": Row(outages.equal_copies),
    "copies": Row(costs.copies),
}
