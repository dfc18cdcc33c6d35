"""Cooked data kept between runs, so that the emulator starts without cooking again.

One folder a data set, laid out as an output and named after a hash of the data set's files. It
holds users' ids and what they took, so it is readable by its owner alone and is removed when it has
not been used for a while.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from irclient._version import __version__
from irclient.cooking.output import FORMAT, MANIFEST, OutputError, open_folder, remove

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from irclient.cooking.output import Cooked

__all__ = ["cache_key", "clear", "keep", "kept"]

_UNFINISHED: Final = "cooking-"
_KEPT: Final = "cooked-"
#: How many data sets are kept; the least recently used go first.
_MOST_KEPT: Final = 8
#: Seconds after which a data set that was not used is removed: 30 days.
_KEPT_FOR: Final = 30 * 24 * 3600.0
#: Seconds after which an unfinished folder is what a killed process left behind.
_ABANDONED_AFTER: Final = 3600.0
_CHUNK: Final = 1 << 20


def cache_key(files: Iterable[Path]) -> str:
    """A name for what the files hold now.

    Raises:
        OSError: A file cannot be read.
    """
    digest = hashlib.blake2b(f"irclient {__version__} {FORMAT}".encode(), digest_size=16)
    for path in files:
        digest.update(f"\n{path.parent.name}/{path.name} {path.stat().st_size}\n".encode())
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    return digest.hexdigest()


def kept(cache: Path, key: str) -> Cooked | None:
    """What is kept under the key; None if there is nothing, or nothing that can be read."""
    folder = cache / f"{_KEPT}{key}"
    try:
        found = open_folder(folder).cooked
    except OutputError:
        return None
    with contextlib.suppress(OSError):
        os.utime(folder)
    return found


def keep(cache: Path, key: str, fill: Callable[[Path], None]) -> Cooked:
    """Have a folder filled, and keep it under the key.

    Args:
        cache: Where cooked data is kept; made if it does not exist.
        key: From `cache_key`.
        fill: Writes an output's files into an empty folder.

    Raises:
        OSError: The folder cannot be written.
    """
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    tidy(cache)
    unfinished = Path(tempfile.mkdtemp(dir=cache, prefix=_UNFINISHED))
    try:
        fill(unfinished)
        folder = cache / f"{_KEPT}{key}"
        # What is there is damaged, or another process has just finished the same.
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            os.rename(unfinished, folder)  # noqa: PTH104  (fails where there is one)
        return open_folder(folder).cooked
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def clear(cache: Path) -> int:
    """Remove everything that is kept; returns how many data sets there were."""
    found = list(cache.glob(f"{_KEPT}*"))
    for path in (*found, *cache.glob(f"{_UNFINISHED}*")):
        remove(path)
    return len(found)


def tidy(cache: Path) -> None:
    """Remove what was left behind, what has not been used for long, and what is too much."""
    with contextlib.suppress(OSError):  # another process may be tidying too
        now = time.time()
        for path in cache.glob(f"{_UNFINISHED}*"):
            if path.stat().st_mtime < now - _ABANDONED_AFTER:
                remove(path)
        found = sorted(cache.glob(f"{_KEPT}*"), key=lambda path: path.stat().st_mtime)
        for at, path in enumerate(reversed(found)):
            too_old = path.stat().st_mtime < now - _KEPT_FOR
            if at >= _MOST_KEPT - 1 or too_old or not (path / MANIFEST).is_file():
                remove(path)
