"""A token that somebody else looks after."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from irclient.auth.arguments import is_sendable
from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from irclient._core.protocol import TokenReading, TokenStatus
    from irclient._values.secret import Secret

__all__ = ["StaticToken"]


class StaticToken:
    """Sends one bearer token as it is, for tests and for a look around in a notebook.

    Args:
        token: The token, without ``Bearer``.

    Raises:
        ConfigurationError: It is blank, or cannot stand in a header.
    """

    __slots__ = ("_reading",)

    def __init__(self, token: str) -> None:
        if not is_sendable(token):
            # Not quoted: a token with a stray newline is still a token. Nor shown by a traceback.
            del token
            raise ConfigurationError(
                "StaticToken: the token must be a str of visible ASCII characters without spaces "
                "or line ends; pass it without 'Bearer ', and strip() what was read from a file"
            )
        # Loaded here: a program that only imports a credential does not pay for the core.
        from irclient._core.protocol import TokenReading  # noqa: PLC0415
        from irclient._values.secret import Secret  # noqa: PLC0415

        self._reading = TokenReading(token=Secret(token))

    def read(self, now: float) -> TokenReading:  # noqa: ARG002  (a TokenSource is told the time)
        """Return the token."""
        return self._reading

    def reject(self, token: Secret, now: float) -> bool:  # noqa: ARG002
        """Return False: there is no other token."""
        return False

    def status(self, now: float) -> TokenStatus:  # noqa: ARG002
        """Say that there is a token; how long it lives is not known."""
        # Loaded here: see above.
        from irclient._core.protocol import TokenStatus  # noqa: PLC0415

        return TokenStatus("valid", None, None)

    def hasten(self, now: float) -> None:
        """Do nothing: there is nothing to fetch."""

    def __repr__(self) -> str:
        return "StaticToken(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a StaticToken holds a token and cannot be pickled; make one in each process"
        )
