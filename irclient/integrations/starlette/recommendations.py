"""`Recommendations`: one client for an application, from its start to its end."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from irclient.aclient import AsyncIRClient
from irclient.errors import ConfigurationError, IRError
from irclient.integrations.health_answer import log_readiness
from irclient.integrations.held_client import HeldClient
from irclient.integrations.starlette.answers import answer_error, answer_gone, health_route
from irclient.integrations.starlette.middleware import RequestMiddleware
from irclient.integrations.starlette.presence import SenderGone

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from starlette.applications import Starlette

    #: As Starlette takes it, written with ``asynccontextmanager``.
    AppLifespan: TypeAlias = Callable[[Any], AbstractAsyncContextManager[Mapping[str, Any] | None]]

__all__ = ["Lifespan", "Recommendations"]


class Recommendations(HeldClient[AsyncIRClient]):
    """One client for an application: made when it starts, warmed up, and closed when it ends.

    Without a lifespan, as under a server or a test that runs none, the client is made for the
    first request.

    Args:
        client: A client that is yours to close.
        factory: Makes the client, which is then closed at the end; `AsyncIRClient.from_env` when
            both are left out.
        warm_up_for: Seconds that the application's start waits for the token and the first
            connections at most; it starts all the same without them. 0 waits for nothing.

    Raises:
        ConfigurationError: An argument cannot be used.
    """

    _kind = AsyncIRClient

    def __init__(
        self,
        client: AsyncIRClient | None = None,
        *,
        factory: Callable[[], AsyncIRClient] | None = None,
        warm_up_for: float = 10.0,
    ) -> None:
        if client is not None and not isinstance(client, AsyncIRClient):
            raise ConfigurationError(f"client must be an AsyncIRClient, got {client!r}")
        if client is not None and factory is not None:
            raise ConfigurationError("Recommendations takes a client or a factory, not both")
        if factory is not None and not callable(factory):
            raise ConfigurationError(f"factory must be a function, got {factory!r}")
        if not warm_up_for >= 0:
            raise ConfigurationError(f"warm_up_for must be seconds, got {warm_up_for!r}")
        super().__init__(client, factory or AsyncIRClient.from_env)
        self._warm_up_for = warm_up_for

    @property
    def lifespan(self) -> Lifespan:
        """The lifespan to give to the application; `Lifespan.then` nests the application's own."""
        return Lifespan(self)

    def install(
        self,
        app: Starlette,
        *,
        errors: bool = True,
        health: str | None = "/health/ir",
        deadline_header: str | None = "x-request-timeout-ms",
    ) -> None:
        """Add to an application what each request needs.

        That is ``request.state.ir``: the client, whose calls end in `SenderGone` when the sender
        of the request goes away. Handlers that an application adds for errors of its own go
        before the one for `IRError`, the closest class first.

        Args:
            app: The application, before it starts.
            errors: Answer an `IRError` that a handler lets pass, as `irclient.web` says.
            health: The path that answers 200 while calls can succeed, else 503; None adds none.
            deadline_header: The header in which a request says how many milliseconds its sender
                waits; None reads none.
        """
        app.state.irclient = self
        app.add_middleware(
            RequestMiddleware,
            client_of_now=lambda: self.client,
            deadline_header=deadline_header,
        )
        app.add_exception_handler(SenderGone, answer_gone)
        if errors:
            app.add_exception_handler(IRError, answer_error)
        if health is not None:
            app.add_route(
                health, health_route(lambda: self.client), methods=["GET"], include_in_schema=False
            )

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[AsyncIRClient]:
        """The client from the application's start to its end, for a lifespan of your own."""
        client = self.client
        try:
            if self._replacement is None and self._warm_up_for:
                log_readiness(await client.warm_up(self._warm_up_for))
            yield client
        finally:
            made, self._made = self._made, None
            if made is not None:
                await made.aclose()

    def __repr__(self) -> str:
        present = self._replacement or self._given or self._made
        shown = "not yet made" if present is None else repr(present)
        return f"Recommendations({shown})"


class Lifespan:
    """A lifespan, as Starlette and FastAPI take it; it yields the client as ``state.ir``."""

    def __init__(self, recommendations: Recommendations, inner: AppLifespan | None = None) -> None:
        self._recommendations = recommendations
        self._inner = inner

    def then(self, inner: AppLifespan) -> Lifespan:
        """Return a lifespan with the application's own inside: the client is closed last.

        Args:
            inner: Written with ``asynccontextmanager``; it may yield a state of its own.
        """
        if self._inner is not None:
            raise ConfigurationError("this lifespan already has another inside")
        return Lifespan(self._recommendations, inner)

    @asynccontextmanager
    async def __call__(self, app: Any) -> AsyncGenerator[dict[str, Any]]:  # noqa: ANN401  (any application)
        """Be a lifespan."""
        async with self._recommendations.running() as client:
            if self._inner is None:
                yield {"ir": client}
                return
            async with self._inner(app) as state:
                yield {**(state or {}), "ir": client}
