"""What all records have in common: when, and in which call."""

from __future__ import annotations

import time
from dataclasses import fields

from irclient._values.frozen import frozen_by_keyword

__all__ = ["Record", "plain_values", "set_fields"]


@frozen_by_keyword
class Record:
    """Something that happened.

    Attributes:
        at: When, on the driver's monotonic clock, in seconds.
        call_id: The call in which it happened: all records of a call have the same. None for what
            belongs to no call, such as the renewal of a token.
    """

    at: float
    call_id: str | None = None

    @property
    def wall_time(self) -> float:
        """When it happened, in seconds since the epoch, as the clocks of this process are now."""
        return time.time() - (time.monotonic() - self.at)


#: Sets all fields of a record that is being made, by name: a dict that the record keeps.
set_fields = vars(Record)["__dict__"].__set__


def plain_values(record: Record) -> dict[str, object]:
    """The fields of a record, with those of an attempt in its place."""
    values = {each.name: getattr(record, each.name) for each in fields(record)}
    attempt = values.pop("attempt", None)
    if attempt is not None:
        values |= {each.name: getattr(attempt, each.name) for each in fields(attempt)}
    return values
