"""The variables that name the authorities to trust: checked before an outage finds them wrong."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["check_variables"]

_IS_THERE: Final[Mapping[str, Callable[[Path], bool]]] = {
    "SSL_CERT_FILE": Path.is_file,
    "SSL_CERT_DIR": Path.is_dir,
    "REQUESTS_CA_BUNDLE": Path.exists,
}


def check_variables(*names: str) -> None:
    """Refuse a variable that names what is not there.

    Raises:
        ConfigurationError: It names the variable and its value.
    """
    for name in names:
        given = os.environ.get(name)
        if given and not _IS_THERE[name](Path(given)):
            raise ConfigurationError(
                f"{name}={given!r} is not there; name what holds the authorities to trust, "
                "or leave the variable out"
            )
