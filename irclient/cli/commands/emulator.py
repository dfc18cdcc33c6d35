"""`irclient emulator`: runs the local service."""

from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from irclient.cli.command import Command, Group
from irclient.cli.commands.running_emulator import COMMANDS
from irclient.cli.emulator.choices import faults_of, ports_from, switches_of
from irclient.cli.emulator.display import describe_start, show_start
from irclient.cli.emulator.environment_file import write_environment
from irclient.cli.emulator.extra import require_emulator
from irclient.cli.emulator.remote_control import CONTROL_PORT
from irclient.cli.options import AsJSON
from irclient.cli.output import data_console, message_console, print_json
from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from irclient.emulator import Emulator
    from irclient.emulator.faults import Fault

__all__ = ["app"]

app = typer.Typer(cls=Group, invoke_without_command=True, rich_markup_mode="rich")

_HOME = ("contoso-a", "contoso-b")
_DR = ("contoso-c", "contoso-d")
#: Seconds of starting after which people are told why it takes so long.
_PATIENCE = 5.0


Data: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="FOLDER",
        exists=True,
        file_okay=False,
        help="Your own data, in IR's data contract; without it a made-up shop.",
    ),
]
Tps: TypeAlias = Annotated[
    float, typer.Option("--tps", min=0.01, help="TPS of each endpoint, enforced.")
]
TokenLifetime: TypeAlias = Annotated[
    float,
    typer.Option("--token-lifetime", metavar="SECONDS", min=1, help="How long tokens live."),
]
DisasterRecovery: TypeAlias = Annotated[
    bool, typer.Option("--dr", help="Run a second pair, for disaster recovery.")
]
SwitchPairs: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--switch", metavar="NAME=VALUE", help="What the contract leaves open; again for more."
    ),
]
FaultPairs: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--fault", metavar="ACCOUNT=FAULT", help="Who fails from the start; again for more."
    ),
]
FirstPort: TypeAlias = Annotated[
    int,
    typer.Option(
        "--ports",
        metavar="FIRST",
        min=0,
        max=65_000,
        help="The control API's port, the others count up from it; 0 for any free ports.",
    ),
]
StateFolder: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--state", metavar="FOLDER", help="Where to keep the CA, so that the next run has the same."
    ),
]


@app.callback()
def emulator(
    ctx: typer.Context,
    *,
    data: Data = None,
    tps: Tps = 100.0,
    token_lifetime: TokenLifetime = 3600.0,
    dr: DisasterRecovery = False,
    switch: SwitchPairs = None,
    fault: FaultPairs = None,
    ports: FirstPort = CONTROL_PORT,
    state: StateFolder = None,
    as_json: AsJSON = False,
) -> None:
    """Run Entra, Key Vault and a pair of accounts on this machine, until Ctrl-C.

    The other commands then work on it, from a shell with its environment; the
    commands below let it fail while it runs.

    \b
    Examples:
    $ irclient emulator
    $ irclient emulator --dr --tps 20 --fault contoso-a=slow:2
    $ irclient emulator --data ./my-shop --switch not_on_allow_list=401
    $ irclient emulator fault contoso-a status:503,retry-after=2
    $ irclient emulator heal contoso-a
    """
    if ctx.invoked_subcommand is not None:
        return
    require_emulator()
    # Imported here: an extra, of which the line above made sure.
    from irclient.emulator import Emulator, serve  # noqa: PLC0415

    failing = faults_of(fault or ())
    waiting = Timer(_PATIENCE, _tell_of_cooking)
    # It must not keep a process alive that has ended otherwise.
    waiting.daemon = True

    def announce(running: "Emulator") -> None:
        waiting.cancel()
        _announce(running, failing, as_json=as_json)

    try:
        made = Emulator(
            accounts=_HOME,
            dr_accounts=_DR if dr else (),
            tps=tps,
            data=data,
            switches=switches_of(switch or ()),
            token_lifetime=token_lifetime,
            ports=ports_from(ports, (*_HOME, *(_DR if dr else ()))),
            state_folder=state,
        )
        waiting.start()
        serve(made, on_ready=announce)
    except BrokenPipeError:
        raise
    except OSError as problem:
        if problem.filename is None:
            raise ConfigurationError(f"{problem}; choose other ports with --ports") from None
        raise ConfigurationError(
            f"{problem.filename} cannot be written: {problem.strerror}; name a folder of your own "
            "with --state"
        ) from None
    except ValueError as problem:
        raise ConfigurationError(str(problem)) from None
    finally:
        waiting.cancel()
    message_console().print("Stopped.", style="dim")


def _tell_of_cooking() -> None:
    words = "Cooking the data, which is kept for the next start. Ctrl-C stops it."
    message_console().print(words, style="dim")


def _announce(running: "Emulator", failing: "Mapping[str, Fault]", *, as_json: bool) -> None:
    named = {"entra": running.entra, "key-vault": running.key_vault}
    for target, fault in failing.items():
        (named.get(target) or running.account(target)).fail(fault)
    file = write_environment(running.environment(), Path(running.ca_file).parent)
    if as_json:
        print_json(describe_start(running, file))
    else:
        show_start(running, file, data_console())


for each in COMMANDS:
    app.command(cls=Command)(each)


@app.command(cls=Command)
def clear_cache(*, as_json: AsJSON = False) -> None:
    """Remove the cooked data that emulators kept, with the user ids in it.

    It is made again when it is needed, and removed by itself after a month without use.

    \b
    Example:
    $ irclient emulator clear-cache
    """
    require_emulator()
    # Imported here: an extra, of which the line above made sure.
    from irclient.emulator.shop.folder import clear_cooked  # noqa: PLC0415

    removed = clear_cooked()
    if as_json:
        print_json({"removed": removed})
    else:
        data_console().print(f"Removed the cooked data of {removed} folders.")
