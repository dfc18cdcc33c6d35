"""The cooked outputs that are served: opened, watched, and replaced without a lost request.

An output is replaced by one assignment: a request that began with the old one ends with it, and
the old one's memory goes when the last such request is over.
"""

from __future__ import annotations

import asyncio
import logging
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from irclient.cooking.cooked_data import CookedData
from irclient.cooking.output import OutputError, current_name, open_output
from irclient.server.availability_changes import next_change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

__all__ = ["Edition", "OutputWatch", "ServedOutput", "open_current"]

_log: Final = logging.getLogger(__name__)
#: Seconds between two looks at what is current.
_LOOK_EVERY: Final = 1.0


@dataclass(frozen=True, slots=True)
class Edition:
    """One output that is served.

    Attributes:
        name: The name of its folder.
        data: Its lists.
        next_change: The next instant after a given one, both in seconds since the epoch, at which
            an item becomes available or stops being so.
    """

    name: str
    data: CookedData
    next_change: Callable[[float], float]


class ServedOutput:
    """A folder of outputs, and the one of it that is served now.

    Args:
        folder: What `irclient cook --to` fills.
        open_edition: Opens what is current in a folder.
    """

    def __init__(self, folder: Path, open_edition: Callable[[Path], Edition]) -> None:
        self.folder = folder
        self._open = open_edition
        self.edition: Edition | None = None
        self.problem: str | None = None

    def look(self) -> bool:
        """Open what is current, if it is another one; may run on any thread.

        Returns:
            Whether another output is served from now on.
        """
        try:
            name = current_name(self.folder)
            if name is None or (self.edition is not None and self.edition.name == name):
                self.problem = None
                return False
            self.edition = self._open(self.folder)
        except OutputError as problem:
            if str(problem) != self.problem:
                _log.error("%s; still serving %s", problem, self.served)
            self.problem = str(problem)
            return False
        self.problem = None
        _log.info("serving %s of %s", self.served, self.folder)
        return True

    @property
    def served(self) -> str:
        """Which output is served, in words."""
        if self.edition is None:
            return "no output"
        return f"output {self.edition.name}, version {self.edition.data.interactions_version}"

    @property
    def cooked_at(self) -> float:
        """When the served output was cooked, in seconds since the epoch; NaN without one."""
        return math.nan if self.edition is None else self.edition.data.cooked_at.timestamp()


class OutputWatch:
    """Looks after all outputs of a process.

    Args:
        outputs: The outputs.
        on_change: Called when another output is served.
    """

    def __init__(self, outputs: Iterable[ServedOutput], on_change: Callable[[], None]) -> None:
        self._outputs = tuple(outputs)
        self._on_change = on_change

    async def run(self) -> None:
        """Look at what is current, again and again, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            for output in self._outputs:
                if await asyncio.to_thread(output.look):
                    self._on_change()


def open_current(folder: Path) -> Edition:
    """Open what is current in a folder.

    Raises:
        OutputError: There is none, or it is damaged.
    """
    opened = open_output(folder)
    return Edition(opened.name, CookedData(opened.cooked), next_change(opened.cooked.arrays))
