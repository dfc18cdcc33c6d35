"""The folder that a running emulator keeps its keys in, and what killed ones left behind.

An emulator without a folder of the user's makes one among the temporary files and removes it
when it stops. One that is killed cannot, so each start removes the folders whose emulators are
gone. A lock says so: the system lets go of it however a process ends.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["StateFolder"]

_PREFIX: Final = "irclient-emulator-"
_LOCK_FILE: Final = "owner.lock"


class StateFolder:
    """Where a running emulator writes.

    Args:
        given: A folder of the user's, which stays; None makes one that `remove` removes.

    Raises:
        OSError: It cannot be made.
    """

    def __init__(self, given: Path | None) -> None:
        self._lock: BinaryIO | None = None
        if given is None:
            _remove_abandoned()
            self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
            self._lock = _locked(self.path)
        else:
            given.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path = given

    def remove(self) -> None:
        """Remove it, if it was made here."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None
            shutil.rmtree(self.path, ignore_errors=True)


def _locked(folder: Path) -> BinaryIO:
    path = folder / _LOCK_FILE
    if sys.platform == "win32":
        # An open file cannot be deleted there: being open is the lock.
        return path.open("xb")
    import fcntl  # noqa: PLC0415  (Windows has none)

    # Renamed once it is locked, so that it cannot be seen in between.
    unseen = folder / f"{_LOCK_FILE}.new"
    lock = unseen.open("xb")
    with contextlib.suppress(OSError):  # a file system without locks: it is never cleaned
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        unseen.rename(path)
    return lock


def _remove_abandoned() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError), _abandoned(folder) as abandoned:
            if abandoned:
                shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _abandoned(folder: Path) -> Generator[bool]:
    """Whether the emulator of a folder is gone; then nothing else takes the folder meanwhile."""
    path = folder / _LOCK_FILE
    if folder.is_symlink() or not path.is_file():
        yield False
    elif sys.platform == "win32":
        path.unlink()
        yield True
    else:
        import fcntl  # noqa: PLC0415  (as above)

        with path.open("rb") as lock:
            # What belongs to another user is for that user to remove.
            is_own = folder.stat().st_uid == os.getuid()
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield is_own
