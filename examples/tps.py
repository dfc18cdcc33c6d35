"""A burst of calls on two accounts with 20 transactions a second each: starts stay below it."""

import time
from collections import defaultdict

from irclient import IRClient, Settings, Throttling, Timeouts
from irclient.emulator import Emulator
from irclient.observe import AttemptEnded, Record
from irclient.queries import Popular

TPS = 20
starts: dict[str, list[float]] = defaultdict(list)


def note(record: Record) -> None:
    """Note when each request was started."""
    if isinstance(record, AttemptEnded):
        starts[record.attempt.endpoint].append(record.at - record.attempt.elapsed)


def busiest_second(instants: list[float]) -> int:
    """The most starts that any window of one second holds."""
    return max(sum(begin <= each < begin + 1.0 for each in instants) for begin in instants)


settings = Settings(throttling=Throttling(max_wait=5.0), timeouts=Timeouts(deadline=10.0))
with (
    Emulator(tps=TPS) as emulator,
    IRClient(
        emulator.home,
        credential=emulator.credential(),
        settings=settings,
        transport=emulator.transport(),
        observers=[note],
    ) as ir,
):
    began_at = time.monotonic()
    lists = ir.fetch_many([Popular(count=1, skip=skip) for skip in range(80)], concurrency=8)
    print(f"{len(lists)} lists in {time.monotonic() - began_at:.1f} s")
    for endpoint, instants in sorted(starts.items()):
        print(f"{endpoint}: {len(instants)} started, {busiest_second(instants)} in one second")
        assert busiest_second(instants) <= TPS
    print(f"{ir.stats().throttle_waits} calls waited for their turn")
