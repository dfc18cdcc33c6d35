"""The commands below `irclient emulator`: they look at the one that runs, and let it fail."""

from collections.abc import Callable
from enum import StrEnum
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, Final, TypeAlias

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
State: TypeAlias = dict[str, Any]

#: The options that every command here has, after its own.
_OF_EACH: Final = (
    Parameter("control", Parameter.KEYWORD_ONLY, default=CONTROL_URL, annotation=Control),
    Parameter("as_json", Parameter.KEYWORD_ONLY, default=False, annotation=AsJSON),
)


def _command(act: Callable[..., State]) -> Callable[..., None]:
    """Make a command: it finds the emulator that runs, and shows the state that is left."""

    def command(*, control: str, as_json: bool, **given: Any) -> None:  # noqa: ANN401  (typer's)
        state = act(RemoteControl(control), **given)
        if as_json:
            print_json(state)
        else:
            show_state(state, data_console())

    _, *own = signature(act).parameters.values()
    parameters = [*own, *_OF_EACH]
    command.__name__, command.__doc__ = act.__name__, act.__doc__
    # typer looks at both.
    command.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    return command


@_command
def fault(
    remote: RemoteControl,
    target: Target,
    fault: Annotated[
        str,
        typer.Argument(
            metavar="FAULT",
            help="A fault, such as down, slow:2 or status:503.",
            show_default=False,
        ),
    ],
) -> State:
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
    return remote.fail(target, fault)


@_command
def heal(remote: RemoteControl, target: Target) -> State:
    """End the fault of an account, Entra or Key Vault.

    It ends what fault began; uncook, deny, expire-secret and disable-secret
    say what ends them.

    \b
    Example:
    $ irclient emulator heal contoso-a
    """
    return remote.heal(target)


@_command
def cook(remote: RemoteControl, account: Account, *, modeling: Modeling = None) -> State:
    """Start a cooking, whatever the trigger's limits say.

    It takes ten seconds or more; until then the account answers as before.

    \b
    Examples:
    $ irclient emulator cook contoso-a
    $ irclient emulator cook contoso-a --modeling shop
    """
    return remote.cook(account, modeling)


@_command
def uncook(remote: RemoteControl, account: Account, *, modeling: Modeling = None) -> State:
    """Let an account wait for its first cooking: its lists say WaitingForData, until cook.

    A client asks the pair; if both wait, calls end in NotReady.

    \b
    Example:
    $ irclient emulator uncook contoso-a
    """
    return remote.uncook(account, modeling)


@_command
def deny(remote: RemoteControl, account: Account, *, app_id: AppId = None) -> State:
    """Take an App ID off an account's allow-list, until allow.

    The account answers its tokens with 403, or with 401 where the emulator
    runs with --switch not_on_allow_list=401.

    \b
    Example:
    $ irclient emulator deny contoso-a
    """
    return remote.deny(account, app_id)


@_command
def allow(remote: RemoteControl, account: Account, *, app_id: AppId = None) -> State:
    """Put an App ID on an account's allow-list.

    \b
    Example:
    $ irclient emulator allow contoso-a
    """
    return remote.allow(account, app_id)


@_command
def rotate_secret(
    remote: RemoteControl,
    *,
    vault: Annotated[
        VaultAfterRotation,
        typer.Option("--vault", help="Whether Key Vault has the new secret at once."),
    ] = VaultAfterRotation.UPDATED,
) -> State:
    """Give the application a new secret; Entra refuses the old one from now on.

    With --vault stale, Key Vault has the old one until update-vault.

    \b
    Examples:
    $ irclient emulator rotate-secret
    $ irclient emulator rotate-secret --vault stale
    """
    return remote.rotate_secret(vault=vault.value)


@_command
def expire_secret(remote: RemoteControl) -> State:
    """Let the application's secret expire: Entra refuses it, until rotate-secret.

    Tokens that were issued before are valid until they end; revoke-tokens
    ends them now.

    \b
    Example:
    $ irclient emulator expire-secret
    """
    return remote.expire_secret()


@_command
def revoke_tokens(remote: RemoteControl) -> State:
    """Let the accounts refuse every token issued so far, with 401.

    Tokens that are issued from now on are accepted. Key Vault accepts its own
    as before.

    \b
    Example:
    $ irclient emulator revoke-tokens
    """
    return remote.revoke_tokens()


@_command
def disable_secret(remote: RemoteControl) -> State:
    """Let Key Vault refuse to give the secret out, until update-vault or rotate-secret.

    \b
    Example:
    $ irclient emulator disable-secret
    """
    return remote.disable_secret()


@_command
def update_vault(remote: RemoteControl) -> State:
    """Store the application's present secret in Key Vault, as after a late rotation.

    \b
    Examples:
    $ irclient emulator rotate-secret --vault stale
    $ irclient emulator update-vault
    """
    return remote.update_vault()


@_command
def state(remote: RemoteControl) -> State:
    """Show where the running service listens, how it fails, and what it was asked.

    \b
    Example:
    $ irclient emulator state --json
    """
    return remote.state()


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
