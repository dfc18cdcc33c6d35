"""Instruments: observers that are also told when something begins, such as a tracer.

An observer hears of what has happened. An instrument, passed among the `observers`, is asked
besides before a call, a request or work in the background begins, and may add headers to the
requests. A client that has no instrument does not do anything for one.

    Instrument.begin_call → CallUnderWay.begin_request → RequestUnderWay.end  (once each request)
                                        .note          (each record of the call)
                                        .end

All of it runs on the thread or task that the call runs on, between the steps of the call: keep it
quick, and never wait. What it raises is logged and changes nothing for the call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from irclient.health import HealthSnapshot
    from irclient.observe import Record
    from irclient.results import Served
    from irclient.stats import Stats
    from irclient.topology import ServiceEndpoint

__all__ = [
    "CallUnderWay",
    "Instrument",
    "NotTold",
    "Purpose",
    "RequestUnderWay",
    "Watched",
    "Watcher",
]

#: What a call is for: its caller; an answer in memory that is asked for anew; whether an endpoint
#: is back; another token.
Purpose: TypeAlias = Literal["call", "refresh", "probe", "renewal"]


class Watched(Protocol):
    """What of a client may be looked at between records; all of it reads memory only."""

    @property
    def endpoints(self) -> Sequence[ServiceEndpoint]:
        """Every service endpoint once, in the order in which they were given."""
        ...

    def health(self) -> HealthSnapshot:
        """Return how each endpoint is doing."""
        ...

    def stats(self) -> Stats:
        """Return what the client has done since it was made, counted."""
        ...


@runtime_checkable
class Watcher(Protocol):
    """An observer that wants to look at the client which it observes."""

    def watch(self, client: Watched, /) -> None:
        """Learn which client it is; called once, when the client is made.

        Hold it weakly: a strong reference keeps its connections and its memory.
        """
        ...


class RequestUnderWay(Protocol):
    """One request, from just before it is sent."""

    @property
    def headers(self) -> Sequence[tuple[str, str]]:
        """Headers to send along, by name: ASCII, and none that the client sends itself."""
        ...

    def end(self, status: int | None, trouble: str | None, ago: float, /) -> None:
        """Learn what came of it.

        Args:
            status: The HTTP status of a complete answer, or None.
            trouble: Why there is none, in a word or two, for example ``"timed out"``.
            ago: Seconds since that happened.
        """
        ...


@dataclass(frozen=True, slots=True)
class NotTold:
    """A call that an instrument leaves out, such as one that is not sampled.

    If the client has no other observer, no records are made of the call, which is most of the
    cost of being observed. If it has, the instrument still gets the records.

    Attributes:
        headers: The headers that its requests still carry, as `RequestUnderWay.headers`.
    """

    headers: tuple[tuple[str, str], ...] = ()


class CallUnderWay(Protocol):
    """One call, or one piece of work in the background."""

    @property
    def attempts(self) -> Literal["all", "failed"]:
        """For which attempts it needs an `AttemptEnded`.

        With ``"failed"`` there is none for attempts that were answered well, and no `CallEnded`
        for a call that the service answered in full, unless another observer of the client needs
        them: `answered` says the same, and no records need to be made.
        """
        return "all"

    def begin_request(
        self,
        endpoint: ServiceEndpoint,
        method: str,
        target: str,
        is_hedge: bool,  # noqa: FBT001  (it says what the request is)
        /,
    ) -> RequestUnderWay:
        """Learn that a request is about to be sent.

        Args:
            endpoint: Where to.
            method: The HTTP method.
            target: The path and query, percent-encoded. It may hold the ids of users.
            is_hedge: Whether it races one that is slow.
        """
        ...

    def note(self, record: Record, /) -> None:
        """Learn what happened in this call; the instrument gets the record too, as an observer."""
        ...

    def answered(self, served: Served, call_id: str, /) -> None:
        """Learn how the call was answered, just before its `end`; only with ``"failed"``.

        Args:
            served: How the answer came about.
            call_id: What all records of the call have, if there are any.
        """
        ...

    def as_origin(self) -> object:
        """Return what `begin_call` gets as `origin` for work in the background of this call."""
        ...

    def end(self, error: BaseException | None, /) -> None:
        """Learn that the call has ended: answered, or why not.

        An error that is no `Exception` means that the caller cancelled it.
        """
        ...


@runtime_checkable
class Instrument(Protocol):
    """An observer that also learns when calls and requests begin."""

    def __call__(self, record: Record, /) -> None:
        """Receive one record, as an `Observer`."""
        ...

    def begin_call(
        self, operation: str, purpose: Purpose, origin: object, /
    ) -> CallUnderWay | NotTold:
        """Learn that a call begins, on the thread or task that it will run on.

        Args:
            operation: The query's operation, ``"token"`` for a renewal.
            purpose: What it is for.
            origin: For work in the background, what `as_origin` of the call that began it
                returned; else None.
        """
        ...
