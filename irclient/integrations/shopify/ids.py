"""Shopify's ids: bare numbers (Ajax, Liquid) and global ids (Admin and Storefront APIs)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["Gid", "parse_gid"]

#: Digits of ASCII, no more than a 64-bit number has.
_NUMBER: Final = re.compile(r"[0-9]{1,19}", re.ASCII)
_GID: Final = re.compile(
    r"gid://shopify/(?P<kind>[A-Za-z]{1,64})/(?P<number>[0-9]{1,19})(?:\?[^#]*)?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Gid:
    """A global id of Shopify.

    Attributes:
        kind: What it is the id of, for example ``Product`` or ``ProductVariant``.
        number: The id as the storefront writes it.
    """

    kind: str
    number: int


def parse_gid(text: str) -> Gid:
    """Read ``gid://shopify/ProductVariant/1``; a query after it is left out.

    Raises:
        ValueError: It is no global id of Shopify.
    """
    found = _GID.fullmatch(text)
    if found is None:
        raise ValueError(
            f"{text[:80]!r} is no global id of Shopify; write 'gid://shopify/Product/1'"
        )
    return Gid(found["kind"], int(found["number"]))


def read_id(text: str) -> Gid | None:
    """Read a number or a global id of a product or a variant; None for anything else.

    The `kind` of a bare number, which may be either, is empty.
    """
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return Gid("", int(text))
    try:
        gid = parse_gid(text)
    except ValueError:
        return None
    return gid if gid.kind in {"Product", "ProductVariant"} else None
