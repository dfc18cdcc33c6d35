"""What a token whose signature is right must say to be accepted. Pure: the instant is given."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from irclient.server.configuration import Issuer

__all__ = ["InvalidToken", "TokenCaller", "caller_of", "check_times"]


class InvalidToken(Exception):  # noqa: N818  (a finding about a token, not a failure of ours)
    """The token is not accepted; the message says why, without the token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCaller:
    """Whom a token was issued to.

    Attributes:
        ids: The names by which an allow-list may know the caller: `appid`, `azp` and `oid`.
        has_role: Whether the token has one of the roles that its issuer's table wants.
        not_before: `nbf`, in seconds since the epoch.
        expires_at: `exp`, likewise.
        leeway: Seconds by which the issuer's clock may differ from ours.
    """

    ids: tuple[str, ...]
    has_role: bool
    not_before: float
    expires_at: float
    leeway: float

    @property
    def label(self) -> str:
        """How logs call the caller."""
        return self.ids[0] if self.ids else "unknown"


def caller_of(claims: Mapping[str, Any], issuer: Issuer) -> TokenCaller:
    """Read the claims of a token whose signature was found right.

    Raises:
        InvalidToken: Of another issuer, tenant or audience, or without an end.
    """
    if claims.get("iss") != issuer.issuer:
        raise InvalidToken("its iss is another issuer's")
    # RFC 7519 also allows a list, which Entra never sends and which confuses deputies.
    audience = claims.get("aud")
    if not isinstance(audience, str) or audience not in issuer.audiences:
        raise InvalidToken("its aud is not one of the issuer's audiences")
    if issuer.tenants and _text(claims, "tid") not in issuer.tenants:
        raise InvalidToken("its tid is not one of the issuer's tenants")
    expires_at = _instant(claims, "exp")
    if expires_at is None:
        raise InvalidToken("it has no exp")
    not_before = _instant(claims, "nbf")
    held = _texts(claims, "roles")
    # v1 tokens of Entra say appid, v2 tokens say azp; users are known by their object id.
    named = (_text(claims, name) for name in ("appid", "azp", "oid"))
    return TokenCaller(
        ids=tuple(dict.fromkeys(each for each in named if each)),
        has_role=not issuer.roles or not held.isdisjoint(issuer.roles),
        not_before=-math.inf if not_before is None else not_before,
        expires_at=expires_at,
        leeway=issuer.leeway,
    )


def check_times(caller: TokenCaller, now: float) -> None:
    """Make sure that a token is valid now.

    Raises:
        InvalidToken: It has expired, or is not valid yet.
    """
    if caller.expires_at <= now - caller.leeway:
        raise InvalidToken("it has expired")
    if caller.not_before > now + caller.leeway:
        raise InvalidToken("it is not valid yet")


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    if value is None or isinstance(value, str):
        return value
    raise InvalidToken(f"its {name} is not a text")


def _texts(claims: Mapping[str, Any], name: str) -> frozenset[str]:
    value: object = claims.get(name)
    given = cast("list[object]", value) if isinstance(value, list) else []
    return frozenset(each for each in given if isinstance(each, str))


def _instant(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidToken(f"its {name} is not a number")
    try:
        instant = float(value)
    except OverflowError:
        raise InvalidToken(f"its {name} is no instant") from None
    if not math.isfinite(instant):
        raise InvalidToken(f"its {name} is no instant")
    return instant
