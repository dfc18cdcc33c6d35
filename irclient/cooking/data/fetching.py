"""A data-contract folder wherever it is: on this machine, or behind a URL."""

from __future__ import annotations

import contextlib
import re
import tempfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from irclient.cooking.data.problems import DataContractError
from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["local_folder"]

_EXTRAS: Final = {"adlfs": "azure", "fsspec": "cook"}
#: A user with a password; abfs://container@account has none.
_LOGIN: Final = re.compile("(?<=//)[^/@:]*:.*@")


@contextlib.contextmanager
def local_folder(source: str, scratch: Path) -> Generator[Path]:
    """The folder on this machine; what is behind a URL is copied, and removed at the end.

    Args:
        source: A path, or a URL that fsspec understands, such as ``abfs://container/root``.
        scratch: An existing folder for the copy.

    Raises:
        ConfigurationError: What the URL needs is not installed.
        DataContractError: There is nothing there, or it cannot be read.
    """
    if "://" not in source:
        yield Path(source)
        return
    login = _LOGIN.search(source)

    def shown(words: object) -> str:
        return str(words) if login is None else str(words).replace(login[0], "…@")

    with tempfile.TemporaryDirectory(dir=scratch, prefix=".unfinished-copy-") as copied:
        folder = Path(copied) / "data"
        try:
            # Here, because most folders are local.
            fsspec: Any = import_module("fsspec")
            system, path = fsspec.url_to_fs(source)
            system.get(path.rstrip("/") + "/", str(folder), recursive=True)
        except ImportError as missing:
            # fsspec names the package that a URL needs in its words alone.
            extra = next((_EXTRAS[each] for each in _EXTRAS if each in str(missing)), None)
            what = "that package" if extra is None else f"'irclient[{extra}]'"
            raise ConfigurationError(
                f"{shown(source)} cannot be read without another package: {shown(missing)}; "
                f"pip install {what}"
            ) from None
        except (OSError, ValueError) as problem:
            raise DataContractError(
                f"{shown(source)} cannot be read: {shown(problem)}"
            ) from problem
        yield folder
