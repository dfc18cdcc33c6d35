"""The command's table of contents: which commands there are and in which order they are shown."""

from typing import Annotated

import typer

from irclient._version import __version__
from irclient.cli.command import Command, RootGroup
from irclient.cli.commands import emulator
from irclient.cli.commands.cook import cook
from irclient.cli.commands.demo import demo
from irclient.cli.commands.doctor import doctor
from irclient.cli.commands.lists import COMMANDS, list_command
from irclient.cli.commands.serve import serve
from irclient.cli.commands.trigger import trigger
from irclient.cli.exit_codes import exit_code_table

__all__ = ["app"]

app = typer.Typer(
    name="irclient",
    cls=RootGroup,
    no_args_is_help=True,
    rich_markup_mode="rich",
    # A traceback's locals hold tokens.
    pretty_exceptions_show_locals=False,
    epilog=f"Exit codes: {exit_code_table()}.",
)


def _show_version(asked: bool) -> None:  # noqa: FBT001  (typer calls it so)
    if asked:
        typer.echo(f"irclient {__version__}")
        raise typer.Exit


@app.callback()
def irclient(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Recommendations from Microsoft Intelligent Recommendations that keep arriving.

    \b
    Examples:
    $ irclient demo
    $ irclient similar 64702 --count 5
    $ irclient doctor
    """


app.command(cls=Command, rich_help_panel="To begin")(demo)
app.command(cls=Command, rich_help_panel="To begin")(doctor)
app.add_typer(emulator.app, name="emulator", rich_help_panel="To begin")
for row in COMMANDS:
    app.command(row.name, cls=Command, rich_help_panel="Lists")(list_command(row))
app.command(cls=Command, rich_help_panel="Modeling")(trigger)
app.command(cls=Command, rich_help_panel="A service of your own")(cook)
app.command(cls=Command, rich_help_panel="A service of your own")(serve)
