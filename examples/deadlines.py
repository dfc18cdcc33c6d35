"""A server that drips its answer byte by byte does not outlive the deadline of a call."""

import time

from irclient import Caching, DeadlineExceeded, IRClient, Settings, Timeouts
from irclient.emulator import Emulator

settings = Settings(
    caching=Caching(enabled=False), timeouts=Timeouts(deadline=1.0, attempt=0.6, connect=0.3)
)

with (
    Emulator() as emulator,
    IRClient(
        emulator.home,
        credential=emulator.credential(),
        settings=settings,
        transport=emulator.transport(),
    ) as ir,
):
    ir.warm_up()  # The first call would fetch the token within its deadline.
    for name in ("contoso-a", "contoso-b"):
        emulator.account(name).fail("drip:0.1,part=head")
    began_at = time.monotonic()
    try:
        ir.popular(count=1)
    except DeadlineExceeded as error:
        took = time.monotonic() - began_at
        print(f"the deadline was 1 s; the call ended after {took:.2f} s")
        for attempt in error.attempts:
            print(f"  {attempt}")
        assert took < 1.3
    else:
        raise AssertionError("an answer that takes half a minute came in a second")

    print("with time for both attempts, and one account that works:")
    emulator.account("contoso-b").heal()
    print(f"  answered by {ir.with_options(deadline=2.0).popular(count=1).served.endpoint}")
