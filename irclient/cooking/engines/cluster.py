"""Where Spark is, and under which address its machines find the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Cluster"]


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Spark cluster, or Spark on this machine.

    Attributes:
        folder: The data-contract folder, as this machine sees it.
        master: Spark's master, or the ``sc://`` URL of Spark Connect; None is what Spark is
            configured to use.
        url: The folder as Spark's machines see it; None where they see the same path.
    """

    folder: Path
    master: str | None = None
    url: str | None = None

    def address(self, path: Path) -> str:
        """What Spark calls a file."""
        resolved, root = path.resolve(), self.folder.resolve()
        if self.url is None or not resolved.is_relative_to(root):
            # The scheme, because Spark's own may be that of a data lake.
            return f"file://{resolved.as_posix()}"
        return f"{self.url.rstrip('/')}/{resolved.relative_to(root).as_posix()}"
