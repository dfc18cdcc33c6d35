"""Cooking: computing every list of a data set once, so that requests only look things up.

The service cooks on a cycle and answers from the result (contract section 13); so does this.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from irclient.cooking.cooked_cache import cache_key, load, save
from irclient.cooking.cooked_data import CookedData
from irclient.cooking.data.data_contract import read_data_set
from irclient.cooking.data.partitions import read_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from irclient.cooking.cooked_cache import Cooked
    from irclient.cooking.cooked_data import UnknownUser
    from irclient.cooking.data.data_contract import DataSet

__all__ = ["compute_here", "cook", "cook_folder"]


def cook(
    data: DataSet, *, cooked_at: datetime, unknown_user: UnknownUser = "popular"
) -> CookedData:
    """Compute every list of the data set.

    Args:
        data: What `read_data_set` read.
        cooked_at: Names the result; the lists themselves do not depend on it.
        unknown_user: What picks answers for a user without a usable history. The contract does
            not know; popular items are what a shop would rather show.
    """
    return CookedData(_computed(data), cooked_at=cooked_at, unknown_user=unknown_user)


def compute_here(folder: Path) -> Cooked:
    """Compute every list of a data-contract folder, in this process and on this thread.

    Raises:
        DataContractError: The folder does not follow the data contract.
    """
    return _computed(read_data_set(folder))


def cook_folder(
    folder: Path,
    *,
    cooked_at: datetime,
    cache_folder: Path | None,
    unknown_user: UnknownUser = "popular",
    compute: Callable[[Path], Cooked] = compute_here,
) -> CookedData:
    """Cook a data-contract folder, or take what was cooked of the same files before.

    Args:
        folder: Holds `model.json` and the CSV files.
        cooked_at: Names the result.
        cache_folder: Where cooked data is kept between runs; None keeps none. If it cannot be
            written, the data is cooked each time.
        unknown_user: As for `cook`.
        compute: Computes the lists of the folder when they were not kept.

    Raises:
        DataContractError: The folder does not follow the data contract.
    """
    if cache_folder is None:
        return CookedData(compute(folder), cooked_at=cooked_at, unknown_user=unknown_user)
    key = cache_key(read_model(folder).files)
    kept = load(cache_folder, key)
    if kept is not None:
        with contextlib.suppress(KeyError, IndexError, ValueError):  # damaged: cook again
            return CookedData(kept, cooked_at=cooked_at, unknown_user=unknown_user)
    cooked = compute(folder)
    with contextlib.suppress(OSError):
        save(cache_folder, key, cooked)
    return CookedData(cooked, cooked_at=cooked_at, unknown_user=unknown_user)


def _computed(data: DataSet) -> Cooked:
    # Here, because scipy takes most of the time of a start that finds its data cooked.
    from irclient.cooking.recipes import cooked_parts  # noqa: PLC0415

    return cooked_parts(data)
