"""What per-request settings cost beside an answer from memory."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from benchmarks.promise.accounts import accounts
from benchmarks.promise.figures import at_most
from benchmarks.promise.stage import THREADS, on_stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.promise.figures import Figure

__all__ = ["copies"]


def copies(world: str) -> list[Figure]:
    """`with_options` of equal arguments, as a request of a web server makes it."""

    def measure(ir: Any) -> tuple[float, float]:
        return _best(lambda: ir.with_options(deadline=3.0)), _best(ir.popular)

    async def measure_async(ir: Any) -> tuple[float, float]:
        copy = _best(lambda: ir.with_options(deadline=3.0))
        best = float("inf")
        for _ in range(7):
            began_at = time.perf_counter()
            for _ in range(2_000):
                await ir.popular()
            best = min(best, time.perf_counter() - began_at)
        return copy, best / 2_000

    with accounts() as service, on_stage(world, service.pair()) as stage:
        stage.do(lambda ir: ir.popular())
        copy, cached = stage.do(measure if world == THREADS else measure_async)
    note = f"{1e6 * copy:.1f} µs ÷ {1e6 * cached:.1f} µs"
    return [at_most("with_options ÷ a cached answer", world, copy / cached, 5, "×", note=note)]


def _best(do: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(7):
        began_at = time.perf_counter()
        for _ in range(2_000):
            do()
        best = min(best, time.perf_counter() - began_at)
    return best / 2_000
