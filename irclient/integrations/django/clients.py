"""`ir` and `aio`: the clients of this process, each made when it is first used."""

from __future__ import annotations

import atexit
from contextlib import ExitStack, contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from irclient.aclient import AsyncIRClient
from irclient.client import IRClient
from irclient.integrations.django.configured import NAME, configured

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ["aio", "forget_clients", "ir", "made_clients"]

Client: TypeAlias = IRClient | AsyncIRClient

_lock: Final = Lock()


class _LazyClient:
    """Stands in for a client, and makes it of ``settings.IRCLIENT`` when it is first used."""

    __slots__ = ("_kind", "_replacement", "own_client")

    def __init__(self, kind: type[Client]) -> None:
        self._kind = kind
        self.own_client: Client | None = None
        self._replacement: Client | None = None

    def present(self) -> Client | None:
        """The client, if there is one already."""
        return self._replacement or self.own_client

    def forget(self) -> None:
        """Close the own client; the next use makes another."""
        with _lock:
            made, self.own_client = self.own_client, None
        if isinstance(made, IRClient):
            made.close()

    @contextmanager
    def replaced(self, make: Callable[[Any], Any]) -> Generator[None]:
        """Use other clients meanwhile, in both kinds of views.

        Args:
            make: Makes one, given its class.
        """
        with ExitStack() as stack:
            for each in _BOTH:
                stack.enter_context(each.standing_in(make))
            yield

    @contextmanager
    def standing_in(self, make: Callable[[Any], Any]) -> Generator[None]:
        """Use another client meanwhile."""
        before, self._replacement = self._replacement, make(self._kind)
        try:
            yield
        finally:
            self._replacement = before

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  (whatever the client has by that name)
        if name.startswith("__"):
            # Asked by what looks at a module's names; no client is made for that.
            raise AttributeError(name)
        return getattr(self.present() or self._make(), name)

    def _make(self) -> Client:
        # One lock for both: the second shares what the first has, also where threads make both.
        with _lock:
            if self.own_client is None:
                read, made = configured(), _own_clients()
                self.own_client = self._kind.from_configuration(
                    read.configuration,
                    settings=read.settings,
                    fallback=read.fallback,
                    observers=read.observers,
                    beside=made[0] if made else None,
                )
            return self.own_client

    @property  # type: ignore[misc]
    def __class__(self) -> Any:  # noqa: ANN401  # pyright: ignore[reportIncompatibleMethodOverride]
        # So that isinstance sees the client.
        return self._kind

    def __repr__(self) -> str:
        present = self.present()
        return f"<{self._kind.__name__}: not yet made>" if present is None else repr(present)


_IR: Final = _LazyClient(IRClient)
_AIO: Final = _LazyClient(AsyncIRClient)
_BOTH: Final = (_IR, _AIO)


def _own_clients() -> list[Client]:
    return [client for client in (each.own_client for each in _BOTH) if client is not None]


def made_clients() -> list[Client]:
    """The clients that were used in this process."""
    return [client for client in (each.present() for each in _BOTH) if client is not None]


def forget_clients(*, setting: str, **_: object) -> None:
    """Make the clients anew when next used: a test changed ``settings.IRCLIENT``."""
    if setting == NAME:
        _forget_both()


def _forget_both() -> None:
    for each in _BOTH:
        each.forget()


atexit.register(_forget_both)

#: The client for views that run on threads.
ir: IRClient = cast("IRClient", _IR)
#: The client for ``async def`` views.
aio: AsyncIRClient = cast("AsyncIRClient", _AIO)
