"""Writing outputs and switching between them, so that a reader always finds a whole one.

Nothing that a reader can see is ever changed: an output is written beside the others, made durable,
and moved into its place; then `current` is replaced. Killed at any instant, the previous output
is still the current one, and the next cooking removes what was left behind.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from irclient._version import __version__
from irclient.cooking.output import (
    CURRENT,
    FORMAT,
    MANIFEST,
    OUTPUTS,
    REPORT,
    OutputError,
    current_name,
    fsync_folder,
    open_folder,
    open_output,
    output_names,
    remove,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from irclient.cooking.output import Cooked, Output

__all__ = ["Shelf", "next_version", "write_folder"]

_UNFINISHED: Final = ".unfinished-"
_LOCK: Final = ".lock"
_VERSION: Final = "%Y%m%d%H%M%S"
_DIGITS: Final = 7


class Shelf:
    """The folder that holds a data set's outputs, open for one writer.

    Args:
        out: The folder; made if it does not exist.
    """

    def __init__(self, out: Path) -> None:
        self._out = out

    @contextlib.contextmanager
    def locked(self) -> Generator[None]:
        """Keep other writers out, and remove what a killed one left behind.

        Raises:
            OutputError: Another cooking writes here, or the folder cannot be written.
        """
        try:
            (self._out / OUTPUTS).mkdir(parents=True, exist_ok=True)
            handle = os.open(self._out / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as problem:
            raise OutputError(f"{self._out} cannot be written: {problem}") from problem
        try:
            _lock(handle, self._out)
            for left in self._out.glob(f"{_UNFINISHED}*"):
                remove(left)
            yield
        finally:
            os.close(handle)

    @contextlib.contextmanager
    def unfinished(self) -> Generator[Path]:
        """A folder that is removed at the end unless it was published; on the same file system."""
        folder = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=self._out))
        folder.chmod(0o755)  # the server may run as another user
        try:
            yield folder
        finally:
            remove(folder)

    def publish(self, unfinished: Path, *, keep: int) -> Output:
        """Move a written output into its place, make it the current one, and remove the oldest.

        Args:
            unfinished: What `write_folder` filled.
            keep: How many outputs stay, this one included; at least one.

        Raises:
            OSError: The folder cannot be written.
        """
        name = self._next_name()
        folder = self._out / OUTPUTS / name
        fsync_folder(unfinished)
        os.rename(unfinished, folder)  # noqa: PTH104  (fails where there is one, as wanted)
        fsync_folder(folder.parent)
        self._switch(name)
        self._prune(keep)
        return open_folder(folder)

    def roll_back(self, name: str | None, *, keep: int) -> Output:
        """Serve an earlier output again, under a new name and version.

        Clients take a greater version for newer data and forget what they hold; an output that
        came back under its old version would look outdated to them.

        Args:
            name: Which output; None is the one before the current one.
            keep: As for `publish`.

        Raises:
            OutputError: There is no such output.
        """
        current = open_output(self._out)
        earlier = [each for each in output_names(self._out) if each < current.name]
        wanted = name or (earlier[-1] if earlier else None)
        if wanted is None or wanted not in output_names(self._out):
            kept = ", ".join(output_names(self._out)) or "none"
            raise OutputError(f"{self._out} keeps no output {wanted or 'before ' + current.name}; "
                              f"it keeps {kept}")  # fmt: skip
        old = open_output(self._out, wanted)
        manifest = dict(old.manifest) | {
            "rolled_back_to": wanted,
            "interactions_version": _greater(current.cooked.interactions_version),
        }
        with self.unfinished() as folder:
            for path in old.folder.iterdir():
                if path.name != MANIFEST:
                    _share(path, folder / path.name)
            _write(folder / MANIFEST, json.dumps(manifest, indent=1).encode())
            return self.publish(folder, keep=keep)

    def _next_name(self) -> str:
        names = (*output_names(self._out), current_name(self._out) or "0")
        return str(max(map(int, names)) + 1).zfill(_DIGITS)

    def _switch(self, name: str) -> None:
        handle, temporary = tempfile.mkstemp(prefix=_UNFINISHED, dir=self._out)
        with os.fdopen(handle, "wb") as file:
            file.write(f"{name}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(self._out / CURRENT)
        fsync_folder(self._out)

    def _prune(self, keep: int) -> None:
        for name in output_names(self._out)[: -max(keep, 1)]:
            remove(self._out / OUTPUTS / name)


def next_version(previous: Output | None, *, data: str, cooked_at: datetime) -> str:
    """The `interactionsVersion` of what is being cooked: of the data, and growing.

    Args:
        previous: What is served now, if anything.
        data: The fingerprint of the data.
        cooked_at: When this cooking started.
    """
    stamp = cooked_at.astimezone(UTC).strftime(_VERSION)
    if previous is None:
        return stamp
    version = previous.cooked.interactions_version
    if previous.manifest.get("data") == data:
        return version
    return max(stamp, _greater(version))


def write_folder(folder: Path, cooked: Cooked, *, report: Mapping[str, Any] | None = None) -> None:
    """Write an output's files into an existing, empty folder, and make them durable.

    Raises:
        OSError: The folder cannot be written.
    """
    arrays = dict(cooked.arrays)
    for name, column in cooked.texts.items():
        arrays |= {f"{name}.{part}": array for part, array in column.arrays.items()}
    for name, array in arrays.items():
        with (folder / f"{name}.npy").open("wb") as file:
            np.save(file, array, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
    manifest = dict(cooked.about) | {
        "format": FORMAT,
        "irclient": __version__,
        "interactions_version": cooked.interactions_version,
        "cooked_at": cooked.cooked_at.isoformat(),
        "personalization_enabled": cooked.personalization_enabled,
        "notes": list(cooked.notes),
        "texts": sorted(cooked.texts),
        "arrays": {
            name: {"dtype": array.dtype.str, "shape": list(array.shape)}
            for name, array in sorted(arrays.items())
        },
    }
    if report is not None:
        _write(folder / REPORT, json.dumps(report, indent=1, default=str).encode())
    _write(folder / MANIFEST, json.dumps(manifest, indent=1).encode())


def _greater(version: str) -> str:
    after = datetime.strptime(version, _VERSION).replace(tzinfo=UTC) + timedelta(seconds=1)
    return after.strftime(_VERSION)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _share(path: Path, other: Path) -> None:
    try:
        other.hardlink_to(path)
    except OSError:  # the file system has no links
        shutil.copyfile(path, other)


def _lock(handle: int, out: Path) -> None:
    """Lock for as long as the handle is open: the system lets go when the process ends."""
    try:
        import fcntl  # noqa: PLC0415  (not on Windows, where two writers are not kept apart)
    except ModuleNotFoundError:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OutputError(f"another cooking writes to {out}; wait until it has ended") from None
    except OSError:  # the file system knows no locks
        return
