"""Where the emulator's data comes from: the user's folder, or the made-up shop written once."""

from __future__ import annotations

import os
import shutil
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

if TYPE_CHECKING:
    from datetime import datetime

    from irclient.cooking.cooked_data import CookedData
    from irclient.emulator.options import Cook
    from irclient.emulator.switches import Switches

__all__ = ["cook_from"]


def cook_from(data: Path | None, *, cache_folder: Path | None, switches: Switches) -> Cook:
    """What cooks the folder of data; None is the made-up shop.

    Args:
        data: A folder in IR's data contract.
        cache_folder: Where the shop and cooked data are kept between runs; None is the user's
            cache folder.
        switches: What the contract leaves open.
    """
    kept = cache_folder or platformdirs.user_cache_path("irclient") / "emulator"

    def cook(cooked_at: datetime) -> CookedData:
        from irclient.cooking.pipeline import cook_folder  # noqa: PLC0415  (numpy: on its thread)

        return cook_folder(
            data or _shop(kept),
            cooked_at=cooked_at,
            cache_folder=kept / "cooked",
            unknown_user=switches.unknown_user,
        )

    return cook


def _shop(kept: Path) -> Path:
    folder = kept / f"shop-{_generator_version():08x}"
    if folder.is_dir():
        return folder
    from irclient.emulator.shop.written_shop import write_shop  # noqa: PLC0415  (only the first run writes)

    kept.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix="shop-", dir=kept))
    try:
        write_shop(unfinished)
        # Whoever else writes the same shop just now writes the same files.
        os.rename(unfinished, folder)  # noqa: PTH104  (fails where folder is there, as wanted)
    except OSError:
        if not folder.is_dir():
            raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _generator_version() -> int:
    """Changes with the code that writes the shop, so that nobody is served an older one."""
    version = 0
    for source in sorted(Path(__file__).parent.glob("*.py")):
        version = zlib.crc32(source.read_bytes(), version)
    return version
