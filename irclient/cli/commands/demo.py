"""`irclient demo`: the client's whole story, on this machine, in a few seconds."""

from dataclasses import asdict

import typer

from irclient.cli.demo.plot import Plot
from irclient.cli.demo.screen import LiveScreen, PlainScreen, Screen, SilentScreen
from irclient.cli.demo.story import tell_story
from irclient.cli.emulator.extra import require_emulator
from irclient.cli.exit_codes import ExitCode
from irclient.cli.options import AsJSON
from irclient.cli.output import data_console, print_json

__all__ = ["demo"]


def demo(*, as_json: AsJSON = False) -> None:
    """Watch lists arrive, and keep arriving when the primary account goes down.

    Starts the local service (Entra, Key Vault and a pair of accounts, over TLS,
    on this machine alone), fetches lists with both clients, then sends traffic
    while the primary refuses connections, hangs, and heals. Exits with 0 only
    if no call failed and all traffic went home again. With --json only the
    figures are printed, durations in seconds.

    \b
    Examples:
    $ irclient demo
    $ irclient demo --json
    """
    require_emulator()
    # Imported here: an extra, of which the line above made sure.
    from irclient.emulator import Emulator  # noqa: PLC0415

    summary = tell_story(Emulator(tps=200.0), _screen(as_json=as_json), Plot.usual())
    if as_json:
        print_json({"ok": summary.kept_its_promise, **asdict(summary)})
    if not summary.kept_its_promise:
        raise typer.Exit(ExitCode.FAILED)


def _screen(*, as_json: bool) -> Screen:
    if as_json:
        return SilentScreen()
    console = data_console()
    return LiveScreen(console) if console.is_terminal else PlainScreen(console)
