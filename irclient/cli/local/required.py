"""The local service as the command starts it: the extra ``emulator`` must be there."""

from typing import TYPE_CHECKING

from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["require_emulator"]


def require_emulator() -> "ModuleType":
    """Return `irclient.emulator`.

    Raises:
        ConfigurationError: What it needs is not installed.
    """
    try:
        # Imported here: the other commands work without numpy and the rest of the extra.
        import irclient.emulator  # noqa: PLC0415
    except ModuleNotFoundError as missing:
        if (missing.name or "irclient").partition(".")[0] == "irclient":
            raise
        raise ConfigurationError(
            f"the local service needs {missing.name}; "
            "install it with: pip install 'irclient[cli,emulator]'"
        ) from None
    return irclient.emulator
