"""An application's client: one that it was given, or one that is made when it is first needed."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from irclient.aclient import AsyncIRClient
    from irclient.client import IRClient

__all__ = ["HeldClient"]

ClientT = TypeVar("ClientT", bound="IRClient | AsyncIRClient")


class HeldClient(Generic[ClientT]):
    """What hands out an application's client, and another one in its place while a block runs.

    Args:
        given: The client; None to make one.
        factory: Makes it.
    """

    _kind: type[ClientT]

    def __init__(self, given: ClientT | None, factory: Callable[[], ClientT]) -> None:
        self._given = given
        self._factory = factory
        self._made: ClientT | None = None
        self._replacement: ClientT | None = None
        self._lock = Lock()

    @property
    def client(self) -> ClientT:
        """The application's client.

        Raises:
            ConfigurationError: It cannot be made as it is configured.
        """
        present = self._present()
        if present is not None:
            return present
        with self._lock:
            if self._made is None:
                self._made = self._factory()
                self._note_made(self._made)
            return self._made

    def _present(self) -> ClientT | None:
        """The client, if there is one already."""
        return self._replacement or self._given or self._made

    def _note_made(self, client: ClientT) -> None:
        """Learn that the own client was made."""

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
