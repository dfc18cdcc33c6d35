"""The commands below `irclient emulator`: they look at the one that runs, and let it fail."""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Final, TypeAlias

import typer

from irclient.cli.emulator.display import show_state
from irclient.cli.emulator.remote_control import CONTROL_URL, RemoteControl
from irclient.cli.options import AsJSON, Modeling
from irclient.cli.output import data_console, print_json

__all__ = ["COMMANDS"]


class VaultAfterRotation(StrEnum):
    """Whether Key Vault has a new secret at once."""

    UPDATED = "updated"
    STALE = "stale"


Control: TypeAlias = Annotated[
    str,
    typer.Option(
        "--control",
        metavar="URL",
        envvar="IR_EMULATOR_CONTROL",
        help="The control API of the one that runs.",
    ),
]
Target: TypeAlias = Annotated[
    str,
    typer.Argument(metavar="TARGET", help="An account, entra or key-vault.", show_default=False),
]
Account: TypeAlias = Annotated[
    str, typer.Argument(metavar="ACCOUNT", help="An account.", show_default=False)
]
AppId: TypeAlias = Annotated[
    str | None,
    typer.Option("--app-id", metavar="ID", help="Another App ID than the application's own."),
]


def fault(
    target: Target,
    fault: Annotated[
        str,
        typer.Argument(
            metavar="FAULT",
            help="A fault, such as down, slow:2 or status:503.",
            show_default=False,
        ),
    ],
    *,
    control: Control = CONTROL_URL,
    as_json: AsJSON = False,
) -> None:
    """Let an account, Entra or Key Vault of the running service fail, until heal.

    \b
    Faults: down, black-hole, reset, expired-certificate, slow, drip,
    truncated, not-http, status, too-many-requests, garbage, wrong-json,
    empty-body, wrong-type, gzip-bomb, redirect, not-cooked.
    Most take share=0.3 and limit=5.

    \b
    Examples:
    $ irclient emulator fault contoso-a down
    $ irclient emulator fault contoso-b status:503,retry-after=2,share=0.5
    $ irclient emulator fault key-vault black-hole
    """
    _show(RemoteControl(control).fail(target, fault), as_json=as_json)


def heal(target: Target, *, control: Control = CONTROL_URL, as_json: AsJSON = False) -> None:
    """End the fault of an account, Entra or Key Vault.

    It ends what fault began; uncook, deny, expire-secret and disable-secret
    say what ends them.

    \b
    Example:
    $ irclient emulator heal contoso-a
    """
    _show(RemoteControl(control).heal(target), as_json=as_json)


def cook(
    account: Account,
    *,
    modeling: Modeling = None,
    control: Control = CONTROL_URL,
    as_json: AsJSON = False,
) -> None:
    """Start a cooking, whatever the trigger's limits say. It takes ten seconds or more.

    \b
    Example:
    $ irclient emulator cook contoso-a
    """
    _show(RemoteControl(control).cook(account, modeling), as_json=as_json)


def uncook(
    account: Account,
    *,
    modeling: Modeling = None,
    control: Control = CONTROL_URL,
    as_json: AsJSON = False,
) -> None:
    """Let an account wait for its first cooking: its lists say WaitingForData, until cook.

    A client asks the pair; if both wait, calls end in NotReady.

    \b
    Example:
    $ irclient emulator uncook contoso-a
    """
    _show(RemoteControl(control).uncook(account, modeling), as_json=as_json)


def deny(
    account: Account,
    *,
    app_id: AppId = None,
    control: Control = CONTROL_URL,
    as_json: AsJSON = False,
) -> None:
    """Take an App ID off an account's allow-list, until allow.

    The account answers its tokens with 403, or with 401 where the emulator
    runs with --switch not_on_allow_list=401.

    \b
    Example:
    $ irclient emulator deny contoso-a
    """
    _show(RemoteControl(control).deny(account, app_id), as_json=as_json)


def allow(
    account: Account,
    *,
    app_id: AppId = None,
    control: Control = CONTROL_URL,
    as_json: AsJSON = False,
) -> None:
    """Put an App ID on an account's allow-list.

    \b
    Example:
    $ irclient emulator allow contoso-a
    """
    _show(RemoteControl(control).allow(account, app_id), as_json=as_json)


def rotate_secret(
    *,
    vault: Annotated[
        VaultAfterRotation,
        typer.Option("--vault", help="Whether Key Vault has the new secret at once."),
    ] = VaultAfterRotation.UPDATED,
    control: Control = CONTROL_URL,
    as_json: AsJSON = False,
) -> None:
    """Give the application a new secret; Entra refuses the old one from now on.

    With --vault stale, Key Vault has the old one until update-vault.

    \b
    Examples:
    $ irclient emulator rotate-secret
    $ irclient emulator rotate-secret --vault stale
    """
    _show(RemoteControl(control).rotate_secret(vault=vault.value), as_json=as_json)


def expire_secret(*, control: Control = CONTROL_URL, as_json: AsJSON = False) -> None:
    """Let the application's secret expire: Entra refuses it, until rotate-secret.

    Tokens that were issued before are valid until they end; revoke-tokens
    ends them now.

    \b
    Example:
    $ irclient emulator expire-secret
    """
    _show(RemoteControl(control).expire_secret(), as_json=as_json)


def revoke_tokens(*, control: Control = CONTROL_URL, as_json: AsJSON = False) -> None:
    """Let the accounts refuse every token issued so far, with 401.

    Tokens that are issued from now on are accepted. Key Vault accepts its own
    as before.

    \b
    Example:
    $ irclient emulator revoke-tokens
    """
    _show(RemoteControl(control).revoke_tokens(), as_json=as_json)


def disable_secret(*, control: Control = CONTROL_URL, as_json: AsJSON = False) -> None:
    """Let Key Vault refuse to give the secret out, until update-vault or rotate-secret.

    \b
    Example:
    $ irclient emulator disable-secret
    """
    _show(RemoteControl(control).disable_secret(), as_json=as_json)


def update_vault(*, control: Control = CONTROL_URL, as_json: AsJSON = False) -> None:
    """Store the application's present secret in Key Vault, as after a late rotation.

    \b
    Examples:
    $ irclient emulator rotate-secret --vault stale
    $ irclient emulator update-vault
    """
    _show(RemoteControl(control).update_vault(), as_json=as_json)


def state(*, control: Control = CONTROL_URL, as_json: AsJSON = False) -> None:
    """Show where the running service listens, how it fails, and what it was asked.

    \b
    Example:
    $ irclient emulator state --json
    """
    _show(RemoteControl(control).state(), as_json=as_json)


def _show(state: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(state)
    else:
        show_state(state, data_console())


#: In the order in which the help shows them.
COMMANDS: Final[tuple[Callable[..., None], ...]] = (
    fault,
    heal,
    cook,
    uncook,
    deny,
    allow,
    rotate_secret,
    expire_secret,
    revoke_tokens,
    disable_secret,
    update_vault,
    state,
)
