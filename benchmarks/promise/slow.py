"""Accounts that answer, and are slow; and two accounts that share the work."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from benchmarks.promise.accounts import HANGS, KINDS, accounts, after
from benchmarks.promise.figures import at_most, exactly, less_than
from benchmarks.promise.stage import failed, late, on_stage
from irclient import Hedging, Pair, ServiceEndpoint, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from benchmarks.promise.accounts import Accounts
    from benchmarks.promise.figures import Figure

__all__ = [
    "a_little_slower",
    "gray",
    "hedged_while_connecting",
    "one_of_both_dies",
    "one_of_both_is_slower",
    "shared_evenly",
]


def gray(
    world: str, *, callers: int = 20, seconds: float = 5, p50_below: float = 30
) -> list[Figure]:
    """A primary that is sixty times slower than the secondary, from the first call on."""
    with accounts() as service, on_stage(world, service.pair()) as stage:
        service.behave("a", after(0.6))
        service.behave("b", after(0.01))
        ends = stage.for_seconds(callers, seconds)
    slow = [each for each in ends if each.elapsed > 0.3]
    where = f"primary 600 ms, secondary 10 ms, {callers} callers, {seconds:g} s"
    note = f"{len(slow)} of {len(ends)}"
    return [
        less_than(f"{where}: p50", world, 1000 * late(ends, 0.5), p50_below, "ms"),
        at_most(f"{where}: slow", world, 100 * len(slow) / len(ends), 10, "%", note=note),
        exactly(f"{where}: failed", world, len(failed(ends)), 0),
    ]


def a_little_slower(world: str, *, callers: int = 10, seconds: float = 3) -> list[Figure]:
    """14 ms against 10 is no failure: the traffic stays where it is."""
    with accounts() as service, on_stage(world, service.pair()) as stage:
        service.behave("a", after(0.014))
        service.behave("b", after(0.01))
        with _sampled(lambda: stage.ir.health()["a"].state) as states:
            ends = stage.for_seconds(callers, seconds)
        came = {name: len(service.arrivals(name)) for name in "ab"}
    where = f"primary 14 ms, secondary 10 ms, {callers} callers, {seconds:g} s"
    moved = 100 * came["b"] / (came["a"] + came["b"])
    changes = sum(one != other for one, other in pairwise(states))
    return [
        at_most(f"{where}: requests to the secondary", world, moved, 5, "%"),
        exactly(f"{where}: changes of the primary's state", world, changes, 0),
        exactly(f"{where}: failed", world, len(failed(ends)), 0),
    ]


def shared_evenly(world: str, *, callers: int = 20, seconds: float = 2) -> list[Figure]:
    """Two healthy accounts, both active."""
    with accounts() as service:
        service.behave("a", after(0.01))
        service.behave("b", after(0.01))
        with on_stage(world, _active_active(service)) as stage:
            ends = stage.for_seconds(callers, seconds)
        came = {name: len(service.arrivals(name)) for name in "ab"}
    where = f"active-active, both well, {callers} callers, {seconds:g} s"
    share = 100 * came["a"] / max(sum(came.values()), 1)
    return [
        at_most(f"{where}: off an even share", world, abs(share - 50), 10, "points"),
        exactly(f"{where}: failed", world, len(failed(ends)), 0),
    ]


def one_of_both_dies(
    world: str, *, kind: str = "dead", callers: int = 20, seconds: float = 2
) -> list[Figure]:
    """Both are active, and one of them dies under load."""
    with accounts() as service:
        service.behave("a", after(0.01))
        service.behave("b", after(0.01))
        with on_stage(world, _active_active(service)) as stage:
            dies = threading.Timer(seconds / 2, service.behave, ("b", KINDS[kind]))
            dies.start()
            ends = stage.for_seconds(callers, seconds)
            dies.join()
    where = f"active-active, one becomes {kind}, {callers} callers"
    return [exactly(f"{where}: failed", world, len(failed(ends)), 0, note=f"of {len(ends)}")]


def one_of_both_is_slower(world: str, *, callers: int = 20, seconds: float = 2) -> list[Figure]:
    """Both are active, and one is ten times slower."""
    figures: list[Figure] = []
    for slower in "ab":
        with accounts() as service:
            for name in "ab":
                service.behave(name, after(0.1 if name == slower else 0.01))
            with on_stage(world, _active_active(service)) as stage:
                ends = stage.for_seconds(callers, seconds)
            came = {name: len(service.arrivals(name)) for name in "ab"}
        where = f"active-active, {slower} ten times slower, {callers} callers, {seconds:g} s"
        share = 100 * came[slower] / max(sum(came.values()), 1)
        figures.append(less_than(f"{where}: its share", world, share, 100 / 3, "%"))
        figures.append(exactly(f"{where}: failed", world, len(failed(ends)), 0))
    return figures


def hedged_while_connecting(world: str, *, within: float = 0.15) -> list[Figure]:
    """A primary that takes connections and never shakes hands; hedging after 50 ms."""
    settings = Settings(hedging=Hedging(enabled=True, after=0.05, budget=1.0))
    with accounts() as service:
        service.behave("a", HANGS)
        # The account speaks no TLS: to a client that expects it, it says nothing at all.
        url = service.url("a").replace("http:", "https:")
        pair = Pair(ServiceEndpoint("a", "web", tps=1_000, url=url), service.endpoint("b"))
        with on_stage(world, pair, settings=settings) as stage:
            end = stage.call()
    where = "primary never shakes hands, hedge after 50 ms"
    return [
        at_most(f"{where}: one call", world, 1000 * end.elapsed, 1000 * within, "ms"),
        exactly(f"{where}: failed", world, len(failed([end])), 0),
    ]


def _active_active(service: Accounts) -> Pair:
    return service.pair(mode="active-active")


@contextmanager
def _sampled(look: Callable[[], Any]) -> Generator[list[Any]]:
    """Look again and again while the block runs; what was seen fills the list."""
    seen, over = list[Any](), threading.Event()

    def watch() -> None:
        while not over.is_set():
            seen.append(look())
            time.sleep(0.01)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()
