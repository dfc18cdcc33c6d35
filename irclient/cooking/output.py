"""What `irclient cook` leaves behind, and reading it: a folder of arrays that processes share.

```
OUT/current                      one line: the name of the output that is served, such as 0000007
OUT/outputs/0000007/             one cooking; written whole, then never changed
OUT/outputs/0000007/manifest.json
OUT/outputs/0000007/report.json  what was read, dropped and found, for people
OUT/outputs/0000007/NAME.npy     one array each, to be mapped into memory
OUT/.unfinished-…                a cooking under way, or what is left of one that was killed
```

`current` is replaced by an atomic rename, so a reader sees the old name or the new one. It
is cheap to poll. A process that has an output open goes on with it after the switch, also when the
folder has been removed since (on Windows the folder then stays until the process ends).

**Manifest.** `format`, `name`, `interactions_version` (yyyyMMddHHmmss: grows with every change of
the data, and stays the same where the data are the same), `cooked_at` (ISO 8601), `data` (a
fingerprint of what was read), `engine`, `irclient` (the version that cooked),
`personalization_enabled`, `counts` (items, users, interactions), `notes`, `arrays` (for each name
its dtype and shape) and `texts` (the names of columns of texts).

**Texts.** A column NAME of texts is three arrays, `NAME.data` (UTF-8 bytes), `NAME.offsets` and
`NAME.order` (the places in the order of the bytes, for finding): see `Strings`.

| column of texts | what it holds |
| --- | --- |
| `ids`, `titles` | one an item, in the catalogue's order; everywhere else items are places in it |
| `users` | users with a history who have not opted out |
| `scopes` | one a scope: channel, newline, catalog |
| `filter_keys` | one a pair of filter and value: the filter's name casefolded, newline, value |
| `filter_names` | for each pair the filter's name as it was first spelled |
| `image_ids` | images that a visual `similar` may start from |
| `enriched_lists` | one a manual change: RecoListName casefolded, newline, algoType casefolded |
| `external_names`, `external_titles` | the external lists |

With i items, u users, and k neighbours at most; `X_starts` has one entry more than X, and what
belongs to entry e stands at `X_starts[e]:X_starts[e + 1]`:

- `new`, `popular`, `trending`: int32, at most i; the whole list, best first.
- `people_also_items`, `people_also_scores`: int32 and float32, (i, k); neighbours of each item,
  best first; -1 and 0 where an item has fewer. Likewise `cart_…`, `mf_…`, `textual_…`,
  `visual_…`, `styles_…`, and `picks_…`, which is what a user's history is looked up in.
- `factors`: float32, (i, f); for ranking candidates: how alike two items' buyers are.
- `history_starts` (int64, u + 1), `history_items` (int32), `history_weights` (float32): each
  user's items, latest first.
- `scope_starts` (int64), `window_items` (int32): the items that a scope may return;
  `window_starts_at`, `window_ends_at` (int64): from when to when, in ms since 1970 UTC.
- `filter_starts` (int64), `filter_items` (int32): the items of each pair of filter and value.
- `image_starts` (int64), `image_items` (int32): the items that an image shows.
- `enriched_seeds`, `enriched_items` (int32), `enriched_ranks` (float64): a manual change: in the
  list of this seed (-1: in every list), this item, its rank among those on top; NaN to exclude.
- `external_starts` (int64), `external_items` (int32): the items of each external list, in order;
  `external_starts_at`, `external_ends_at` (int64): when it may be shown, in ms since 1970 UTC.

`CookedData(open_output(out).cooked, …)` answers requests from it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from irclient.cooking.strings import Strings
from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

__all__ = ["FORMAT", "Cooked", "Output", "OutputError", "current_name", "open_output"]

#: Counts up whenever an older irclient could not read what is written, or the other way round.
FORMAT: Final = 1
CURRENT: Final = "current"
OUTPUTS: Final = "outputs"
MANIFEST: Final = "manifest.json"
REPORT: Final = "report.json"
#: How often opening starts again when the output was replaced and removed meanwhile.
_ATTEMPTS: Final = 5


class OutputError(ConfigurationError):
    """There is no usable output: says where it was looked for, and what to do."""


@dataclass(frozen=True, slots=True)
class Cooked:
    """Everything that cooking computes, under the names that this module's table gives.

    Attributes:
        arrays: Numbers by name; of an output they are mapped, and cannot be written.
        texts: Columns of texts by name.
        interactions_version: Names the data: yyyyMMddHHmmss.
        cooked_at: When it was cooked.
        personalization_enabled: What Reco_Config says.
        notes: What people should know about the data, such as dropped rows.
        about: What else the manifest says.
    """

    arrays: Mapping[str, npt.NDArray[Any]]
    texts: Mapping[str, Strings]
    interactions_version: str
    cooked_at: datetime
    personalization_enabled: bool
    notes: tuple[str, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Output:
    """One output, open.

    Attributes:
        name: The name of its folder; later outputs have greater names.
        folder: Where it is.
        manifest: What `manifest.json` says.
        cooked: Its arrays and texts.
    """

    name: str
    folder: Path
    manifest: Mapping[str, Any]
    cooked: Cooked


def current_name(out: Path) -> str | None:
    """The name of the output that is to be served; None before the first cooking.

    Raises:
        OutputError: `current` cannot be read.
    """
    try:
        name = (out / CURRENT).read_text("utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as problem:
        raise OutputError(f"{out / CURRENT} cannot be read: {problem}") from problem
    if not name or Path(name).name != name:
        raise OutputError(f"{out / CURRENT} holds {name!r}, which is not the name of an output")
    return name


def open_output(out: Path, name: str | None = None) -> Output:
    """Open an output; its arrays are mapped, so that only what is used is read.

    Args:
        out: The folder that `irclient cook --to` was given.
        name: Which output; None is the current one.

    Raises:
        OutputError: There is none, or it is damaged.
    """
    for _ in range(_ATTEMPTS):
        wanted = name or current_name(out)
        if wanted is None:
            raise OutputError(f"{out} holds no output yet; run: irclient cook FOLDER --to {out}")
        try:
            return open_folder(out / OUTPUTS / wanted)
        except OutputError:
            if name is not None or current_name(out) == wanted:
                raise
    raise OutputError(f"{out} is being replaced faster than it can be opened")


def output_names(out: Path) -> tuple[str, ...]:
    """The outputs that are kept, oldest first."""
    folder = out / OUTPUTS
    if not folder.is_dir():
        return ()
    return tuple(sorted(path.name for path in folder.iterdir() if path.name.isdecimal()))


def open_folder(folder: Path) -> Output:
    """Open the output in this very folder.

    Raises:
        OutputError: It is missing, damaged or of another format.
    """
    manifest = _manifest(folder / MANIFEST)
    try:
        arrays = {name: _mapped(folder, name, about) for name, about in manifest["arrays"].items()}
        texts = {name: _strings(arrays, name) for name in manifest["texts"]}
        cooked = Cooked(
            arrays={name: arrays[name] for name in arrays if name.partition(".")[0] not in texts},
            texts=texts,
            interactions_version=str(manifest["interactions_version"]),
            cooked_at=datetime.fromisoformat(manifest["cooked_at"]).astimezone(UTC),
            personalization_enabled=bool(manifest["personalization_enabled"]),
            notes=tuple(map(str, manifest["notes"])),
            about=manifest,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise OutputError(f"{folder} is damaged: {problem!r}; cook again") from problem
    return Output(folder.name, folder, manifest, cooked)


def _manifest(path: Path) -> dict[str, Any]:
    try:
        found: object = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise OutputError(f"{path} does not exist; cook again") from None
    except (OSError, ValueError) as problem:
        raise OutputError(f"{path} cannot be read: {problem}; cook again") from problem
    if not isinstance(found, dict):
        raise OutputError(f"{path} is not the manifest of an output; cook again")
    manifest = cast("dict[str, Any]", found)
    if manifest.get("format") != FORMAT:
        raise OutputError(
            f"{path} has the format {manifest.get('format')!r}, and this irclient reads {FORMAT}; "
            "cook again with this version"
        )
    return manifest


def _mapped(folder: Path, name: str, about: Mapping[str, Any]) -> npt.NDArray[Any]:
    path = folder / f"{name}.npy"
    shape: Sequence[int] = about["shape"]
    try:
        if 0 in shape:  # nothing to map
            found: npt.NDArray[Any] = np.load(path, allow_pickle=False)
        else:
            found = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as problem:
        raise OutputError(f"{path} cannot be read: {problem}; cook again") from problem
    if list(found.shape) != list(shape) or found.dtype.str != about["dtype"]:
        raise OutputError(f"{path} is not what the manifest says; cook again")
    # The plain view: every slice of a memmap would cost the look-up of its class.
    return found.view(np.ndarray)


def _strings(arrays: Mapping[str, npt.NDArray[Any]], name: str) -> Strings:
    return Strings(arrays[f"{name}.data"], arrays[f"{name}.offsets"], arrays[f"{name}.order"])


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it; what cannot be removed stays."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def fsync_folder(folder: Path) -> None:
    """Make names in a folder durable, where the system can."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return
    try:
        os.fsync(handle)
    except OSError:  # some network file systems refuse
        pass
    finally:
        os.close(handle)
