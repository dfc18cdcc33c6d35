"""What the command's exit codes mean: one table, which the help shows and scripts rely on."""

from enum import IntEnum
from typing import Final

from irclient import errors
from irclient.errors import IRError

__all__ = ["ExitCode", "exit_code_of", "exit_code_table"]


class ExitCode(IntEnum):
    """The exit codes of every command."""

    OK = 0
    FAILED = 1
    WRONG_USE = 2
    NO_ACCESS = 3
    THROTTLED = 4
    UNAVAILABLE = 5
    NOT_READY = 6


_MEANING: Final = {
    ExitCode.OK: "all is well",
    ExitCode.FAILED: "the call failed in another way, or a check found something wrong",
    ExitCode.WRONG_USE: "wrong use, configuration or query",
    ExitCode.NO_ACCESS: "no token, or the service does not accept it",
    ExitCode.THROTTLED: "every endpoint is at its TPS; try again later",
    ExitCode.UNAVAILABLE: "every endpoint failed, or time ran out",
    ExitCode.NOT_READY: "the service waits for its first cooking",
}

#: The first kind that fits decides, so special kinds stand before general ones.
_BY_KIND: Final[tuple[tuple[type[IRError], ExitCode], ...]] = (
    (errors.ConfigurationError, ExitCode.WRONG_USE),
    (errors.QueryError, ExitCode.WRONG_USE),
    (errors.AuthenticationError, ExitCode.NO_ACCESS),
    (errors.AccessDenied, ExitCode.NO_ACCESS),
    (errors.Throttled, ExitCode.THROTTLED),
    (errors.DeadlineExceeded, ExitCode.UNAVAILABLE),
    (errors.NotReady, ExitCode.NOT_READY),
    (errors.Unavailable, ExitCode.UNAVAILABLE),
)


def exit_code_of(error: IRError) -> ExitCode:
    """Return the exit code for an error."""
    return next((code for kind, code in _BY_KIND if isinstance(error, kind)), ExitCode.FAILED)


def exit_code_table() -> str:
    """Return the table as one line of prose, for the help."""
    return "; ".join(f"{code.value} {_MEANING[code]}" for code in ExitCode)
