"""The header in which a request says how long its sender waits for the answer."""

from __future__ import annotations

import re
from typing import Final

from irclient.errors import QueryError

__all__ = ["seconds_in"]

#: Digits with an optional fraction; nine of them are more than a week.
_MILLISECONDS: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
_LONGEST_SHOWN: Final = 40


def seconds_in(value: str, *, header: str) -> float:
    """Read a header of milliseconds; what it names is a deadline, in seconds.

    Args:
        value: The header's value.
        header: The header's name, for the message.

    Raises:
        QueryError: It is not a number of milliseconds above 0.
    """
    text = value.strip()
    seconds = float(text) / 1000 if _MILLISECONDS.fullmatch(text) else 0.0
    if seconds <= 0:
        shown = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
        raise QueryError(
            f"{header} must be a number of milliseconds above 0, such as 800; got {shown!r}"
        )
    return seconds
