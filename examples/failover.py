"""The primary account fails in one way after the other, and every call is answered."""

import logging
import time

from irclient import Caching, Failover, IRClient, Settings, Timeouts
from irclient.emulator import Emulator

# The made-up 429s below would make the client warn that others use the endpoint's TPS.
logging.getLogger("irclient").addHandler(logging.NullHandler())

WAYS = (
    "down", "reset", "status:500", "status:502,body=html", "status:503,retry-after=2",
    "too-many-requests", "garbage", "truncated", "wrong-json", "empty-body", "not-http",
    "wrong-type", "not-cooked", "black-hole",
)  # fmt: skip

# Answers are not reused here, and no account counts as failing: every call meets the trouble.
settings = Settings(
    caching=Caching(enabled=False),
    timeouts=Timeouts(attempt=0.3),
    failover=Failover(consecutive_failures=1000, min_success_rate=0.0),
)

with (
    Emulator(tps=1000) as emulator,
    IRClient(
        emulator.home,
        credential=emulator.credential(),
        settings=settings,
        transport=emulator.transport(),
    ) as ir,
):
    ir.warm_up()
    primary = emulator.account("contoso-a")
    print(f"{'the primary':<26} {'answered by':<15} attempts  after")
    for way in WAYS:
        primary.fail(way)
        began_at = time.monotonic()
        served = ir.popular(count=1).served
        took = time.monotonic() - began_at
        print(f"{way:<26} {served.endpoint:<15} {served.attempts:>8}  {took * 1000:.0f} ms")
        assert served.account == "contoso-b"
    primary.heal()
    print(f"{'healed':<26} {ir.popular(count=1).served.endpoint}")
