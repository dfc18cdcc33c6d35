"""Where the emulator's data comes from: the user's folder, or the made-up shop written once."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import tempfile
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

import platformdirs

from irclient.cooking import cooked_cache
from irclient.cooking.child import CookingProcesses
from irclient.cooking.pipeline import cook_folder

if TYPE_CHECKING:
    from datetime import datetime

    from irclient.cooking.cooked_data import CookedData
    from irclient.emulator.switches import Switches

__all__ = ["FolderCook", "clear_cooked"]

_LOGGER: Final = logging.getLogger("irclient.emulator")
_UNFINISHED: Final = "unfinished-shop-"
#: The folder of cooked data among what is kept.
_COOKED: Final = "cooked"
#: Seconds after which an unfinished shop is what a killed process left behind.
_ABANDONED_AFTER: Final = 3600.0


class FolderCook:
    """Cooks the folder of data, each time it is called, in a process of its own.

    Args:
        data: A folder in IR's data contract; None is the made-up shop.
        cache_folder: Where the shop and cooked data are kept between runs; None is the user's
            cache folder. If it cannot be written, the shop is written and cooked anew.
        scratch: A folder that can be written, for what is not kept.
        switches: What the contract leaves open.
    """

    def __init__(
        self, data: Path | None, *, cache_folder: Path | None, scratch: Path, switches: Switches
    ) -> None:
        self._data = data
        self._kept = cache_folder or _default_folder()
        self._scratch = scratch
        self._switches = switches
        self._processes = CookingProcesses(scratch)
        self._told: set[str] = set()

    def __call__(self, cooked_at: datetime) -> CookedData:
        """Compute the lists, or take what was kept of the same data.

        Raises:
            DataContractError: The folder does not follow the data contract.
            CookingStopped: `stop` was called.
        """
        data = cook_folder(
            self._data or self._shop(),
            cooked_at=cooked_at,
            cache_folder=self._kept / _COOKED,
            unknown_user=self._switches.unknown_user,
            compute=self._processes.compute,
        )
        self._tell(data.notes)
        return data

    def _tell(self, notes: tuple[str, ...]) -> None:
        """Say once what is unusual about the data, though every account cooks them."""
        for note in notes:
            if note not in self._told:
                self._told.add(note)
                _LOGGER.warning("%s", note)

    def stop(self) -> None:
        """End what is being cooked, at once."""
        self._processes.stop()

    def _shop(self) -> Path:
        try:
            self._kept.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._kept):
                pass
        except OSError as problem:
            _LOGGER.warning(
                "%s cannot be written (%s): the shop is made and cooked anew at each start",
                self._kept,
                problem,
            )
            return _written_shop(self._scratch)
        return _written_shop(self._kept)


def clear_cooked(cache_folder: Path | None = None) -> int:
    """Remove what was cooked and kept, which holds the histories of the data's users.

    Args:
        cache_folder: Where it is kept; None is the user's cache folder.

    Returns:
        How many data sets there were.
    """
    return cooked_cache.clear((cache_folder or _default_folder()) / _COOKED)


def _default_folder() -> Path:
    return platformdirs.user_cache_path("irclient") / "emulator"


def _written_shop(within: Path) -> Path:
    folder = within / f"shop-{_generator_version():08x}"
    if folder.is_dir():
        return folder
    # Here, because only the first run writes.
    from irclient.emulator.shop.written_shop import write_shop  # noqa: PLC0415

    _remove_abandoned(within)
    unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=within))
    try:
        write_shop(unfinished)
        # Another process that writes the same shop just now writes the same files.
        os.rename(unfinished, folder)  # noqa: PTH104  (fails where folder is there, as wanted)
    except OSError:
        if not folder.is_dir():
            raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _remove_abandoned(within: Path) -> None:
    for folder in within.glob(f"{_UNFINISHED}*"):
        with contextlib.suppress(OSError):  # another process may be tidying too
            if folder.stat().st_mtime < time.time() - _ABANDONED_AFTER:
                shutil.rmtree(folder, ignore_errors=True)


def _generator_version() -> int:
    """Changes with the code that writes the shop, so that an older one is not served."""
    version = 0
    for source in sorted(Path(__file__).parent.glob("*.py")):
        version = zlib.crc32(source.read_bytes(), version)
    return version
