"""What `irclient emulator` was told on the command line, checked before anything starts."""

from collections.abc import Sequence
from dataclasses import fields
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from irclient.emulator import Switches
    from irclient.emulator.faults import Fault

__all__ = ["faults_of", "ports_from", "switches_of"]

_OTHERS = ("control", "entra", "key_vault", "managed_identity")


def switches_of(pairs: Sequence[str]) -> "Switches":
    """Read ``name=value`` pairs as switches.

    Raises:
        ConfigurationError: No such switch, or a value that it cannot have.
    """
    # Imported here: the emulator is an extra, and its absence is told elsewhere.
    from irclient.emulator import Switches  # noqa: PLC0415

    known = [each.name for each in fields(Switches)]
    given: dict[str, object] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        name = name.strip().replace("-", "_")
        if not equals:
            raise ConfigurationError(f"--switch must be NAME=VALUE, got {pair!r}")
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"
            raise ConfigurationError(f"--switch: no switch is called {name!r}; {hint}")
        given[name] = _value(text.strip())
    try:
        return TypeAdapter(Switches).validate_python(given)
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        if first["type"] == "value_error":  # It names the switch and its value.
            words = first["msg"].removeprefix("Value error, ")
            raise ConfigurationError(f"--switch: {words}") from None
        name = str(first["loc"][0]) if first["loc"] else "?"
        raise ConfigurationError(
            f"--switch {name}={given.get(name)}: {first['msg'][:1].lower()}{first['msg'][1:]}"
        ) from None


def _value(text: str) -> object:
    """A number where it reads like one, since switches are numbers or words."""
    if text.casefold() == "none":
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def faults_of(pairs: Sequence[str]) -> dict[str, "Fault"]:
    """Read ``account=fault`` pairs: who fails, and how.

    Raises:
        ConfigurationError: No such fault, or a value out of range.
    """
    from irclient.emulator import faults  # noqa: PLC0415  (an extra, as above)

    given: dict[str, Fault] = {}
    for pair in pairs:
        target, equals, text = pair.partition("=")
        if not equals or not target:
            raise ConfigurationError(
                f"--fault must be ACCOUNT=FAULT, got {pair!r}; write contoso-a=slow:2"
            )
        try:
            given[target] = faults.parse(text)
        except ValueError as problem:
            raise ConfigurationError(f"--fault {pair}: {problem}") from None
    return given


def ports_from(first: int, accounts: Sequence[str]) -> dict[str, int]:
    """Give every listener a port, counting up from the first; 0 leaves them to the system."""
    if first == 0:
        return {}
    return {name: first + at for at, name in enumerate((*_OTHERS, *accounts))}
