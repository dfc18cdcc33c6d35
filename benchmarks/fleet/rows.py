"""The rows of a fleet of four processes, by their names: what is run, and the bars of each."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Final

from benchmarks.fleet import memory
from benchmarks.fleet.running import SATURATED, rates, run_fleet
from benchmarks.promise.figures import at_least, at_most
from tests.fleet.sentinels import watched_by_sentinel
from tests.fleet.servers import Server, free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.fleet.running import Measured
    from benchmarks.promise.figures import Figure

__all__ = ["ROWS"]

#: Seconds by which the wall clocks of the processes are wrong.
_CLOCKS: Final = (0.3, -0.3, 0.0, 0.15)
_TPS: Final = 200
_SHAPES: Final = ("uniform", "one busy")


def _steady(tps: int, load: float, *, clocks: tuple[float, ...] = ()) -> list[Figure]:
    figures: list[Figure] = []
    # Long enough that of a small TPS, too, one start is no more than a quarter of a percent.
    until = 2.0 + max(5.4, 440 / tps)
    for shape in _SHAPES:
        with Server() as server:
            run = run_fleet(
                server.url, tps=tps, rates=rates(shape, load, tps), seconds=until + 0.1,
                clocks=clocks,
            )  # fmt: skip
        is_full = load == SATURATED
        where = f"TPS {tps}, {_load(load)}, {shape}" + (", clocks wrong" if clocks else "")
        figures.append(_worst(run, where))
        if is_full:
            least = 95.0 if shape == "uniform" else 90.0
            figures.append(at_least("TPS used", where, 100 * run.used(2.0, until), least, "%"))
        if tps == _TPS:
            most = 0.35 if is_full else 1.05
            figures.append(at_most("messages a call", where, run.messages_per_call, most))
    return figures


def _added(tps: int) -> list[Figure]:
    """What a fleet adds to a call at 60 % load: beside processes that share nothing."""
    load, where = rates("uniform", 0.6, tps), f"TPS {tps}, 60 %, uniform"
    seconds = 2.0 + max(400 / tps, 6.0)
    alone = run_fleet(None, tps=tps, rates=load, seconds=2 * seconds)
    with Server() as server:
        fleet = run_fleet(server.url, tps=tps, rates=load, seconds=2 * seconds)
    return [
        at_most(
            f"added wait, p{part * 100:.0f}",
            where,
            (fleet.took(part, since=2.0) - alone.took(part, since=2.0)) * 1e3,
            most,
            "ms",
            note=f"p{part * 100:.0f} of the calls: {fleet.took(part, since=2.0) * 1e3:.1f} ms",
        )
        for part, most in ((0.5, 1.0), (0.99, 5.0))
    ]


def _unreachable() -> list[Figure]:
    """How much later the first answers come when the server cannot be reached at the start."""
    firsts: list[float] = []
    for redis in (None, f"redis://127.0.0.1:{free_port()}/0"):
        run = run_fleet(redis, tps=_TPS, rates=[10.0] * 4, seconds=2.0)
        firsts.append(min((at, took) for at, took, error in run.calls if error is None)[1])
    later = (firsts[1] - firsts[0]) * 1e3
    return [at_most("first answer, later by", "unreachable at the start", later, 200.0, "ms")]


_HAPPENINGS: Final[Mapping[str, Callable[[Server], list[tuple[float, Callable[[], object]]]]]] = {
    "FLUSHALL": lambda server: [(3.0, lambda: server.client().flushall())],
    "SIGSTOP 0.5 s": lambda server: [(3.0, server.stand_still), (3.5, server.go_on)],
    "SIGSTOP 2 s": lambda server: [(3.0, server.stand_still), (5.0, server.go_on)],
    "SIGKILL, empty after 2.5 s": lambda server: [(3.0, server.kill), (5.5, server.start)],
    "Sentinel failover": lambda server: [(3.0, server.kill)],
}


def _in_weather(name: str) -> list[Figure]:
    figures: list[Figure] = []
    for load, shape in ((0.6, "uniform"), (0.6, "one busy"), (SATURATED, "uniform")):
        where = f"{name}, {_load(load)}, {shape}"
        runs = [_run_in_weather(name, load, shape, max_wait) for max_wait in (0.5, 2.0)]
        figures.append(_worst(max(runs, key=lambda run: run.worst), where))
        longest = max(run.longest for run in runs)
        figures.append(at_most("longest call", where, longest, 5.0, "s"))
        if load != SATURATED:
            figures += [_refused(runs[0], where), _failed(runs[1], where)]
    return figures


def _run_in_weather(name: str, load: float, shape: str, max_wait: float) -> Measured:
    with ExitStack() as stack:
        if name == "Sentinel failover":
            watched = stack.enter_context(watched_by_sentinel())
            server, port = watched.primary, watched.sentinel_port
        else:
            server, port = stack.enter_context(Server()), None
        return run_fleet(
            server.url, sentinel_port=port, tps=_TPS, rates=rates(shape, load, _TPS), seconds=9.0,
            max_wait=max_wait, clocks=_CLOCKS, happening=_HAPPENINGS[name](server),
        )  # fmt: skip


def _worst(run: Measured, where: str) -> Figure:
    tightest = f"TPS + 1 came in {run.tightest:.3f} s" if run.tightest < SATURATED else ""
    return at_most("busiest second ÷ TPS", where, run.worst, 1.0, note=tightest)


def _refused(run: Measured, where: str) -> Figure:
    """With the default `max_wait`: few calls find no turn in time, and none fails otherwise."""
    calls, failed = sum(at >= 2.5 for at, *_ in run.calls), run.failed(2.5)
    throttled, others = failed.pop("Throttled", 0), sum(failed.values())
    part = 100 * throttled / calls if not others else 100.0
    note = ", ".join([f"{throttled} of {calls}", *failed])
    return at_most("Throttled, max_wait of 0.5 s", where, part, 1.0, "%", note=note)


def _failed(run: Measured, where: str) -> Figure:
    """With a `max_wait` of two seconds: none."""
    failed = run.failed(2.5)
    note = ", ".join([f"p99 {run.took(0.99, since=3.0) * 1e3:,.0f} ms", *failed])
    return at_most("failed, max_wait of 2 s", where, sum(failed.values()), 0, note=note)


def _load(load: float) -> str:
    return "more than there is" if load == SATURATED else f"{100 * load:.0f} %"


ROWS: Final[Mapping[str, Callable[[], list[Figure]]]] = {
    **{f"saturated-{tps}": partial(_steady, tps, SATURATED) for tps in (40, 200, 1000)},
    **{f"sixty-{tps}": partial(_steady, tps, 0.6) for tps in (40, 200, 1000)},
    "clocks-saturated": partial(_steady, _TPS, SATURATED, clocks=_CLOCKS),
    "clocks-sixty": partial(_steady, _TPS, 0.6, clocks=_CLOCKS),
    **{f"added-{tps}": partial(_added, tps) for tps in (40, 200, 1000)},
    "unreachable": _unreachable,
    "hot-key": memory.hot_key,
    "fresh-answer": memory.fresh_answer,
    "flushall": partial(_in_weather, "FLUSHALL"),
    "sigstop-short": partial(_in_weather, "SIGSTOP 0.5 s"),
    "sigstop-long": partial(_in_weather, "SIGSTOP 2 s"),
    "sigkill": partial(_in_weather, "SIGKILL, empty after 2.5 s"),
    "sentinel": partial(_in_weather, "Sentinel failover"),
}
