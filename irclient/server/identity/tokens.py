"""Access tokens of OpenID Connect issuers: from the text of one to whom it was issued to."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

import jwt

from irclient.server.identity.claims import InvalidToken, caller_of, check_times

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from irclient.server.identity.claims import TokenCaller
    from irclient.server.identity.key_set import IssuerKeys

__all__ = ["Tokens"]

#: Which algorithms a key of a kind (and curve) may be used with. Symmetric ones and "none" are
#: not among them, whatever a token's header says.
_ALGORITHMS: Final[Mapping[tuple[str, str | None], frozenset[str]]] = {
    ("RSA", None): frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}),
    ("EC", "P-256"): frozenset({"ES256"}),
    ("EC", "P-384"): frozenset({"ES384"}),
    ("EC", "P-521"): frozenset({"ES512"}),
    ("OKP", "Ed25519"): frozenset({"EdDSA"}),
}
_LEAST_RSA_BITS: Final = 2048
#: A caller sends the same token for an hour; proving it again costs more than all the rest.
_REMEMBERED: Final = 4_096
#: What is checked by `claims`, each time and against the instant given.
_OWN_CHECKS: Final[Any] = dict.fromkeys(
    ("verify_aud", "verify_exp", "verify_iat", "verify_iss", "verify_jti", "verify_nbf",
     "verify_sub"),
    False,
)  # fmt: skip
_UNREADABLE: Final = (jwt.PyJWTError, ValueError, TypeError, KeyError, RecursionError)


class Tokens:
    """Tells whom a token was issued to, and remembers what was proved; used on one event loop.

    Args:
        issuers: The issuers whose tokens are accepted.
    """

    def __init__(self, issuers: Iterable[IssuerKeys]) -> None:
        self._issuers = {keys.issuer.issuer: keys for keys in issuers}
        self._proved: OrderedDict[bytes, tuple[TokenCaller, IssuerKeys, int]] = OrderedDict()

    def remembered(self, text: str, now: float) -> TokenCaller | None:
        """Whom a token was issued to that was proved before; None for another.

        Raises:
            InvalidToken: It has expired.
        """
        digest = _digest(text)
        found = self._proved.get(digest)
        if found is None:
            return None
        caller, keys, generation = found
        if generation != keys.generation:
            del self._proved[digest]
            return None
        check_times(caller, now)
        keys.refresh_if_old()
        return caller

    async def prove(self, text: str, now: float) -> TokenCaller:
        """Check a token that was not seen before.

        Raises:
            InvalidToken: It is not accepted.
            KeysUnavailable: Its issuer's keys could not be fetched so far.
        """
        header, keys = self._read(text)
        key_id = header.get("kid")
        if not keys.is_ready or not keys.find(key_id):
            await keys.look_again()
        try:
            claims = _signed(text, header, keys.find(key_id))
        except InvalidToken:
            # An issuer may have replaced a key without giving it a new name.
            generation = keys.generation
            await keys.look_again()
            if keys.generation == generation:
                raise
            claims = _signed(text, header, keys.find(key_id))
        caller = caller_of(claims, keys.issuer)
        check_times(caller, now)
        self._proved[_digest(text)] = (caller, keys, keys.generation)
        if len(self._proved) > _REMEMBERED:
            self._proved.popitem(last=False)
        return caller

    def _read(self, text: str) -> tuple[dict[str, Any], IssuerKeys]:
        """A token's header and the keys of who claims to have issued it; nothing proved yet."""
        try:
            parts: dict[str, Any] = jwt.decode_complete(text, options={"verify_signature": False})
            header: dict[str, Any] = parts["header"]
            issuer: object = parts["payload"].get("iss")
        except _UNREADABLE:
            raise InvalidToken("it is not a signed token") from None
        keys = self._issuers.get(issuer) if isinstance(issuer, str) else None
        if keys is None:
            raise InvalidToken("its issuer is none of ours")
        if not isinstance(header.get("kid"), str | None):
            raise InvalidToken("its kid is not a text")
        if "crit" in header:
            raise InvalidToken("it has critical headers, and none of them is known")
        return header, keys


def _signed(text: str, header: Mapping[str, Any], keys: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The claims of a token that one of the keys signed."""
    algorithm = header.get("alg")
    for key in keys:
        usable = _ALGORITHMS.get((str(key.get("kty")), key.get("crv")), frozenset())
        if not isinstance(algorithm, str) or algorithm not in usable:
            continue
        if key.get("alg", algorithm) != algorithm:
            continue
        try:
            public = jwt.PyJWK(key, algorithm)
            if getattr(public.key, "key_size", _LEAST_RSA_BITS) < _LEAST_RSA_BITS and (
                key["kty"] == "RSA"
            ):
                continue
            claims: dict[str, Any] = jwt.decode(
                text, public, algorithms=[algorithm], options=_OWN_CHECKS
            )
        except _UNREADABLE:
            continue
        return claims
    raise InvalidToken("none of its issuer's keys signed it")


def _digest(text: str) -> bytes:
    # Tokens themselves are not kept: a dump of memory would hold every caller's.
    return hashlib.blake2b(text.encode(), digest_size=32).digest()
