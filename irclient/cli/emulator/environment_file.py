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


def printable(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that may be shown."""
    return {name: value for name, value in environment.items() if name not in _GUARDED}


def write_environment(environment: Mapping[str, str], folder: Path) -> Path:
    """Write the variables as lines of this system's shell, to be sourced, and return the file."""
    if os.name == "nt":
        file = folder / "environment.ps1"
        lines = [f"$env:{name} = '{_doubled(value)}'\n" for name, value in environment.items()]
    else:
        file = folder / "environment.sh"
        lines = [f"export {name}={shlex.quote(value)}\n" for name, value in environment.items()]
    file.unlink(missing_ok=True)
    # Private from the first byte on, whatever the umask says.
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.writelines(lines)
    return file


def _doubled(value: str) -> str:
    return value.replace("'", "''")
