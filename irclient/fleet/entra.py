"""Logging in at Azure's Redis with Microsoft Entra tokens, which last for an hour or so.

The name is the identity's object id, the password a token (Microsoft's documentation of Azure
Managed Redis and of Azure Cache for Redis). Before a token ends the connection has to send AUTH
with the next one, or the server closes it. Tokens come from the same record as those of calls,
which renews them minutes before their end; the link sends AUTH as soon as there is another.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from irclient._runtime.threads import DaemonThreads
from irclient.auth import KeyVaultCredential, StaticToken, token_source
from irclient.auth.arguments import SCOPE
from irclient.errors import AuthenticationError, ConfigurationError
from irclient.topology import is_loopback

if TYPE_CHECKING:
    from irclient._core.protocol import TokenReading, TokenSource
    from irclient._values.secret import Secret
    from irclient.auth import Credential

__all__ = ["REDIS_SCOPE", "EntraLogin"]

#: What tokens for Azure's Redis are for (documented by Microsoft, as the name is).
REDIS_SCOPE: Final = "https://redis.azure.com/.default"


class EntraLogin:
    """What redis-py calls a credential provider, and what the link asks for the next token.

    Args:
        credential: Who fetches tokens; one that fetches those of the service, as clients have
            it, fetches tokens for Redis instead.
        url: The server's; a user in it is the object id, which else is read from the token.
        patience: Seconds that a connection waits for the first token.

    Raises:
        ConfigurationError: This is no credential, or tokens would be sent without TLS.
    """

    def __init__(self, credential: Credential, *, url: str, patience: float) -> None:
        parts = urlsplit(url)
        if parts.password:
            raise ConfigurationError("url holds a password, and a credential needs none")
        if parts.scheme != "rediss" and not (
            parts.scheme == "unix" or is_loopback(parts.hostname or "localhost")
        ):
            raise ConfigurationError(
                "url must begin with rediss://: a credential's token is sent over nothing else"
            )
        self._source = _source_for_redis(credential)
        self._user = parts.username
        self._patience = patience
        self._threads = DaemonThreads(1, "irclient fleet token")
        #: What the connection has logged in with.
        self._sent: Secret | None = None

    def get_credentials(self) -> tuple[str, str]:
        """Return the name and the password of a new connection; for redis-py.

        Raises:
            AuthenticationError: There is no token, or not yet.
        """
        reading = self._read()
        if reading.flight is not None:
            landed = threading.Event()
            if reading.flight.join(landed.set):
                landed.wait(self._patience)
            reading = self._read()
        if reading.token is None:
            raise reading.error or AuthenticationError("the token for the server is not there yet")
        self._sent = reading.token
        return self._user or object_id(reading.token), reading.token.reveal()

    def keep(self, client: Any) -> None:  # noqa: ANN401  (an extra's class)
        """Log in again, if there is another token than that of the connection."""
        token = self._read().token
        if token is not None and token != self._sent:
            client.execute_command("AUTH", self._user or object_id(token), token.reveal())
            self._sent = token

    def refused(self, problem: Exception) -> None:
        """Learn what went wrong: a token that the server does not accept is put aside."""
        from redis.exceptions import AuthenticationError as NotLoggedIn  # noqa: PLC0415  (an extra)

        if isinstance(problem, NotLoggedIn) and self._sent is not None:
            self._source.reject(self._sent, time.monotonic())

    def _read(self) -> TokenReading:
        reading = self._source.read(time.monotonic())
        work = reading.work
        # Never on the link's thread: Entra may take seconds.
        if work is not None and not self._threads.try_start(lambda: work(lambda _record: None)):
            work.abandon()
        return reading

    def __repr__(self) -> str:
        return "EntraLogin(…)"


def _source_for_redis(credential: Credential) -> TokenSource:
    if isinstance(credential, KeyVaultCredential):
        is_the_services = credential.scope == SCOPE
        return replace(credential, scope=REDIS_SCOPE) if is_the_services else credential
    if isinstance(credential, StaticToken):
        return credential
    return token_source(credential, scope=REDIS_SCOPE)


def object_id(token: Secret) -> str:
    """Return whose token it is, which the server takes for the user's name.

    Raises:
        AuthenticationError: It does not say so.
    """
    with suppress(ValueError, IndexError, AttributeError):
        claims = token.reveal().split(".")[1]
        told = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        found = told.get("oid")
        if isinstance(found, str) and found:
            return found
    raise AuthenticationError(
        "the token for the server does not say whose it is (oid): put the object id into the url, "
        "rediss://OBJECT-ID@HOST:PORT"
    )
