"""What every kind of credential needs of its arguments: a scope, and an object that blocks."""

from __future__ import annotations

import inspect
import re
from typing import Final

from irclient.errors import ConfigurationError

__all__ = ["SCOPE", "check_blocking_credential", "check_scope"]

#: The application id of "Intelligent Recommendations Service" (contract section 3, form A; seen
#: in code).
SCOPE: Final = "c5b731db-1b0a-43f6-bcf6-757667d9cdc6/.default"


def check_scope(what: str, scope: object) -> None:
    """Refuse what Entra would refuse as a scope of client credentials.

    Raises:
        ConfigurationError: It is not one resource followed by ``/.default``.
    """
    if not isinstance(scope, str) or not re.fullmatch(r"\S+/\.default", scope):
        raise ConfigurationError(
            f"{what} must be one resource followed by '/.default', like {SCOPE!r}, got {scope!r}"
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
