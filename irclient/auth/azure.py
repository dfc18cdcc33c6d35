"""Tokens from any credential of azure-identity's kind, under the record's rule."""

from __future__ import annotations

import inspect
import time
from typing import TYPE_CHECKING, Any

from irclient.auth.arguments import (
    SCOPE,
    check_blocking_credential,
    check_scope,
    is_sendable,
)
from irclient.auth.exchange import FetchedToken, TokenRefused, persistently
from irclient.auth.failures import finding_of

if TYPE_CHECKING:
    from irclient.auth.arguments import TokenCredential
    from irclient.auth.exchange import Occasion, TellRecord

__all__ = ["CredentialExchange"]


class CredentialExchange:
    """The exchange over a credential object.

    It remembers tokens of its own as a rule: after a rejection it may well hand out the same one
    again, and nothing can be done about that from here.

    Args:
        credential: The credential; it stays its owner's to close.
        scope: What the tokens are for.

    Raises:
        ConfigurationError: It is no credential, or an asynchronous one.
    """

    def __init__(self, credential: TokenCredential, *, scope: str = SCOPE) -> None:
        check_blocking_credential("credential", credential)
        check_scope("scope", scope)
        self._credential: Any = credential
        self._scope = scope

    def __call__(self, occasion: Occasion, tell: TellRecord) -> FetchedToken:  # noqa: ARG002
        """Ask the credential for a token."""
        return persistently(self.ask)

    def ask(self) -> FetchedToken:
        """Ask the credential once.

        Raises:
            TokenRefused: It has no token, or is no credential of this kind.
            TokenUnanswered: The service that it asks did not answer.
        """
        try:
            # Of the two, only get_token_info says when the token had better be renewed.
            ask = getattr(self._credential, "get_token_info", None) or self._credential.get_token
            answer = ask(self._scope)
        except Exception as error:  # noqa: BLE001  (whatever a credential raises is a finding)
            fix = "check what this credential needs, and that it may have tokens for this scope"
            raise finding_of(error, doing=f"{self._name}.get_token", fix=fix) from None
        return self._token_in(answer)

    def _token_in(self, answer: Any) -> FetchedToken:  # noqa: ANN401
        if inspect.isawaitable(answer):
            if inspect.iscoroutine(answer):
                answer.close()
            raise TokenRefused(
                f"{self._name}.get_token must be awaited",
                fix="use a credential of azure.identity instead of azure.identity.aio",
            )
        token, expires_on = getattr(answer, "token", None), getattr(answer, "expires_on", None)
        if not is_sendable(token) or not isinstance(expires_on, int | float):
            # Not quoted: whatever it is, it may hold a token.
            raise TokenRefused(
                f"{self._name}.get_token returned a {type(answer).__name__} without a usable "
                "token and expires_on",
                fix="return an azure.core.credentials.AccessToken",
            )
        now = time.time()
        refresh_on = getattr(answer, "refresh_on", None)
        renew_after = refresh_on - now if isinstance(refresh_on, int | float) else None
        return FetchedToken(str(token), expires_on - now, renew_after)

    @property
    def _name(self) -> str:
        return type(self._credential).__name__

    def __repr__(self) -> str:
        return f"CredentialExchange({self._name}, scope={self._scope!r})"
