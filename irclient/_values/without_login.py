"""What a message shows of a value that may be a URL with a user and a password in it."""

from __future__ import annotations

__all__ = ["without_login"]


def without_login(given: str) -> str:
    """Return a text without all that stands before its last ``@``.

    A password may hold every letter that ends it elsewhere (``/``, ``?``, ``#``, ``:``, ``@``), so
    the URL is not taken apart.
    """
    login, at, rest = given.rpartition("@")
    return f"…@{rest}" if login and at else given
