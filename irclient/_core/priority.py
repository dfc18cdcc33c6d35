"""Priority: who gets a slot of an endpoint's allowance first.

| priority    | who                            | waits for a slot                                 |
|-------------|--------------------------------|--------------------------------------------------|
| interactive | somebody waits for the answer  | `max_wait` at most; takes over a slot that a     |
|             |                                | batch call waits for                             |
| batch       | `fetch_many`, `pages`, ...     | for as long as it takes                          |
| refresh     | an answer in memory is stale   | never; leaves a quarter of the allowance         |
| probe       | is an endpoint back?           | never                                            |
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from irclient._values.enum_members import found_quickly

__all__ = ["BATCH", "INTERACTIVE", "REFRESH", "Priority"]


class Priority(IntEnum):
    """The lower the number, the sooner."""

    INTERACTIVE = 0
    BATCH = 1
    REFRESH = 2
    PROBE = 3


found_quickly(Priority)

#: Those that every call is compared with.
INTERACTIVE: Final = Priority.INTERACTIVE
BATCH: Final = Priority.BATCH
REFRESH: Final = Priority.REFRESH
