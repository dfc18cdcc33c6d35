"""The demo's story: the chain, a list with titles, traffic through outages, and the figures."""

import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from irclient.cli.demo.chain import ask_once_async, tell_chain, tell_places
from irclient.cli.demo.chronicle import Chronicle
from irclient.cli.demo.pair_scene import summary_table, verdict_on
from irclient.cli.demo.plot import Plot
from irclient.cli.demo.screen import Screen
from irclient.cli.demo.stage import Stage
from irclient.cli.demo.summary import Summary
from irclient.cli.demo.traffic import Traffic
from irclient.client import IRClient
from irclient.queries import ListQuery, New, Picks, Popular, Similar, Trending
from irclient.results import RecommendationList

if TYPE_CHECKING:
    from irclient.emulator import Emulator

__all__ = ["tell_story"]


def tell_story(emulator: "Emulator", screen: Screen, plot: Plot) -> Summary:
    """Run the whole demo and return its figures.

    Args:
        emulator: Not yet started; it is stopped at the end.
        screen: Where to tell it.
        plot: What happens.
    """
    screen.heading("1. A pair of accounts, Key Vault and Entra, on this machine")
    begun_at = time.monotonic()
    with ExitStack() as stack:
        with screen.busy("starting; the first run makes a shop and computes its lists"):
            stack.enter_context(emulator)
        tell_places(emulator, screen, elapsed=time.monotonic() - begun_at)
        summary = _tell_client(emulator, screen, plot)
    screen.summary(summary_table(summary), verdict_on(summary), summary.errors)
    return summary


def _tell_client(emulator: "Emulator", screen: Screen, plot: Plot) -> Summary:
    chronicle, credential = Chronicle(), emulator.credential()
    with (
        closing(emulator.transport()) as transport,
        IRClient(
            emulator.home,
            credential=credential,
            settings=plot.settings,
            transport=transport,
            observers=[chronicle],
        ) as ir,
    ):
        screen.heading("2. From the secret to the list, on a cold client")
        popular = tell_chain(ir, Popular(count=8), chronicle=chronicle, screen=screen)
        _show(emulator, screen, ir.fetch(Similar(popular.ids[0], count=5)))
        again = ask_once_async(emulator, credential, Trending(count=5), plot.settings)
        screen.step(
            f"AsyncIRClient had {again.title or 'Trending'!r} from "
            f"{again.served.account}, with the token that is already there"
        )
        traffic = Traffic(ir, queries=_queries(popular), threads=plot.threads, rate=plot.rate)
        stage = Stage(ir, traffic=traffic, chronicle=chronicle, screen=screen, plot=plot)
        return _disturb(emulator, stage, traffic, screen=screen, plot=plot)


def _show(emulator: "Emulator", screen: Screen, answer: RecommendationList) -> None:
    titles = {each.id: emulator.title(each.id) or "" for each in answer}
    screen.recommendations(answer, titles)


def _queries(popular: RecommendationList) -> list[ListQuery]:
    similar = [Similar(item_id, count=5) for item_id in popular.ids]
    return [*similar, Popular(count=10), New(count=10), Picks("u-1", count=5)]


def _disturb(
    emulator: "Emulator", stage: Stage, traffic: Traffic, *, screen: Screen, plot: Plot
) -> Summary:
    screen.heading("3. Traffic, while the primary fails and heals")
    failover = plot.settings.failover
    screen.step(
        f"{plot.threads} threads call {plot.rate:g} times a second; for the show a failing "
        f"account is tried again after {failover.eject_for:g} s and comes back over "
        f"{failover.ramp_for:g} s, an attempt may take {plot.settings.timeouts.attempt:g} s, "
        "and nothing is cached"
    )
    with screen.traffic(), traffic:
        stage.play("both accounts work", lambda: False, at_most=plot.calm_for)
        outages = [stage.outage(emulator, fault, words) for fault, words in plot.outages.items()]
        stage.play("all traffic is home again", lambda: False, at_most=plot.calm_for)
    return stage.summary(tuple(outages))
