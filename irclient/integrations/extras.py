"""What an integration says when its framework is not installed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

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
        package = (missing.name or "irclient").partition(".")[0]
        if package == "irclient":
            raise
        raise ModuleNotFoundError(
            f"irclient.integrations.{name} needs {package}: pip install 'irclient[{name}]'",
            name=missing.name,
        ) from None
