"""Every error that a user of irclient can meet, sorted by who must act.

```
IRError
├── ConfigurationError        you, before any call
├── QueryError                you, this call: a bad parameter, or refused by the service (400, 404)
├── AuthenticationError       no token could be fetched, or the service refuses it (401)
├── AccessDenied              the App ID is not on the account's allow-list (403)
├── Throttled                 every endpoint is at its TPS; retry_after in seconds
├── DeadlineExceeded          time ran out; the attempts say where it went
├── Unavailable               every endpoint failed
│   └── NotReady              every endpoint is still waiting for its first cooking
├── UnexpectedAnswer          an answer outside the contract
└── ClientClosed              the client was closed before or during the call
```

Each can be pickled, and none holds a token, a secret or a request header.
"""

from __future__ import annotations

from typing import Any

from irclient.attempts import Attempt

__all__ = [
    "AccessDenied",
    "Attempt",
    "AuthenticationError",
    "ClientClosed",
    "ConfigurationError",
    "DeadlineExceeded",
    "IRError",
    "NotReady",
    "QueryError",
    "Throttled",
    "Unavailable",
    "UnexpectedAnswer",
]


class IRError(Exception):
    """The root of every error that irclient raises.

    Attributes:
        attempts: The attempts of the call, oldest first; empty when nothing was sent.
    """

    attempts: tuple[Attempt, ...]

    def __init__(self, message: str, *, attempts: tuple[Attempt, ...] = ()) -> None:
        super().__init__(message)
        self.attempts = attempts

    def __reduce__(self) -> tuple[Any, ...]:
        # BaseException's own way calls type(self)(*args) and so loses keyword-only state.
        return _restore, (type(self), self.args, dict(self.__dict__))


def _restore(kind: type[IRError], args: tuple[Any, ...], state: dict[str, Any]) -> IRError:
    error = kind.__new__(kind, *args)
    error.args = args
    # Notes travel in the state as well: add_note stores them in the instance's dictionary.
    error.__dict__.update(state)
    return error


class ConfigurationError(IRError):
    """The client cannot be built, or used, as it was configured; nothing was sent.

    Attributes:
        problems: Each thing that is wrong, in words of its own; the message joins them.
    """

    problems: tuple[str, ...]

    def __init__(self, *problems: str, attempts: tuple[Attempt, ...] = ()) -> None:
        super().__init__("; ".join(problems), attempts=attempts)
        self.problems = problems


class QueryError(IRError):
    """The query is wrong: refused here before it was sent, or by the service (400, 404).

    Attributes:
        status: The HTTP status of the refusal, or None when it was refused here.
    """

    def __init__(
        self, message: str, *, attempts: tuple[Attempt, ...] = (), status: int | None = None
    ) -> None:
        super().__init__(message, attempts=attempts)
        self.status = status


class AuthenticationError(IRError):
    """No token could be fetched, or the service refuses the one we have (401).

    Attributes:
        code: The identity provider's own code when it gave one, for example ``AADSTS7000215``.
    """

    def __init__(
        self, message: str, *, attempts: tuple[Attempt, ...] = (), code: str | None = None
    ) -> None:
        super().__init__(message, attempts=attempts)
        self.code = code


class AccessDenied(IRError):  # noqa: N818
    """The token is good, but its App ID is not on the account's allow-list (403)."""


class Throttled(IRError):  # noqa: N818
    """Every endpoint is at its TPS.

    Attributes:
        retry_after: Seconds until it makes sense to ask again.
    """

    def __init__(
        self, message: str, *, attempts: tuple[Attempt, ...] = (), retry_after: float = 1.0
    ) -> None:
        super().__init__(message, attempts=attempts)
        self.retry_after = retry_after


class DeadlineExceeded(IRError):  # noqa: N818
    """The call's deadline passed; the attempts say where the time went.

    Attributes:
        retry_after: Seconds until it makes sense to ask again, where the client had no token yet
            and so nothing could be sent; else None.
    """

    def __init__(
        self, message: str, *, attempts: tuple[Attempt, ...] = (), retry_after: float | None = None
    ) -> None:
        super().__init__(message, attempts=attempts)
        self.retry_after = retry_after


class Unavailable(IRError):  # noqa: N818
    """Every endpoint failed.

    Attributes:
        retry_after: Seconds until an endpoint is asked again whether it is back, where that is
            known; else None.
    """

    def __init__(
        self, message: str, *, attempts: tuple[Attempt, ...] = (), retry_after: float | None = None
    ) -> None:
        super().__init__(message, attempts=attempts)
        self.retry_after = retry_after


class NotReady(Unavailable):
    """Every endpoint is still waiting for its first cooking: there is no data to answer with."""


class UnexpectedAnswer(IRError):  # noqa: N818
    """An answer outside the contract: not a list, too large, or changed while it was paged."""


class ClientClosed(IRError):  # noqa: N818
    """The client was closed before or during the call."""
