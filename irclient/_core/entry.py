"""An entry: an answer in memory, what is known of it, and its form as bytes.

As bytes, an entry is one line of JSON, a line end, and the body as the service sent it:

    {"irclient": 1, "kind": "list", "stored_at": 1766400000.5, "account": "contoso-a", ...}
    {"id": "Popular", "items": [...]}

It is read by the same rules as an answer of the service. Nothing in it is run, so it may come from
where others can write; nothing of it is encrypted or signed either.
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self, cast

from irclient._wire.malformed import Malformed
from irclient._wire.reading import read_list, read_selectors
from irclient.results import RecommendationList, Served

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient.results import Answer

__all__ = ["Entry"]

#: Changed whenever older code would misread what newer code writes.
_FORM: Final = 1
_READERS: Final[dict[str, Callable[[bytes], Answer]]] = {
    # As many items as an answer may ever have held.
    "list": partial(read_list, asked=sys.maxsize),
    "selectors": read_selectors,
}


class Entry(NamedTuple):
    """An answer in memory.

    Attributes:
        answer: As the service gave it.
        stored_at: When. Within a client on the driver's clock; in a store that was passed in, as
            seconds since the epoch.
        data_set: The account and modeling that it was cooked from.
        version: The `interactionsVersion` of the answer, or None.
        user_ids: The users that it was ranked for: none, or one, or two where the raw parameters
            name another.
        seeds: The items that it was asked for.
    """

    answer: Answer
    stored_at: float
    data_set: tuple[str, str | None]
    version: str | None
    user_ids: tuple[str, ...]
    seeds: tuple[str, ...]

    def to_bytes(self) -> bytes:
        """Return it as bytes, to be kept outside of this process.

        They hold the ids of users, and no credential.
        """
        account, modeling = self.data_set
        served = self.answer.served
        head = {
            "irclient": _FORM,
            "kind": "list" if isinstance(self.answer, RecommendationList) else "selectors",
            "stored_at": self.stored_at,
            "account": account,
            "modeling": modeling,
            "version": self.version,
            "user_ids": self.user_ids,
            "seeds": self.seeds,
            "served": asdict(served),
        }
        return json.dumps(head).encode() + b"\n" + self.answer.body

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read an entry that `to_bytes` wrote, here or elsewhere.

        Raises:
            ValueError: It is none, or one of another version of this form: to a store, an entry
                that is not there.
        """
        line, _, body = data.partition(b"\n")
        try:
            return cls._of(json.loads(line), body)
        except (Malformed, ValueError, KeyError, TypeError, RecursionError) as problem:
            raise ValueError(f"not an entry that can be read: {type(problem).__name__}") from None

    @classmethod
    def _of(cls, head: dict[str, Any], body: bytes) -> Self:
        if head["irclient"] != _FORM:
            raise ValueError("another version")
        answer = _READERS[head["kind"]](body).as_served(_served(head["served"]))
        return cls(
            answer,
            _number(head["stored_at"]),
            (_text(head["account"]), _text_or_none(head["modeling"])),
            _text_or_none(head["version"]),
            tuple(map(_text, cast("list[object]", head["user_ids"]))),
            tuple(map(_text, cast("list[object]", head["seeds"]))),
        )


def _served(given: dict[str, object]) -> Served:
    return Served(
        endpoint=_text_or_none(given["endpoint"]),
        account=_text_or_none(given["account"]),
        variant=_text_or_none(given["variant"]),
        attempts=int(_number(given["attempts"])),
        elapsed=_number(given["elapsed"]),
    )


def _number(given: object) -> float:
    if not isinstance(given, int | float) or not math.isfinite(given):
        raise TypeError("no number")
    return given


def _text(given: object) -> str:
    if not isinstance(given, str):
        raise TypeError("no text")
    return given


def _text_or_none(given: object) -> str | None:
    return None if given is None else _text(given)
