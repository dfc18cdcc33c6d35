"""The demo's plot with acts that last a moment."""

from irclient import Caching, Failover, Settings, Timeouts
from irclient.cli.demo.plot import Plot

QUICK = Plot(
    outages={"down": "refuses", "black-hole": "hangs"},
    calm_for=0.05,
    outage_for=0.05,
    patience=5.0,
    rate=200.0,
    settings=Settings(
        timeouts=Timeouts(attempt=0.05),
        caching=Caching(enabled=False),
        failover=Failover(consecutive_failures=2, eject_for=0.05, max_eject_for=0.05, ramp_for=0.1),
    ),
)
