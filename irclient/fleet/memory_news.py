"""What the server tells of the others: what they forgot, and the newest data that they saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from irclient._core.forgotten import Mark

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["News", "milliseconds_of", "place_of", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What every recall brings, and what is asked for where none did.

    Attributes:
        last: The name of the last mark of what was forgotten.
        count: Of the changes of the newest versions.
        told_since: The instant, in microseconds of the server's clock, before which more was
            forgotten than is still told.
        marks: What was forgotten since the last news.
        newest: The account and modeling of each data set, its newest version, and the instant at
            which it was first seen; empty if nothing changed.
    """

    last: str
    count: str
    told_since: int
    marks: tuple[Mark, ...]
    newest: tuple[tuple[tuple[str, str | None], str, int], ...]

    @classmethod
    def of(cls, told: Sequence[Any]) -> Self:
        """Read what a script returned."""
        last, count, told_since, forgotten, versions = told
        return cls(
            last=text(last),
            count=text(count),
            told_since=int(told_since),
            marks=tuple(_mark(*map(text, each)) for each in forgotten),
            newest=tuple(_newest(versions)),
        )


def text(raw: Any) -> str:  # noqa: ANN401  (bytes or text, as the client of redis-py was made)
    """Text that the server sent."""
    return raw.decode() if isinstance(raw, bytes) else str(raw)


def milliseconds_of(name: str) -> int:
    """When a mark was made, by its name."""
    return int(name.partition("-")[0])


def place_of(name: str) -> tuple[int, int]:
    """Where a mark stands among the others, by its name."""
    milliseconds, _, number = name.partition("-")
    return int(milliseconds), int(number or 0)


def _mark(name: str, kind: str, what: str, who: str) -> Mark:
    # To the end of its millisecond: what was stored in the same one may be older.
    return Mark((milliseconds_of(name) + 1) / 1e3, kind, what, who)


def _newest(versions: Sequence[Any]) -> Iterator[tuple[tuple[str, str | None], str, int]]:
    for name, told in zip(map(text, versions[::2]), map(text, versions[1::2]), strict=True):
        if name != "#":
            account, _, modeling = name.partition("\n")
            version, _, seen_at = told.partition("|")
            if seen_at.isdecimal():
                yield (account, modeling or None), version, int(seen_at)
