"""What an integration says when its framework is not installed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from irclient._runtime.extras import how_to_install

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["extra"]


@contextmanager
def extra(name: str) -> Generator[None]:
    """Import what the extra of this name brings, or say how to install it.

    Args:
        name: The extra, which is also the integration's module.

    Raises:
        ModuleNotFoundError: A package is missing; the message names the command that installs it.
    """
    try:
        yield
    except ModuleNotFoundError as missing:
        advice = how_to_install(missing, module=f"irclient.integrations.{name}", extra=name)
        raise ModuleNotFoundError(advice, name=missing.name) from None
