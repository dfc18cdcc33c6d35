"""What a module says that needs an extra which is not installed."""

from __future__ import annotations

__all__ = ["how_to_install"]


def how_to_install(missing: ModuleNotFoundError, *, module: str, extra: str) -> str:
    """Return which package a module of ours needs, and the command that installs it.

    Args:
        missing: What importing the module's packages raised.
        module: The module that needs them, with its full name.
        extra: The extra that brings them.

    Raises:
        ModuleNotFoundError: What is missing is a module of ours, which no extra brings.
    """
    package = (missing.name or "irclient").partition(".")[0]
    if package == "irclient":
        raise missing
    return f"{module} needs {package}: pip install 'irclient[{extra}]'"
