"""Measure a fleet of four processes, and print tables: ``python -m benchmarks.fleet``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.fleet.running import SATURATED, rates, run_fleet
from tests.fleet.servers import Server, free_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.fleet.running import Measured

__all__: list[str] = []

_CLOCKS = (0.3, -0.3, 0.0, 0.15)


def _steady() -> None:
    print("| TPS | load | shape | busiest second / TPS | used | messages a call | p50 | p99 |")
    print("| ---: | --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for tps in (40, 200, 1000):
        for load in (SATURATED, 0.6):
            for shape in ("uniform", "one busy"):
                with Server() as server:
                    run = run_fleet(
                        server.url, tps=tps, rates=rates(shape, load, tps), seconds=7.0,
                        clocks=_CLOCKS,
                    )  # fmt: skip
                how = "more than there is" if load == SATURATED else "60 %"
                kept = f"{run.worst:.2f} | {run.used(2, 7):.0%} | {run.messages_per_call:.2f}"
                print(f"| {tps} | {how} | {shape} | {kept} | {_took(run, 2.0)} |", flush=True)


def _added(seconds: float = 7.0) -> None:
    """What a fleet adds to a call at 60 % load: beside processes that share nothing."""
    print("| TPS | added p50 (bar: 1 ms) | added p99 (bar: 5 ms) |")
    print("| ---: | ---: | ---: |")
    for tps in (40, 200, 1000):
        load = rates("uniform", 0.6, tps)
        alone = run_fleet(None, tps=tps, rates=load, seconds=seconds)
        with Server() as server:
            fleet = run_fleet(server.url, tps=tps, rates=load, seconds=seconds)
        added = (
            (fleet.took(part, since=2.0) - alone.took(part, since=2.0)) * 1e3
            for part in (0.5, 0.99)
        )
        print(f"| {tps} | {' | '.join(f'{each:.1f} ms' for each in added)} |", flush=True)


def _unreachable() -> None:
    """How much later the first answers come when the server cannot be reached at the start."""
    firsts: list[float] = []
    for redis in (None, f"redis://127.0.0.1:{free_port()}/0"):
        run = run_fleet(redis, tps=200, rates=[10.0] * 4, seconds=2.0)
        firsts.append(min((at, took) for at, took, error in run.calls if error is None)[1])
    later = (firsts[1] - firsts[0]) * 1e3
    print(f"Redis unreachable at start: the first answer {later:.0f} ms later (bar: 200 ms)")


def _in_weather() -> None:
    print("| what happens | load | busiest second / TPS | failed | p50 | p99 |")
    print("| --- | --- | ---: | --- | ---: | ---: |")
    weathers: dict[str, Callable[[Server], list[tuple[float, Callable[[], object]]]]] = {
        "FLUSHALL": lambda server: [(3.0, lambda: server.client().flushall())],
        "SIGSTOP 0.5 s": lambda server: [(3.0, server.stand_still), (3.5, server.go_on)],
        "SIGSTOP 2 s": lambda server: [(3.0, server.stand_still), (5.0, server.go_on)],
        "SIGKILL, empty after 2.5 s": lambda server: [(3.0, server.kill), (5.5, server.start)],
    }
    for name, happening in weathers.items():
        for load, shape in ((0.6, "uniform"), (0.6, "one busy"), (SATURATED, "uniform")):
            with Server() as server:
                run = run_fleet(
                    server.url, tps=200, rates=rates(shape, load, 200), seconds=8.0,
                    clocks=_CLOCKS, happening=happening(server),
                )  # fmt: skip
            calls = sum(at >= 2.5 for at, *_ in run.calls)
            failed = sum(run.failed(2.5).values())
            how = "more than there is" if load == SATURATED else f"60 %, {shape}"
            told = "–" if load == SATURATED else f"{failed} of {calls}"
            print(f"| {name} | {how} | {run.worst:.2f} | {told} | {_took(run, 3.0)} |", flush=True)


def _took(run: Measured, since: float) -> str:
    p50, p99 = (run.took(part, since=since) * 1e3 for part in (0.5, 0.99))
    return f"{p50:.1f} ms | {p99:.0f} ms"


if __name__ == "__main__":
    _steady()
    print()
    _added()
    print()
    _unreachable()
    print()
    _in_weather()
