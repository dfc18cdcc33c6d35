"""The story of the demo's fleet: one TPS for all processes, with Redis, without it, and again."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from irclient.cli.demo.fleet.meeting_place import meeting_place
from irclient.cli.demo.fleet.processes import Processes
from irclient.cli.demo.fleet.scene import FleetScene
from irclient.cli.demo.fleet.summary import FleetSummary, summary_table, verdict_on
from irclient.cli.demo.fleet.worker import Orders, Report
from irclient.cli.demo.screen import Screen
from irclient.cli.output import duration

if TYPE_CHECKING:
    from irclient.cli.demo.fleet.meeting_place import MeetingPlace
    from irclient.emulator import Emulator
    from irclient.emulator.running import RunningAccount
    from irclient.topology import ServiceEndpoint

__all__ = ["FleetPlot", "tell_fleet_story"]

#: The second account of the emulator's pair is not asked: with one there is one TPS to be seen.
_PAIRED = "IRCLIENT_REGIONS__0__SECONDARY__"


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetPlot:
    """How long the acts last and what happens in them.

    Attributes:
        workers: How many processes call.
        calm_for: Seconds with Redis, before and after.
        away_for: Seconds without it.
        patience: The longest to wait for all processes to share again, in seconds.
        load: The calls a second of all processes together, as a part of the TPS.
        busy: The first process's part of them.
        max_wait: Seconds that a call may wait for its turn.
    """

    workers: int
    calm_for: float = 3.0
    away_for: float = 3.0
    patience: float = 10.0
    load: float = 0.75
    busy: float = 0.5
    max_wait: float = 2.0

    def rates(self, tps: float) -> tuple[float, ...]:
        """Return the calls a second that each process makes."""
        total, others = self.load * tps, self.workers - 1
        if not others:
            return (total,)
        return (total * self.busy, *[total * (1 - self.busy) / others] * others)


def tell_fleet_story(
    emulator: "Emulator", screen: Screen, plot: FleetPlot, *, redis: str | None = None
) -> FleetSummary:
    """Run the fleet's demo and return its figures.

    Args:
        emulator: Not yet started; it is stopped at the end.
        screen: Where to tell it.
        plot: What happens.
        redis: The URL of a server that runs; None starts one.

    Raises:
        ConfigurationError: There is no server to meet at.
        IRError: A process of the demo has died.
    """
    name = f"demo-{secrets.token_hex(4)}"
    place = meeting_place(redis, name=name)
    screen.heading(f"1. An account, Redis, and {plot.workers} processes")
    begun_at = time.monotonic()
    with place:
        with screen.busy("starting; the first run makes a shop and computes its lists"):
            emulator.start()
        try:
            endpoint = emulator.home.primary
            told = f"{endpoint.label} listens at {endpoint.url}, {endpoint.tps:g} TPS"
            screen.step(f"{told}, after {duration(time.monotonic() - begun_at)}")
            screen.step(f"the fleet {name} meets at {place.words[0]}")
            orders = _orders(plot, place, name=name, tps=endpoint.tps)
            environment = emulator.environment()
            environment = {k: v for k, v in environment.items() if not k.startswith(_PAIRED)}
            with Processes(orders, environment) as processes:
                with screen.busy("starting the processes"):
                    processes.begin()
                screen.step(f"{plot.workers} processes have their token and have joined the fleet")
                account = emulator.account(endpoint.account)
                stage = _Stage(processes, endpoint, account=account, screen=screen, plot=plot)
                summary = stage.play(place)
        finally:
            emulator.stop()
    screen.summary(summary_table(summary), verdict_on(summary), summary.errors)
    return summary


def _orders(plot: FleetPlot, place: "MeetingPlace", *, name: str, tps: float) -> list[Orders]:
    return [
        Orders(
            redis=place.url,
            name=name,
            workers=plot.workers,
            rate=rate,
            number=number,
            max_wait=plot.max_wait,
        )
        for number, rate in enumerate(plot.rates(tps), 1)
    ]


class _Stage:
    def __init__(
        self,
        processes: Processes,
        endpoint: "ServiceEndpoint",
        *,
        account: "RunningAccount",
        screen: Screen,
        plot: FleetPlot,
    ) -> None:
        self._processes, self._endpoint, self._account = processes, endpoint, account
        self._screen, self._plot = screen, plot
        self._begun_at = time.monotonic()

    def play(self, place: "MeetingPlace") -> FleetSummary:
        """Take Redis away and bring it back while the processes call."""
        plot, screen = self._plot, self._screen
        _, goes, comes = place.words
        rates = ", ".join(f"{each:g}" for each in self._processes.rates)
        screen.heading("2. Traffic, while Redis goes away and comes back")
        screen.step(
            f"the processes call {rates} times a second, {plot.load:.0%} of the TPS together; a "
            f"call waits for its turn for {plot.max_wait:g} s at most, and nothing is cached"
        )
        with screen.traffic():
            self._act("they share one TPS", lambda _: False, at_most=plot.calm_for)
            gone_at = time.monotonic()
            place.take_away()
            were_alone = self._act(
                f"{goes}; each goes on with what it was lent", _are("alone"), at_most=plot.away_for
            )
            left = plot.away_for - (time.monotonic() - gone_at)
            self._act("nobody can be asked, and calls go on", lambda _: False, at_most=left)
            place.bring_back()
            back_at = time.monotonic()
            are_back = self._act(comes, _are("shared"), at_most=plot.patience)
            shared_at = time.monotonic()
            self._act("they share one TPS again", lambda _: False, at_most=plot.calm_for)
        return self._summary(
            self._processes.end(),
            away_for=back_at - gone_at if were_alone else None,
            shared_after=shared_at - back_at if are_back else None,
        )

    def _act(
        self, words: str, is_over: Callable[[tuple[Report, ...]], bool], *, at_most: float
    ) -> bool:
        """Show the traffic until the act is over, and return whether it came to that."""
        self._screen.act(words)
        ends_at = time.monotonic() + at_most
        while time.monotonic() < ends_at:
            reports, requests = self._processes.reports(), self._account.requests
            self._screen.scene(
                FleetScene(
                    act=words,
                    reports=reports,
                    rates=self._processes.rates,
                    tps=self._endpoint.tps,
                    last_second=requests.last_second,
                    busiest_second=requests.peak,
                    elapsed=time.monotonic() - self._begun_at,
                )
            )
            if is_over(reports):
                return True
            time.sleep(0.05)
        return False

    def _summary(
        self, reports: tuple[Report, ...], *, away_for: float | None, shared_after: float | None
    ) -> FleetSummary:
        requests = self._account.requests
        return FleetSummary(
            workers=len(reports),
            tps=self._endpoint.tps,
            busiest_second=requests.peak,
            throttled=requests.by_status.get(429, 0),
            answered=sum(each.answered for each in reports),
            failed=sum(each.failed for each in reports),
            by_process=tuple(each.answered for each in reports),
            longest=max((each.longest for each in reports), default=0.0),
            messages=sum(each.messages for each in reports),
            away_for=away_for,
            shared_after=shared_after,
            errors=tuple(error for each in reports for error in each.errors)[:5],
            elapsed=time.monotonic() - self._begun_at,
        )


def _are(mode: str) -> Callable[[tuple[Report, ...]], bool]:
    return lambda reports: all(each.mode == mode for each in reports)
