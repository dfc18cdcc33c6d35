"""Full calls on threads: what one costs on one thread, and on sixteen at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from typing import TYPE_CHECKING, Final

from benchmarks.measuring import Result, Stopwatch, rounds_of
from benchmarks.rivals import THREADS, installed

if TYPE_CHECKING:
    from benchmarks.measuring import Extent, Sample
    from benchmarks.rivals import GetSync

__all__ = ["calls"]

_THREADS: Final = (1, 16)


def calls(base: str, extent: Extent) -> list[Result]:
    """What a full call costs, each thread asking for another item each time."""
    results: list[Result] = []
    with ExitStack() as stack:
        contestants = {
            who: stack.enter_context(make(base)) for who, make in THREADS.items() if installed(who)
        }
        for threads in _THREADS:
            case = f"{threads} {'thread' if threads == 1 else 'threads'}"
            found = {who: Result("threads", case, who) for who in THREADS}
            pool = stack.enter_context(ThreadPoolExecutor(threads))
            for who in THREADS:
                if who not in contestants:
                    found[who].reason = "not installed"
            blocks = {
                who: _calls_in_a_block(pool, get, threads, extent)
                for who, get in contestants.items()
            }
            for who in rounds_of(list(contestants), extent):
                found[who].samples.append(_block(pool, contestants[who], threads, blocks[who]))
            results += found.values()
    return results


_items = count()


def _block(pool: ThreadPoolExecutor, get: GetSync, threads: int, times: int) -> Sample:
    left = iter(range(times))

    def caller() -> None:
        for _ in left:
            get(str(next(_items)))

    with Stopwatch() as watch:
        if threads == 1:
            caller()
        else:
            for future in [pool.submit(caller) for _ in range(threads)]:
                future.result()
    return watch.per(times)


def _calls_in_a_block(pool: ThreadPoolExecutor, get: GetSync, threads: int, extent: Extent) -> int:
    """How many calls take about as long as a block shall; connections are open after this."""
    _block(pool, get, threads, threads)
    trial = max(threads, 50)
    took = _block(pool, get, threads, trial)["wall"]
    return max(int(extent.block_for / took), trial)
