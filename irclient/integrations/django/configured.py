"""``settings.IRCLIENT``: what a project says about its recommendations."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from django.conf import settings as project
from django.utils.module_loading import import_string

from irclient.configuration import Configuration, describe
from irclient.configuration.source import SECRETS, did_you_mean
from irclient.errors import ConfigurationError
from irclient.settings import Fallback, Settings, Throttling

if TYPE_CHECKING:
    from irclient.observe import Observer

__all__ = [
    "NAME",
    "Configured",
    "as_environment",
    "comes_from_environment",
    "configured",
    "raises_in_templates",
    "warm_up_for",
]

NAME: Final = "IRCLIENT"
#: What a project may say beside the schema of the file.
_OWN: Final = frozenset({"config", "fallback", "observers", "raise", "share", "warm_up"})
#: Seconds of a warm-up that is only asked for.
_WARM_UP_FOR: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """What the project's clients are made of.

    Attributes:
        configuration: As read from the settings, a file, or the environment.
        settings: What goes over the configuration's own.
        fallback: What to answer when nothing else can, or None.
        observers: Each is called with each record of what happened.
    """

    configuration: Configuration
    settings: Settings | None
    fallback: Fallback | None
    observers: tuple[Observer, ...]


def configured() -> Configured:
    """Read ``settings.IRCLIENT``; without it, the environment.

    Raises:
        ConfigurationError: A key is missing or wrong; the message names it and the fix.
    """
    given = _given()
    share = given.get("share")
    return Configured(
        configuration=_configuration(given),
        settings=None if share is None else Settings(throttling=Throttling(share=share)),
        fallback=_fallback(given.get("fallback")),
        observers=_observers(given.get("observers", ())),
    )


def raises_in_templates() -> bool:
    """Whether the template tag raises where there is no list."""
    return bool(_given().get("raise", False))


def warm_up_for() -> float:
    """How many seconds a server's start waits for the token; 0 waits for nothing."""
    wanted = _given().get("warm_up", False)
    return _WARM_UP_FOR if wanted is True else float(wanted)


def comes_from_environment() -> bool:
    """Whether the settings leave it to the environment where the accounts are."""
    return not _says_where(_given())


def as_environment() -> dict[str, str]:
    """The same as variables of the environment, for a command in another process."""
    given = _given()
    if not _says_where(given):
        return dict(os.environ)
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(f"{NAME}_")
    }
    keys = {name: value for name, value in given.items() if name not in _OWN}
    if "share" in given:
        keys["share"] = given["share"]
    if "config" in given:
        keys["config"] = given["config"]
    return environment | _flat(NAME + "_", keys)


def _given() -> Mapping[str, Any]:
    given: object = getattr(project, NAME, {})
    if not isinstance(given, Mapping):
        raise ConfigurationError(f"{NAME} must be a dictionary, got a {type(given).__name__}")
    return cast("Mapping[str, Any]", given)


def _says_where(given: Mapping[str, Any]) -> bool:
    return "config" in given or any(name not in _OWN for name in given)


def _configuration(given: Mapping[str, Any]) -> Configuration:
    keys = {name: value for name, value in given.items() if name not in _OWN}
    if not _says_where(given):
        return Configuration.from_env()
    _refuse_unknown(keys)
    if "config" not in given:
        return Configuration.from_mapping(keys, name=NAME)
    if keys:
        raise ConfigurationError(
            f"{NAME}: 'config' names a file, so {', '.join(map(repr, keys))} must stand in it; "
            "move them there, or leave 'config' out"
        )
    return Configuration.from_file(given["config"])


def _refuse_unknown(keys: Mapping[str, Any]) -> None:
    """Name a misspelt key beside Django's own: the schema of the file knows none of those."""
    known = [*dict.fromkeys(re.split(r"[.[]", key.key)[0] for key in describe()), *sorted(_OWN)]
    for name in keys:
        # What is wrong with a name that a secret may have, the schema says.
        if name not in known and name not in SECRETS:
            raise ConfigurationError(f"{NAME}: {name} is not a key{did_you_mean(str(name), known)}")


def _fallback(given: object) -> Fallback | None:
    if given is None or isinstance(given, Fallback):
        return given
    if not isinstance(given, Mapping):
        raise ConfigurationError(
            f"{NAME}: fallback must be a Fallback or a dictionary, got {given!r}"
        )
    try:
        return Fallback.model_validate(given)
    except ConfigurationError as problem:
        raise ConfigurationError(f"{NAME}: {problem}") from None


def _observers(given: object) -> tuple[Observer, ...]:
    if isinstance(given, str) or not isinstance(given, list | tuple):
        raise ConfigurationError(
            f"{NAME}: observers must be a list of functions or of their dotted paths, got {given!r}"
        )
    observers: list[Any] = []
    for each in cast("list[object]", given):
        try:
            observer: object = import_string(each) if isinstance(each, str) else each
        except ImportError as problem:
            raise ConfigurationError(f"{NAME}: observers: {problem}") from None
        if not callable(observer):
            raise ConfigurationError(f"{NAME}: observers: {each!r} cannot be called")
        observers.append(observer)
    return tuple(observers)


def _flat(prefix: str, value: object) -> dict[str, str]:
    """Name every value as `irclient.configuration` names its variables."""
    parts: list[tuple[object, object]]
    if isinstance(value, Mapping):
        parts = list(cast("Mapping[object, object]", value).items())
    elif isinstance(value, list | tuple):
        parts = list(enumerate(cast("list[object]", value)))
    else:
        return {prefix.removesuffix("__"): str(value)}
    flat: dict[str, str] = {}
    for name, below in parts:
        flat |= _flat(f"{prefix}{str(name).upper()}__", below)
    return flat
