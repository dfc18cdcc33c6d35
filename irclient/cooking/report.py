"""What a cooking read, dropped and made, for people to read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["CookingReport", "Dropped", "EntityReport"]

#: How many places a summary names for each reason.
_EXAMPLES: Final = 3


@dataclass(frozen=True, slots=True)
class Dropped:
    """One row that was not used.

    Attributes:
        entity: Whose.
        file: Where it stands.
        line: On which line; 0 where that is not known.
        reason: Why.
    """

    entity: str
    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class EntityReport:
    """What was read of an entity.

    Attributes:
        name: Its name.
        files: How many files.
        rows: How many rows they have, those that were not used included.
        dropped: The rows that were not used.
        mended: What had to be put right before files could be read.
    """

    name: str
    files: int
    rows: int
    dropped: tuple[Dropped, ...] = ()
    mended: tuple[str, ...] = ()

    @property
    def reasons(self) -> list[dict[str, Any]]:
        """For each reason how many rows, and the first places."""
        kinds = Counter(_kind(each.reason) for each in self.dropped)
        found: list[dict[str, Any]] = []
        for kind, count in kinds.most_common():
            own = [each for each in self.dropped if _kind(each.reason) == kind][:_EXAMPLES]
            found.append(
                {
                    "rows": count,
                    "reason": own[0].reason,
                    "places": [{"file": each.file, "line": each.line} for each in own],
                }
            )
        return found


@dataclass(slots=True)
class CookingReport:
    """What a cooking did.

    Attributes:
        entities: What was read.
        notes: What people should know beyond dropped rows.
        counts: How many items, users, interactions and such there are.
        seconds: How long each step was waited for; the lists are computed side by side.
    """

    entities: list[EntityReport] = field(default_factory=list[EntityReport])
    notes: list[str] = field(default_factory=list[str])
    counts: dict[str, int] = field(default_factory=dict[str, int])
    seconds: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def dropped(self) -> tuple[Dropped, ...]:
        """Every row that was not used."""
        return tuple(each for entity in self.entities for each in entity.dropped)

    @property
    def all_notes(self) -> tuple[str, ...]:
        """What people should know beyond dropped rows, of the folder and of each entity."""
        return (*self.notes, *(note for each in self.entities for note in each.mended))

    @property
    def sentences(self) -> tuple[str, ...]:
        """Notes and dropped rows, a sentence each."""
        found = list(self.all_notes)
        for entity in self.entities:
            for reason in entity.reasons:
                first = reason["places"][0]
                place = f"{first['file']}, line {first['line']}" if first["line"] else first["file"]
                found.append(
                    f"{entity.name}: {reason['rows']} of {entity.rows} rows dropped, such as "
                    f"{place}: {reason['reason']}"
                )
        return tuple(found)

    def as_json(self) -> dict[str, Any]:
        """The report without the dropped rows' full list, which has a file of its own."""
        return {
            "counts": self.counts,
            "notes": list(self.all_notes),
            "entities": [
                {
                    "name": entity.name,
                    "files": entity.files,
                    "rows": entity.rows,
                    "dropped": len(entity.dropped),
                    "reasons": entity.reasons,
                }
                for entity in self.entities
            ],
            "seconds": {name: round(took, 3) for name, took in self.seconds.items()},
        }


def _kind(reason: str) -> str:
    """The reason without the cell's own content."""
    return reason.partition(" is '")[0]
