"""How a connection to the server is made: by redis-py, without its patience."""

from __future__ import annotations

import os
from functools import partial
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import parse_qs, urlsplit, urlunsplit

from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from urllib.parse import SplitResult

    from irclient.fleet.entra import EntraLogin

__all__ = ["address_in", "connector", "usable"]

_UNREADABLE: Final = (
    "url cannot be read as the URL of a Redis server; percent-encode its user and password"
)


def connector(
    url: str | None,
    connect: Callable[[], Any] | None,
    *,
    patience: float,
    login: EntraLogin | None = None,
) -> Callable[[], Any]:
    """Return what makes a client of redis-py, each time anew.

    Args:
        url: Where the server is.
        connect: Instead of it, what makes a client.
        patience: Seconds that the client waits.
        login: What it logs in with, in place of a password.

    Raises:
        ConfigurationError: There is neither or both, one of them is no such thing, or redis-py is
            not installed.
    """
    if (url is None) == (connect is None):
        raise ConfigurationError("a RedisFleet takes either a url or connect=, a function")
    if connect is not None:
        if not callable(connect) or hasattr(connect, "execute_command"):
            raise ConfigurationError(
                "connect must be a function that makes a client, called in a thread of its own; "
                f"got {type(connect).__name__}. Write connect=lambda: ..."
            )
        return partial(_impatient, connect)
    scheme = _parts_of(url).scheme if isinstance(url, str) else None
    if not isinstance(url, str) or scheme not in {"redis", "rediss", "unix"}:
        # Not the URL itself, which may hold a password.
        raise ConfigurationError(
            f"url must begin with redis://, rediss:// or unix://, got {scheme!r} as its scheme"
        )
    try:
        import redis  # noqa: PLC0415  (an extra)
        from redis.backoff import NoBackoff  # noqa: PLC0415
        from redis.retry import Retry  # noqa: PLC0415
    except ImportError:
        raise ConfigurationError(
            "RedisFleet needs redis-py, which is not installed: pip install 'irclient[redis]'"
        ) from None

    options: dict[str, Any] = {}
    if login is not None:
        # The user is said with the token; redis-py wants it in one place.
        parts = urlsplit(url)
        url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        options["credential_provider"] = login

    def from_url() -> Any:  # noqa: ANN401  (an extra's class)
        return cast("Any", redis.Redis).from_url(
            url,
            **options,
            socket_timeout=patience,
            socket_connect_timeout=patience,
            # It would try ten times, whatever the timeout says: 4.9 s for a refused port.
            retry=Retry(NoBackoff(), 0),
            single_connection_client=True,
        )

    _examine(cast("Any", redis.ConnectionPool), url)
    return from_url


def _examine(pool_class: Any, url: str) -> None:  # noqa: ANN401  (an extra's class)
    """Refuse a URL whose options redis-py would refuse at the first connection only.

    Raises:
        ConfigurationError: An option is unknown, or cannot be used.
    """
    problem: str | None = None
    try:
        pool = pool_class.from_url(url)
    except ValueError:
        raise ConfigurationError(_UNREADABLE) from None
    try:
        pool.connection_class(**pool.connection_kwargs)
    except (TypeError, ValueError) as error:
        names = [name for name in parse_qs(urlsplit(url).query) if f"'{name}'" in str(error)]
        problem = f"{names[0]!r} is no option of redis-py" if names else str(error)[:200]
    except Exception as error:  # noqa: BLE001  (redis-py's own, for options that do not go together)
        problem = str(error)[:200]
    if problem is not None:
        raise ConfigurationError(f"url has an option that cannot be used: {problem}")
    if pool.connection_kwargs.get("decode_responses"):
        raise ConfigurationError("url must not have decode_responses: answers are bytes")
    for option in ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile"):
        file = pool.connection_kwargs.get(option)
        if file is not None and not os.access(file, os.R_OK):
            raise ConfigurationError(
                f"{option} in url names {file!r}, which is not there or cannot be read"
            )


def usable(client: Any) -> None:  # noqa: ANN401  (an extra's class)
    """Refuse a client whose answers could not be read.

    Raises:
        ConfigurationError: It hands out text, is one of asyncio, or no client at all.
    """
    if not hasattr(client, "get_encoder") or iscoroutinefunction(client.execute_command):
        raise ConfigurationError(
            "connect must return a client of redis-py that is not one of asyncio; got "
            f"{type(client).__module__}.{type(client).__qualname__}"
        )
    if client.get_encoder().decode_responses:
        raise ConfigurationError(
            "the client of redis-py must hand out bytes: leave decode_responses out"
        )


def _parts_of(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        raise ConfigurationError(_UNREADABLE) from None


def address_in(url: str | None) -> str | None:
    """Return host and port of a URL, or its socket's path, without user and password.

    Raises:
        ConfigurationError: It cannot be read.
    """
    if not isinstance(url, str):
        return None
    parts = _parts_of(url)
    return parts.netloc.rpartition("@")[2] or parts.path


def _impatient(connect: Callable[[], Any]) -> Any:  # noqa: ANN401  (an extra's class)
    """Make a client of the user's, which tries nothing again: seconds would go by."""
    from redis import Redis  # noqa: PLC0415  (an extra)
    from redis.backoff import NoBackoff  # noqa: PLC0415
    from redis.retry import Retry  # noqa: PLC0415

    client = connect()
    if isinstance(client, Redis):  # Not a cluster, which finds its nodes by trying again.
        cast("Any", client).set_retry(Retry(NoBackoff(), 0))
    return client
