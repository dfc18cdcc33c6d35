"""What the core and its drivers say to each other.

The core yields a command; the driver carries it out and sends back what came of it, with the
time. Drivers decide nothing: each command says all there is to know about how long and how.
"""

from __future__ import annotations

from collections.abc import Generator
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypeVar, cast

from irclient._values.enum_members import found_quickly
from irclient._values.momentary import value

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient._core.flights import Flight
    from irclient._values.secret import Secret
    from irclient._wire.requests import Request
    from irclient._wire.responses import Response
    from irclient.errors import AuthenticationError
    from irclient.observe import Record
    from irclient.topology import ServiceEndpoint

__all__ = [
    "Call",
    "Command",
    "Failure",
    "Finish",
    "GivenUp",
    "NotStarted",
    "Race",
    "Resumed",
    "Send",
    "Spawn",
    "Start",
    "Tell",
    "TokenReading",
    "TokenSource",
    "TokenStatus",
    "Trouble",
    "Wait",
    "Work",
]


class Trouble(Enum):
    """Why no complete answer came."""

    UNREACHABLE = "unreachable"
    """No connection: refused, no such host, TLS refused. The request was never sent."""
    STALE_CONNECTION = "stale connection"
    """A kept connection turned out to be closed before any byte of an answer came: the request may
    be sent again over a new one (RFC 9112, section 9.3.1)."""
    BROKEN = "broken"
    """The connection broke, or what came over it was not HTTP."""
    TIMED_OUT = "timed out"
    """The time given to the attempt passed."""
    TOO_LARGE = "too large"
    """The answer is larger than any list could be, before or after decompression."""
    LOCAL = "local"
    """Our own side: the pool, a request we may not send, decoding, a transport's mistake."""


found_quickly(Trouble)


@value
class Failure:
    """What a transport says when no complete answer came.

    Attributes:
        trouble: The kind.
        reason: In words, for messages and logs.
        cause: The exception, where it helps the author of the transport.
        opened_connection: As of a `Response`; not known of what failed.
        sent_at: As of a `Response`; not known of what failed.
    """

    trouble: Trouble
    reason: str
    cause: BaseException | None = None
    opened_connection: bool = False
    sent_at: float = 0.0


@value
class Send:
    """Send a request once and wait for the complete answer.

    Attributes:
        endpoint: Where to.
        request: What to send.
        token: The bearer token.
        within: Seconds for everything, from connecting to the last byte.
        connect_within: Seconds for connecting, name resolution and TLS included.
        over_new_connection: Whether to open a connection instead of using one that was kept.
    """

    endpoint: ServiceEndpoint
    request: Request
    token: Secret
    within: float
    connect_within: float
    over_new_connection: bool = False

    def __repr__(self) -> str:
        # The token stays out of every trace.
        return f"Send({self.endpoint.label}, {self.request.target}, within={self.within:.3f})"


@value
class Race:
    """Send a request, and another if it is not over by `other_at`; the first good one wins.

    Attributes:
        first: The request to send at once.
        other_at: When to ask for the other request; not asked if the first is over by then.
        other: Told the time, returns the other request, or None to go on waiting for the first.
        is_good: Whether an outcome ends the race; when both are bad, the race ends with both.
    """

    first: Send
    other_at: float
    other: Callable[[float], Send | None]
    is_good: Callable[[Send, Response | Failure], bool]


@value
class Finish:
    """A request of a race that came to its end, in the order of the ends."""

    send: Send
    outcome: Response | Failure
    at: float


@value
class Wait:
    """Do nothing until an instant, or until a flight has landed."""

    until: float
    flight: Flight | None = None


class Work(Protocol):
    """Blocking work that others wait for."""

    def __call__(self, tell: Callable[[Record], None], /) -> None:
        """Do it; `tell` takes records of what was done."""
        ...

    def abandon(self) -> None:
        """Wake the calls that wait, because it will not be done; harmless once it has begun."""
        ...


@value
class Start:
    """Start blocking work on a thread and go on at once; answered with `NotStarted` or None."""

    work: Work


@value
class Spawn:
    """Drive another call in the background and go on at once, without waiting for its result.

    Answered with `NotStarted`, and the call never begun, where there is no thread for it, or None.

    Attributes:
        call: Begins it.
        purpose: What it is for.
    """

    call: Callable[[float], Call[Any]]
    purpose: Literal["refresh", "probe"]


@value
class NotStarted:
    """The answer to a `Start` or a `Spawn` that could not be carried out.

    Attributes:
        reason: In words: no thread could be started, or all of the pool are busy.
    """

    reason: str


@value
class Tell:
    """Hand a record to the observers.

    Attributes:
        record: What happened.
        is_own: Whether it happened in this call, and not in one whose caller went away.
    """

    record: Record
    is_own: bool = True


class GivenUp(BaseException):
    """Thrown into a call whose caller went away (a cancelled task, an interrupt).

    Args:
        now: The time.
    """

    def __init__(self, now: float) -> None:
        super().__init__(now)
        self.now = now


@value
class Resumed:
    """What the driver sends back: the time; what came of a `Send`; how a `Race` went; whether a
    `Start` or a `Spawn` was carried out."""

    now: float
    outcome: Response | Failure | tuple[Finish, ...] | NotStarted | None = None

    # A generator cannot say that what it is sent goes by what it yielded; these do.
    @property
    def answer(self) -> Response | Failure:
        """What came of a `Send`."""
        return cast("Response | Failure", self.outcome)

    @property
    def finishes(self) -> tuple[Finish, ...]:
        """How a `Race` went: its requests, in the order of their ends."""
        return cast("tuple[Finish, ...]", self.outcome)


Command: TypeAlias = Send | Race | Wait | Start | Spawn | Tell

T = TypeVar("T")
Call: TypeAlias = Generator[Command, Resumed, T]


@value
class TokenReading:
    """What a token source says when it is asked for a token.

    Exactly one of `token`, `flight` and `error` is set. `work`, when set, is this reader's to
    start: a fetch or a renewal that no other reader was asked to start.
    """

    token: Secret | None = None
    flight: Flight | None = None
    error: AuthenticationError | None = None
    work: Work | None = None

    def __repr__(self) -> str:
        # A reading travels through traces; its token must not.
        held = "token" if self.token else "flight" if self.flight else "error"
        return f"TokenReading({held}{', work' if self.work else ''})"


@value
class TokenStatus:
    """How the token of a source is doing.

    Attributes:
        state: ``"valid"``; ``"renewing"``, while it serves and is to be replaced; ``"missing"``.
        expires_in: Seconds until it is no longer used; None without one, or where not known.
        error: Why the last fetch failed, in words without secrets; None if it did not.
    """

    state: Literal["valid", "renewing", "missing"]
    expires_in: float | None
    error: str | None


class TokenSource(Protocol):
    """Where calls get their bearer token: a memory that never blocks."""

    def read(self, now: float) -> TokenReading:
        """Return the token in memory, or the fetch to wait for, or why there is none."""
        ...

    def reject(self, token: Secret, now: float) -> bool:
        """Learn that the service answered 401 to a token; True if a renewal may bring another."""
        ...

    def status(self, now: float) -> TokenStatus:
        """Say how the token is doing, without asking for work."""
        ...

    def hasten(self, now: float) -> None:
        """Let the next reader fetch, though the pause after a failure is not over."""
        ...
