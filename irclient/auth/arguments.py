"""What credentials need of their arguments: a scope, an object that blocks, a token to send."""

from __future__ import annotations

import inspect
import re
from typing import Final, Protocol

from irclient.errors import ConfigurationError

__all__ = [
    "PUBLIC_AUTHORITY",
    "SCOPE",
    "AccessToken",
    "TokenCredential",
    "check_blocking_credential",
    "check_scope",
    "is_sendable",
    "unquoted",
]

#: Entra of the public cloud; sovereign clouds have their own.
PUBLIC_AUTHORITY: Final = "https://login.microsoftonline.com"
#: The application id of "Intelligent Recommendations Service" (contract section 3, form A; seen
#: in code).
SCOPE: Final = "c5b731db-1b0a-43f6-bcf6-757667d9cdc6/.default"

#: What a scope has and no secret.
_MEANT_AS_SCOPE: Final = re.compile(r"^(api|https)://|/\.default")
_VISIBLE_ASCII: Final = re.compile(r"[!-~]+")


class AccessToken(Protocol):
    """A token as azure-core describes it; `expires_on` is in seconds since the epoch."""

    @property
    def token(self) -> str:
        """The token."""
        ...

    @property
    def expires_on(self) -> int:
        """When it expires."""
        ...


class TokenCredential(Protocol):
    """What azure-core calls a token credential."""

    def get_token(self, *scopes: str) -> AccessToken:
        """Return a token for the scopes, blocking."""
        ...


def unquoted(value: object) -> str:
    """What a message says of a value that may be a secret in the wrong place."""
    if isinstance(value, str) and value:
        return f"{len(value)} characters, not shown here since they may be a secret"
    return repr(value) if value is None or value == "" else f"a {type(value).__name__}"


def check_scope(what: str, scope: object) -> None:
    """Refuse what Entra would refuse as a scope of client credentials.

    Raises:
        ConfigurationError: It is not one resource followed by ``/.default``.
    """
    if not isinstance(scope, str) or not re.fullmatch(r"\S+/\.default", scope):
        is_meant = isinstance(scope, str) and "@" not in scope and _MEANT_AS_SCOPE.search(scope)
        raise ConfigurationError(
            f"{what} must be one resource followed by '/.default', like {SCOPE!r}, "
            f"got {repr(scope) if is_meant or not isinstance(scope, str) else unquoted(scope)}"
        )


def check_blocking_credential(what: str, credential: object) -> None:
    """Refuse what is no credential, or one of the asynchronous kind.

    Raises:
        ConfigurationError: It has no ``get_token``, or one that must be awaited.
    """
    get_token = getattr(credential, "get_token", None)
    kind = type(credential)
    if isinstance(credential, type) or not callable(get_token):
        got = f"the class {credential.__name__}" if isinstance(credential, type) else kind.__name__
        raise ConfigurationError(
            f"{what} must be an object with get_token(*scopes), like azure.identity's "
            f"DefaultAzureCredential(), got {got}"
        )
    if inspect.iscoroutinefunction(get_token):
        raise ConfigurationError(
            f"{what}: {kind.__name__} is asynchronous; take it from azure.identity instead of "
            "azure.identity.aio: tokens are fetched on a thread, for AsyncIRClient as well"
        )


def is_sendable(token: object) -> bool:
    """Whether this can stand in an ``Authorization`` header: visible ASCII, nothing else."""
    return isinstance(token, str) and _VISIBLE_ASCII.fullmatch(token) is not None
