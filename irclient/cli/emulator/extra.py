"""What the local service needs: the extra ``emulator``."""

from importlib import import_module

from irclient.errors import ConfigurationError

__all__ = ["require_emulator"]


def require_emulator() -> None:
    """Make sure that `irclient.emulator` can be imported.

    Raises:
        ConfigurationError: What it needs is not installed.
    """
    try:
        # Loaded here: the other commands work without numpy and the rest of the extra.
        import_module("irclient.emulator")
    except ModuleNotFoundError as missing:
        if (missing.name or "irclient").partition(".")[0] == "irclient":
            raise
        raise ConfigurationError(str(missing)) from None
