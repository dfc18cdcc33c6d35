"""Locks between the processes of a machine, which end with the process that holds them."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["ProcessLocks"]


class ProcessLocks:
    """As many locks as are asked for, shared by this process and all that are forked from it.

    A semaphore would stay taken for ever when its holder is killed; the system takes a record
    lock away from a process that dies. Threads of one process are not kept apart.
    """

    def __init__(self) -> None:
        self._file, name = tempfile.mkstemp(prefix="irclient-locks-")
        Path(name).unlink()
        weakref.finalize(self, os.close, self._file)

    @contextlib.contextmanager
    def holding(self, number: int) -> Generator[None]:
        """Hold one of the locks, for some microseconds: others wait for it without a limit."""
        fcntl.lockf(self._file, fcntl.LOCK_EX, 1, number)
        try:
            yield
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, number)
