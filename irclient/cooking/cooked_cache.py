"""Cooked data on disk, so that the emulator starts without cooking again.

One file a data set, named after a hash of the data set's files and of the format. Written whole
or not at all; a file that cannot be read counts as absent. No pickle: reading one runs no code.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import numpy.typing as npt

__all__ = ["Cooked", "cache_key", "load", "save"]

#: Counts up whenever cooking gives other results or other names for them.
FORMAT: Final = 1
#: How many data sets are kept; the least recently written go first.
_KEPT_FILES: Final = 8
_TEXTS: Final = "texts"
#: Seconds after which an unfinished file is what a killed process left behind.
_ABANDONED_AFTER: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Cooked:
    """Everything that cooking computes, in a form that a file can hold.

    Attributes:
        arrays: Numbers by name.
        texts: Lists of strings by name.
    """

    arrays: Mapping[str, npt.NDArray[Any]]
    texts: Mapping[str, list[str]]


def cache_key(files: Iterable[Path]) -> str:
    """A name for what the files hold now."""
    digest = hashlib.blake2b(f"irclient cooked {FORMAT}".encode(), digest_size=16)
    for path in files:
        content = path.read_bytes()
        digest.update(f"\n{path.parent.name}/{path.name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def load(folder: Path, key: str) -> Cooked | None:
    """What was saved under the key; None if there is nothing, or nothing that can be read."""
    try:
        # Opened here, since numpy leaves a file open whose end is missing.
        with _path(folder, key).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays: dict[str, npt.NDArray[Any]] = {name: file[name] for name in file.files}
        texts: dict[str, list[str]] = json.loads(arrays.pop(_TEXTS).tobytes())
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return Cooked(arrays, texts)


def save(folder: Path, key: str, cooked: Cooked) -> None:
    """Keep the cooked data under the key.

    Raises:
        OSError: The folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    texts = np.frombuffer(json.dumps(dict(cooked.texts)).encode(), dtype=np.uint8)
    handle, name = tempfile.mkstemp(dir=folder, prefix="cooking-", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, allow_pickle=False, **{**cooked.arrays, _TEXTS: texts})
        os.replace(name, _path(folder, key))  # noqa: PTH105 - the name came from mkstemp
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)  # noqa: PTH108
        raise
    _tidy(folder)


def _path(folder: Path, key: str) -> Path:
    return folder / f"cooked-{key}.npz"


def _tidy(folder: Path) -> None:
    with contextlib.suppress(OSError):  # another process may be tidying too
        abandoned_before = time.time() - _ABANDONED_AFTER
        for path in folder.glob("cooking-*.tmp"):
            if path.stat().st_mtime < abandoned_before:
                path.unlink(missing_ok=True)
        kept = sorted(folder.glob("cooked-*.npz"), key=lambda path: path.stat().st_mtime)
        for path in kept[:-_KEPT_FILES]:
            path.unlink(missing_ok=True)
