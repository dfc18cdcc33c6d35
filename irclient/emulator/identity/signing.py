"""Signed access tokens: the key that signs them, what is in them, and whether one is valid."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["AccessToken", "InvalidToken", "Signer"]

_ALGORITHM: Final = "RS256"
_KEY_BITS: Final = 2048
#: Verified tokens are remembered, up to this many: a client sends the same one all the time.
_REMEMBERED: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """What a token says.

    Attributes:
        app_id: The application it was issued to.
        audience: What it gives access to.
        expires_at: Seconds since the epoch.
        revocations: How often tokens had been revoked when it was issued.
    """

    app_id: str
    audience: str
    expires_at: float
    revocations: int = 0


class InvalidToken(Exception):  # noqa: N818  (a finding about a token, not a failure of the emulator)
    """The token is not one that this service accepts; the message says why, without the token."""


class Signer:
    """The signing key of the emulated Entra, and the memory of tokens that were verified."""

    def __init__(self) -> None:
        self._revocations = 0
        self.replace_key()

    def revoke(self) -> None:
        """Make every token issued so far invalid for those who ask whether it was revoked."""
        self._revocations += 1

    def replace_key(self) -> None:
        """Sign with a new key; every token issued before becomes invalid."""
        self._key = rsa.generate_private_key(public_exponent=65_537, key_size=_KEY_BITS)
        self._key_id = secrets.token_urlsafe(16)
        self._verified: dict[str, AccessToken] = {}

    def key_set(self) -> dict[str, Any]:
        """The public key as a JSON Web Key Set."""
        key = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**key, "kid": self._key_id, "use": "sig", "alg": _ALGORITHM}]}

    def issue(self, token: AccessToken, *, issuer: str, tenant_id: str, issued_at: float) -> str:
        """Sign a token with the claims that Entra puts into an application's token."""
        principal_id = str(uuid.uuid5(uuid.NAMESPACE_URL, token.app_id))
        claims = {
            "aud": token.audience,
            "iss": issuer,
            "iat": int(issued_at),
            "nbf": int(issued_at),
            # Not rounded: emulated tokens may live for less than a second.
            "exp": token.expires_at,
            "azp": token.app_id,
            "appid": token.app_id,
            "oid": principal_id,
            "sub": principal_id,
            "tid": tenant_id,
            "revocations": self._revocations,
            "uti": secrets.token_urlsafe(16),
            "ver": "2.0",
        }
        return jwt.encode(claims, self._key, _ALGORITHM, headers={"kid": self._key_id})

    def verify(self, text: str, *, audiences: Collection[str], now: float) -> AccessToken:
        """Read a token.

        Raises:
            InvalidToken: Not signed by this key, for another audience, or expired.
        """
        token = self._verified.get(text) or self._decode(text)
        if token.audience.rstrip("/").casefold() not in audiences:
            raise InvalidToken(f"its audience is {token.audience!r}, not {sorted(audiences)}")
        if token.expires_at <= now:
            raise InvalidToken(f"it expired {now - token.expires_at:.1f} s ago")
        return token

    def is_revoked(self, token: AccessToken) -> bool:
        """Whether tokens were revoked since this one was issued."""
        return token.revocations < self._revocations

    def _decode(self, text: str) -> AccessToken:
        # Audience and expiry are checked by `verify`, each time and against the emulator's clock.
        own_checks = {"verify_aud": False, "verify_exp": False, "verify_nbf": False}
        options: Any = {**own_checks, "verify_iat": False}
        try:
            claims = jwt.decode(text, self._key.public_key(), [_ALGORITHM], options=options)
            token = AccessToken(
                app_id=claims["azp"],
                audience=claims["aud"],
                expires_at=float(claims["exp"]),
                revocations=int(claims["revocations"]),
            )
        except (jwt.InvalidTokenError, KeyError, TypeError, ValueError) as problem:
            raise InvalidToken(f"not a token of this tenant: {type(problem).__name__}") from None
        if len(self._verified) >= _REMEMBERED:
            self._verified.pop(next(iter(self._verified)))
        self._verified[text] = token
        return token
