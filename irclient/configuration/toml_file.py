"""A TOML file as it lies on the disk: read, decoded and parsed, or refused in words."""

from __future__ import annotations

import codecs
import os
import stat
import tomllib
import warnings
from pathlib import Path
from typing import Any

from irclient.errors import ConfigurationError

__all__ = ["read_toml"]


def read_toml(path: str | Path) -> dict[str, Any]:
    """Read a TOML file, and warn where anybody may change it.

    Raises:
        ConfigurationError: There is no such file, or it is not TOML.
    """
    return _parsed(_contents(path), path)


def _contents(path: str | Path) -> bytes:
    try:
        found = Path(path).expanduser()
        contents = found.read_bytes()
        _warn_of_strangers(found)
    except (OSError, RuntimeError, TypeError, ValueError) as problem:
        # A name may hold what no file's may, or begin with a home folder that there is not.
        reason = problem.strerror if isinstance(problem, OSError) else problem
        raise ConfigurationError(
            f"configuration file {str(path)!r} cannot be read: {reason}; name an existing TOML file"
        ) from None
    return contents


def _warn_of_strangers(found: Path) -> None:
    """Warn where anybody may write a file that decides where secrets and tokens go.

    Not refused: in containers and on mounted disks every file may look like that.
    """
    if os.name != "posix":
        return
    file, folder = found.stat().st_mode, found.resolve().parent.stat().st_mode
    is_open = file & stat.S_IWOTH or (folder & stat.S_IWOTH and not folder & stat.S_ISVTX)
    if is_open:
        what = "" if file & stat.S_IWOTH else " its folder"
        warnings.warn(
            f"configuration file {str(found)!r}:{what} can be written by every user of this "
            "machine, and it decides where secrets and tokens go; take the right away with "
            f"chmod o-w",
            stacklevel=7,
        )


def _parsed(contents: bytes, path: str | Path) -> dict[str, Any]:
    if contents.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ConfigurationError(f"{path}: not TOML: it is UTF-16; save it as UTF-8")
    try:
        # Some editors of Windows begin a file with a mark that TOML does not know.
        return tomllib.loads(contents.decode("utf-8-sig"))
    except UnicodeDecodeError as problem:
        raise ConfigurationError(
            f"{path}: not TOML: no UTF-8 at byte {problem.start}; save it as UTF-8"
        ) from None
    except tomllib.TOMLDecodeError as problem:
        raise ConfigurationError(f"{path}: not TOML: {problem}") from None
    except RecursionError:
        raise ConfigurationError(f"{path}: not TOML: its tables are nested too deep") from None
