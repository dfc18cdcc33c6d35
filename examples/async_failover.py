"""The primary goes down amid the traffic of many tasks; no call fails, and it comes home."""

import asyncio
from collections import Counter

from irclient import AsyncIRClient, Caching, Failover, IRError, Settings
from irclient.emulator import Emulator

# Quicker than a real outage needs, so that the example ends soon. Both accounts are this process:
# that one of them is slow says nothing about it.
settings = Settings(
    caching=Caching(enabled=False),
    failover=Failover(eject_for=0.2, max_eject_for=0.3, ramp_for=0.4, slow_factor=None),
)


async def ask(ir: AsyncIRClient, counts: Counter[str], *, until: asyncio.Event) -> None:
    """Ask again and again, and count who answers."""
    while not until.is_set():
        try:
            counts[(await ir.popular(count=1)).served.account or "nobody"] += 1
        except IRError as error:
            counts[type(error).__name__] += 1
        await asyncio.sleep(0.02)


async def main() -> None:
    """Three phases of the same traffic."""
    with Emulator(tps=2000) as emulator:
        async with AsyncIRClient(
            emulator.home,
            credential=emulator.credential(),
            settings=settings,
            transport=emulator.async_transport(),
        ) as ir:
            await ir.warm_up()
            primary = emulator.account("contoso-a")
            for phase, change, seconds in (
                ("all is well", primary.heal, 0.3),
                ("the primary is down", lambda: primary.fail("down"), 0.6),
                ("the primary is back", primary.heal, 1.2),
                ("a moment later", primary.heal, 0.3),
            ):
                await asyncio.to_thread(change)
                counts: Counter[str] = Counter()
                over = asyncio.Event()
                tasks = [asyncio.create_task(ask(ir, counts, until=over)) for _ in range(10)]
                await asyncio.sleep(seconds)
                over.set()
                await asyncio.gather(*tasks)
                print(f"{phase:<20} {dict(counts)}")
                assert set(counts) <= {"contoso-a", "contoso-b"}, "a call failed"
            assert counts["contoso-a"] > counts["contoso-b"]


asyncio.run(main())
