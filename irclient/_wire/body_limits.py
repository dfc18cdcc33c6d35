"""How much of an answer is read: reading holds a thread, or a loop with all its tasks.

No clock can stop it, so what takes longer than about 50 ms is not begun.
"""

from __future__ import annotations

from typing import Final

from irclient._wire.malformed import Malformed

__all__ = ["SMALL_BODY", "refuse_what_takes_long"]

#: A body up to this long is read whatever is in it.
SMALL_BODY: Final = 64 * 1024
_LARGE_BODY: Final = 4 * 1024 * 1024
#: Values are counted by their commas and opening brackets; an item of the contract has three.
_MARKS_OF_AN_ITEM: Final = 3
#: The items of an answer to a query without a count, and in any case.
_MOST_ITEMS: Final = 10_000
_MANY_ITEMS: Final = 15_000
_FEW_ITEMS: Final = 2_000
#: Reading a number of this many digits takes the square of their number.
_DIGITS: Final = 256


def refuse_what_takes_long(body: bytes, *, asked: int | None) -> None:
    """Refuse a body that could not be read in a moment.

    Args:
        body: One that is longer than `SMALL_BODY`.
        asked: How many items were asked for, if that is known.

    Raises:
        Malformed: It is too long, or holds too many values or too long a number.
    """
    if len(body) > _LARGE_BODY:
        raise Malformed("longer than any list is", body)
    most_items = _most_items(asked)
    if sum(map(body.count, (b",", b"{", b"["))) > most_items * _MARKS_OF_AN_ITEM:
        raise Malformed(
            f"more values than {most_items} items have (read long lists in pages)", body
        )
    # Twice as many in a row hold one of these pieces, wherever they begin.
    pieces = range(0, len(body), _DIGITS)
    if any(body[at : at + _DIGITS].isdigit() for at in pieces if len(body) - at >= _DIGITS):
        raise Malformed("a number with more digits than any has", body)


def _most_items(asked: int | None) -> int:
    if asked is None:
        return _MOST_ITEMS
    tolerated = min(max(20 * asked, _FEW_ITEMS), _MOST_ITEMS)
    return max(tolerated, min(asked, _MANY_ITEMS))
