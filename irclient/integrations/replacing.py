"""Another client in the place of an application's own one, as tests need it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from irclient.aclient import AsyncIRClient
    from irclient.client import IRClient

__all__ = ["Replaceable"]

ClientT = TypeVar("ClientT", bound="IRClient | AsyncIRClient")


class Replaceable(Generic[ClientT]):
    """What hands out a client, and another one in its place while a block runs."""

    _kind: type[ClientT]
    _replacement: ClientT | None = None

    @contextmanager
    def replaced(self, make: Callable[[type[ClientT]], ClientT]) -> Generator[None]:
        """Use another client meanwhile, in place of the own one, which is not even made.

        Args:
            make: Makes it, given its class.
        """
        before, self._replacement = self._replacement, make(self._kind)
        try:
            yield
        finally:
            self._replacement = before
