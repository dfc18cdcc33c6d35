"""The demo's stage: the traffic goes on while each act waits for its end."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from irclient.cli.demo.chronicle import Chronicle
from irclient.cli.demo.pair_scene import PairScene
from irclient.cli.demo.plot import Plot
from irclient.cli.demo.screen import Screen
from irclient.cli.demo.summary import Outage, Summary, percentiles_of
from irclient.cli.demo.traffic import Traffic
from irclient.client import IRClient

if TYPE_CHECKING:
    from irclient.emulator import Emulator

__all__ = ["Stage"]


@dataclass(slots=True, eq=False)
class Stage:
    """Where the acts are played, one after the other.

    Attributes:
        ir: The client under the traffic.
        traffic: What calls it.
        chronicle: What the client says.
        screen: Where to show it.
        plot: How long acts last.
    """

    ir: IRClient
    traffic: Traffic
    chronicle: Chronicle
    screen: Screen
    plot: Plot
    _begun_at: float = field(default_factory=time.monotonic, init=False)

    def play(self, act: str, is_over: Callable[[], bool], *, at_most: float) -> None:
        """Show the traffic until the act is over."""
        self.screen.act(act)
        ends_at = time.monotonic() + at_most
        while time.monotonic() < ends_at and not is_over():
            self.screen.scene(
                PairScene(
                    act=act,
                    count=self.traffic.count(),
                    health=self.ir.health(),
                    elapsed=time.monotonic() - self._begun_at,
                )
            )
            time.sleep(0.05)

    def outage(self, emulator: "Emulator", fault: str, words: str) -> Outage:
        """Take the primary down, heal it, and wait for the traffic to go home."""
        primary = emulator.home.primary
        account = emulator.account(primary.account)
        label, chronicle, patience = primary.label, self.chronicle, self.plot.patience

        failed_at = time.monotonic()
        account.fail(fault)
        self.play(
            f"{primary.account} {words}",
            lambda: chronicle.ejected_at(label, since=failed_at) is not None,
            at_most=patience,
        )
        noticed_at = chronicle.ejected_at(label, since=failed_at)
        self.play("calls pass it by", lambda: False, at_most=self.plot.outage_for)

        healed_at = time.monotonic()
        account.heal()
        self.play(
            f"{primary.account} works again; its traffic comes home little by little",
            lambda: chronicle.returned_at(label, since=healed_at) is not None,
            at_most=patience,
        )
        home_at = chronicle.returned_at(label, since=healed_at)
        return Outage(
            fault=fault,
            noticed_after=None if noticed_at is None else noticed_at - failed_at,
            home_after=None if home_at is None else home_at - healed_at,
        )

    def summary(self, outages: tuple[Outage, ...]) -> Summary:
        """Return the figures, once the traffic has ended."""
        count, tally = self.traffic.count(), self.traffic.tally
        delays = self.chronicle.failover_delays
        return Summary(
            answered=count.answered,
            failed=count.failed,
            by_account=count.by_account,
            latency=percentiles_of(tally.latencies),
            failed_over=len(delays),
            failover=percentiles_of(delays),
            outages=outages,
            errors=tuple(tally.errors[:5]),
            elapsed=time.monotonic() - self._begun_at,
        )
