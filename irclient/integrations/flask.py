"""Recommendations in a Flask application: client, errors, health and deadline in three lines.

```python
from flask import Flask

from irclient.integrations.flask import Recommendations

recommendations = Recommendations()


def create_app(config=None):
    app = Flask(__name__)
    app.config.from_mapping(IRCLIENT_SHARE="auto")
    app.config.from_mapping(config or {})
    recommendations.init_app(app)
    return app


@blueprint.get("/similar/<item>")
def similar(item):
    return {"items": recommendations.client.similar(item, count=5).ids}
```

Needs the extra ``flask``.
"""

from __future__ import annotations

import os
import weakref
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, cast

import irclient
from irclient.client import IRClient
from irclient.configuration import Configuration
from irclient.errors import ConfigurationError, IRError, QueryError
from irclient.integrations.deadline_header import seconds_in
from irclient.integrations.error_answer import error_answer
from irclient.integrations.extras import extra
from irclient.integrations.health_answer import health_answer
from irclient.integrations.held_client import HeldClient

with extra("flask"):
    from flask import Blueprint, current_app, g, jsonify, request
    from werkzeug.local import LocalProxy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask import Flask, Response

__all__ = ["AppRecommendations", "Recommendations", "current_ir"]

_PREFIX: Final = "IRCLIENT_"
#: The key of a client to use in place of the application's own, and where it is never looked for.
_CLIENT: Final = "IRCLIENT_CLIENT"
_DEADLINE: Final = "_irclient_deadline"


class Recommendations:
    """The extension: one client for each application that it is installed in.

    Args:
        app: An application to install it in at once.
        client: A client that is yours to close.
        factory: Makes the client, which is then closed at exit. When both are left out it is
            configured by ``IRCLIENT_…`` in the application's config, over the environment.

    Raises:
        ConfigurationError: An argument cannot be used.
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        client: IRClient | None = None,
        factory: Callable[[], IRClient] | None = None,
    ) -> None:
        if client is not None and not isinstance(client, IRClient):
            raise ConfigurationError(f"client must be an IRClient, got {client!r}")
        if client is not None and factory is not None:
            raise ConfigurationError("Recommendations takes a client or a factory, not both")
        self._given = client
        self._factory = factory
        if app is not None:
            self.init_app(app)

    def init_app(
        self,
        app: Flask,
        *,
        errors: bool = True,
        health: str | None = "/health/ir",
        deadline_header: str | None = "x-request-timeout-ms",
    ) -> None:
        """Install the extension, and make the client unless the application is being tested.

        Args:
            app: The application, before its first request.
            errors: Answer an `IRError` that a view lets pass, as `irclient.web` says.
            health: The path that answers 200 while calls can succeed, else 503; None adds none.
            deadline_header: The header in which a request says how many milliseconds its sender
                waits; None reads none.

        Raises:
            ConfigurationError: The client cannot be made as it is configured.
        """
        installed = AppRecommendations(app, client=self._given, factory=self._factory)
        if not app.testing:
            _ = installed.client
        app.extensions["irclient"] = installed
        if errors:
            app.register_error_handler(IRError, _answer)
        if health is not None:
            app.register_blueprint(_health_at(health))
        if deadline_header is not None:
            _read_deadlines(app, deadline_header)

    @property
    def client(self) -> IRClient:
        """The client of the current application."""
        return _installed().client


class AppRecommendations(HeldClient[IRClient]):
    """What one application has: ``app.extensions["irclient"]``.

    ``app.config["IRCLIENT_CLIENT"]`` goes before the own client, at any time.
    """

    _kind = IRClient

    def __init__(
        self, app: Flask, *, client: IRClient | None, factory: Callable[[], IRClient] | None
    ) -> None:
        super().__init__(client, factory or self._configured)
        self._config = cast("Mapping[str, object]", app.config)

    def _present(self) -> IRClient | None:
        return self._replacement or self._in_place() or self._given or self._made

    def _note_made(self, client: IRClient) -> None:
        # With the application, at the latest when the interpreter ends.
        weakref.finalize(self, client.close)

    def _in_place(self) -> IRClient | None:
        return cast("IRClient | None", self._config.get(_CLIENT))

    def _configured(self) -> IRClient:
        own = {
            name: str(value)
            for name, value in self._config.items()
            if name.startswith(_PREFIX) and name != _CLIENT and value is not None
        }
        return IRClient.from_configuration(Configuration.from_env({**os.environ, **own}))


def _installed() -> AppRecommendations:
    installed: AppRecommendations | None = current_app.extensions.get("irclient")
    if installed is None:
        raise ConfigurationError(
            "this application has no client; call Recommendations().init_app(app)"
        )
    return installed


current_ir: IRClient = cast("IRClient", LocalProxy(lambda: _installed().client))
"""The client of the current application."""


def _answer(error: IRError) -> Response:
    status, headers, body = error_answer(error)
    answer = jsonify(body)
    answer.status_code = status
    answer.headers.update(headers)
    return answer


def _health_at(path: str) -> Blueprint:
    blueprint = Blueprint("irclient", __name__)

    @blueprint.get(path)
    def health() -> Response:  # pyright: ignore[reportUnusedFunction]  (Flask's)
        status, headers, body = health_answer(current_ir.readiness())
        answer = jsonify(body)
        answer.status_code = status
        answer.headers.update(headers)
        return answer

    return blueprint


def _read_deadlines(app: Flask, header: str) -> None:
    @app.before_request
    def begin() -> Response | None:  # pyright: ignore[reportUnusedFunction]  (Flask's)
        value = request.headers.get(header)
        if value is None:
            return None
        stack = ExitStack()
        try:
            stack.enter_context(irclient.deadline(seconds_in(value, header=header)))
        except QueryError as error:
            return _answer(error)
        setattr(g, _DEADLINE, stack)
        return None

    @app.teardown_request
    def end(_error: BaseException | None) -> None:  # pyright: ignore[reportUnusedFunction]
        stack = g.pop(_DEADLINE, None)
        if stack is not None:
            stack.close()
