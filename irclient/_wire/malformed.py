"""A body that is not what the contract says, and the piece of it that a message shows."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["BOM", "Malformed", "excerpt"]

BOM: Final = b"\xef\xbb\xbf"
#: Bytes from which a piece is excerpted; longer by one than the longest piece.
_EXCERPT: Final = 321


class Malformed(Exception):  # noqa: N818  (a finding about a body, not an error that users meet)
    """The body is not what the contract says; the message says why, with a short excerpt.

    Attributes:
        why: The same without the excerpt.
    """

    def __init__(self, why: str, body: bytes) -> None:
        super().__init__(why, body[:_EXCERPT])
        self.why = why

    def __str__(self) -> str:
        return f"{self.why}: {excerpt(self.args[1])}"


def excerpt(body: bytes, *, length: int = 80) -> str:
    """A short, printable piece of a body, for a message."""
    if not body:
        return "an empty body"
    text = body[: length * 4].decode("utf-8", "replace").replace("\ufffd", ".")
    text = re.sub(r"\s+", " ", "".join(c if c.isprintable() or c.isspace() else "." for c in text))
    return repr(text[:length] + ("…" if len(text) > length or len(body) > length * 4 else ""))
