"""What the client tells about itself: records, log lines, health, and counts."""

import logging
import sys
from collections import Counter

from irclient import Caching, Failover, IRClient, Settings
from irclient.emulator import Emulator
from irclient.observe import LoggingObserver, Record

logging.basicConfig(level=logging.WARNING, format="log: %(message)s", stream=sys.stdout)
records: Counter[str] = Counter()


def count(record: Record) -> None:
    """An observer is any callable that takes a record."""
    records[type(record).__name__] += 1


settings = Settings(caching=Caching(enabled=False), failover=Failover(consecutive_failures=2))
with (
    Emulator() as emulator,
    IRClient(
        emulator.home,
        credential=emulator.credential(),
        settings=settings,
        transport=emulator.transport(),
        observers=[LoggingObserver(), count],
    ) as ir,
):
    ir.warm_up()
    ir.popular(count=1)
    emulator.account("contoso-a").fail("status:503")
    for _ in range(5):
        ir.popular(count=1)

    print("\nrecords:", dict(records))
    print("\nhealth:")
    for each in ir.health():
        print(
            f"  {each.endpoint}: {each.state}, {each.calls} attempts, {each.reason or 'no trouble'}"
        )
    stats = ir.stats()
    print(f"\nstats: {stats.calls} calls, errors {stats.errors}, attempts {stats.attempts}")
    assert stats.errors == {}
