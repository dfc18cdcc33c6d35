"""The environment of a local service's clients, as a file that a shell can read.

It is a file because it holds the header that guards the local managed identity: readable by
its owner alone, and never printed.
"""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

__all__ = ["printable", "write_environment"]

_GUARDED = frozenset({"IDENTITY_HEADER"})
_NAME = "environment.sh"


def printable(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that may be shown."""
    return {name: value for name, value in environment.items() if name not in _GUARDED}


def write_environment(environment: Mapping[str, str], folder: Path) -> Path:
    """Write the variables as ``export`` lines and return the file."""
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in environment.items()]
    file = folder / _NAME
    file.unlink(missing_ok=True)
    # Private from the first byte on, whatever the umask says.
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.writelines(lines)
    return file
