"""Tokens made of a secret that may be rotated: when it is read again, and when it is not."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from irclient.auth.entra import SecretRejected
from irclient.auth.exchange import Occasion, TokenRefused, TokenUnanswered, persistently
from irclient.observe import SecretRead

if TYPE_CHECKING:
    from irclient._values.secret import Secret
    from irclient.auth.entra import ClientCredentials
    from irclient.auth.exchange import FetchedToken, TellRecord
    from irclient.auth.secret import SecretPlace

__all__ = ["SecretExchange"]


class SecretExchange:
    """The exchange over a vault and Entra: keeps the secret, and learns when it has changed.

    Args:
        place: Where the secret is kept.
        entra: Where it is turned into a token.
    """

    def __init__(self, place: SecretPlace, entra: ClientCredentials) -> None:
        self._place = place
        self._entra = entra
        self._secret: Secret | None = None
        self._is_doubtful = False

    def __call__(self, occasion: Occasion, tell: TellRecord) -> FetchedToken:
        """Fetch a token with the known secret, or with the vault's where that is in doubt."""
        kept = self._secret
        if kept is None:
            return self._fetch(self._read(tell))
        if occasion is Occasion.REJECTED or self._is_doubtful:
            return self._fetch_anew(kept, tell)
        try:
            return self._fetch(kept)
        except SecretRejected:
            secret = self._read(tell)
            if secret == kept:
                raise
            return self._fetch(secret)

    def _fetch_anew(self, kept: Secret, tell: TellRecord) -> FetchedToken:
        try:
            secret = self._read(tell)
        except (TokenRefused, TokenUnanswered) as failure:
            # That says nothing about the secret which the vault gave out before.
            try:
                return self._fetch(kept)
            except SecretRejected:
                raise failure from None
        return self._fetch(secret)

    def _fetch(self, secret: Secret) -> FetchedToken:
        try:
            fetched = persistently(partial(self._entra.token_for, secret))
        except SecretRejected:
            # The vault is asked first from now on, so that no fetch begins with a known refusal.
            self._is_doubtful = True
            raise
        self._is_doubtful = False
        return fetched

    def _read(self, tell: TellRecord) -> Secret:
        secret = self._secret = persistently(self._place.read)
        place = self._place
        tell(
            SecretRead(
                at=time.monotonic(), vault_url=place.vault_url, secret_name=place.secret_name
            )
        )
        return secret

    def __repr__(self) -> str:
        return f"SecretExchange({self._place!r}, {self._entra!r})"
