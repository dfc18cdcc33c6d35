"""The observers that a configuration may name, and how they are made."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from irclient.observe import Observer

__all__ = ["observers_named"]

#: The module and the class of each. The module is loaded when it is named, and not before: it may
#: need what is not installed.
_HOMES: Final[Mapping[str, tuple[str, str]]] = {
    "logging": ("irclient.observe", "LoggingObserver"),
    "opentelemetry": ("irclient.integrations.opentelemetry", "OpenTelemetry"),
    "prometheus": ("irclient.integrations.prometheus", "PrometheusObserver"),
}


def observers_named(names: str, *, at: str) -> tuple[Observer, ...]:
    """Make the observers of these names.

    Args:
        names: With commas between them.
        at: The key or the variable that holds them, for messages.

    Raises:
        ConfigurationError: There is none of a name, or what it needs is not installed.
    """
    given = [name.strip() for name in names.split(",")]
    return tuple(_made(name, at=at) for name in dict.fromkeys(given) if name)


def _made(name: str, *, at: str) -> Observer:
    home = _HOMES.get(name)
    if home is None:
        raise ConfigurationError(
            f"{at}: there is no observer {name!r}; name {', '.join(_HOMES)}, with commas between "
            "them, or pass your own as observers="
        )
    module, kind = home
    try:
        made: Observer = getattr(import_module(module), kind)()
    except ModuleNotFoundError as missing:
        raise ConfigurationError(f"{at}: {missing}") from None
    return made
