"""`override`: an application's client, replaced by one on a scripted service."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast, runtime_checkable

from irclient.auth import StaticToken
from irclient.errors import ConfigurationError
from irclient.testing.examples import example_pair, quick_settings
from irclient.testing.scripted import ScriptedService

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager

    from irclient.aclient import AsyncIRClient
    from irclient.client import IRClient
    from irclient.settings import Fallback, Settings
    from irclient.topology import Endpoints

__all__ = ["override"]

ClientT = TypeVar("ClientT", "IRClient", "AsyncIRClient")


@runtime_checkable
class _Replaceable(Protocol):
    """What an integration keeps its client in."""

    def replaced(self, make: Callable[[Any], Any]) -> AbstractContextManager[None]: ...


@contextmanager
def override(
    app: object,
    *,
    endpoints: Endpoints | None = None,
    settings: Settings | None = None,
    fallback: Fallback | None = None,
) -> Generator[ScriptedService]:
    """Let an application's client talk to a scripted service, which the block is given.

    The application's own client is not made meanwhile, so nothing need be configured: neither by
    its lifespan nor by its first request.

    Args:
        app: An application in which an integration of irclient is installed (FastAPI, Starlette,
            Flask), or what holds the client: its `Recommendations`, or ``ir`` of
            `irclient.integrations.django`.
        endpoints: The endpoints of the client; the pair ``contoso-a/web`` and ``contoso-b/web``
            when left out.
        settings: How it behaves; as `quick_settings` says when left out.
        fallback: What it answers when nothing else can.

    Raises:
        ConfigurationError: The application has no client of irclient.
    """
    given = example_pair() if endpoints is None else endpoints
    service = ScriptedService(given)

    def make(kind: type[ClientT]) -> ClientT:
        client = cast("Any", kind)(
            given,
            credential=StaticToken("token"),
            settings=quick_settings() if settings is None else settings,
            fallback=fallback,
            transport=service,
        )
        return cast("ClientT", client)

    with _holder_of(app).replaced(make):
        yield service


def _holder_of(app: object) -> _Replaceable:
    """Find what holds an application's client, by where the integrations put it."""
    if isinstance(app, _Replaceable):
        return app
    extensions = getattr(app, "extensions", None)
    installed = cast("dict[str, object]", extensions) if isinstance(extensions, dict) else {}
    state = getattr(app, "state", None)
    for found in (getattr(state, "irclient", None), installed.get("irclient")):
        if isinstance(found, _Replaceable):
            return found
    raise ConfigurationError(
        f"{app!r} has no client of irclient to replace; "
        "install an integration first, such as Recommendations().install(app)"
    )
