"""What a process has asked of the memory that its fleet shares, counted."""

from __future__ import annotations

from dataclasses import dataclass

from irclient._core.shared_memory import Finding

__all__ = ["MemoryCounts"]


@dataclass(slots=True)
class MemoryCounts:
    """What the recalls of a process have come to.

    Attributes:
        hits: Answers that another process had asked for.
        misses: There was none, and this process asked.
        waits: There was none, and another process was asking.
        kept: Answers that this process gave to the others.
        lost: Recalls that were not answered.
    """

    hits: int = 0
    misses: int = 0
    waits: int = 0
    kept: int = 0
    lost: int = 0

    def count(self, finding: Finding) -> None:
        """Count what a recall came to."""
        match finding:
            case Finding.FRESH | Finding.USABLE | Finding.REFRESH:
                self.hits += 1
            case Finding.ASK | Finding.NONE:
                self.misses += 1
            case Finding.WAIT:
                self.waits += 1
