"""For whom a list is ranked: only for a customer who agreed, and never by the shop's own id."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from irclient.errors import ConfigurationError
from irclient.integrations.shopify.signature import Visitor

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Personal", "hashed_customer"]

#: Says which user of IR a customer is; None ranks for nobody.
Personal: TypeAlias = Callable[[Visitor], str | None]


def hashed_customer(key: str | bytes) -> Personal:
    """Return a function that names a customer by an HMAC-SHA256 of shop and customer.

    IR's data must name its users in the same way. Whoever has only the lists or the data cannot
    tell which customer a user is.

    Args:
        key: At least 16 bytes that are kept as a secret, and stay the same.

    Raises:
        ConfigurationError: It is no key, or too short.
    """
    if not isinstance(key, str | bytes):
        raise ConfigurationError(
            "hashed_customer: the key must be a str or bytes, of at least 16 bytes, "
            f"got a {type(key).__name__}; is its variable of the environment set?"
        )
    secret = key.encode() if isinstance(key, str) else key
    if len(secret) < 16:
        raise ConfigurationError(
            f"hashed_customer: the key must have at least 16 bytes, got {len(secret)}"
        )

    def user_of(visitor: Visitor) -> str | None:
        if visitor.customer is None:
            return None
        text = f"{visitor.shop}:{visitor.customer}"
        return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()

    return user_of


def user_who_agreed(
    personal: Personal | None, visitor: Visitor, parameters: Mapping[str, str]
) -> str | None:
    """The user to rank for: only where the request itself says that the customer agreed."""
    if parameters.get("consent") != "1":
        return None
    return user_of(personal, visitor)


def user_of(personal: Personal | None, visitor: Visitor) -> str | None:
    """The user that a customer is.

    Raises:
        ConfigurationError: `personal` returned the customer's own id.
    """
    if personal is None or visitor.customer is None:
        return None
    user_id = personal(visitor)
    # Also as a number, whose error would name it.
    if user_id is not None and str(user_id) == visitor.customer:
        raise ConfigurationError(
            "AppProxy: personal returned the customer's own id, which must not leave the shop; "
            "use hashed_customer(key)"
        )
    return user_id or None
