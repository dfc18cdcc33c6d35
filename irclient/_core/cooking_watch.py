"""Watching a cooking: a list is polled until it is served, and from the new data set.

The service has no operation that tells how far a cooking is (contract section 13), so a list's
``status`` and, where the service sends it, its ``interactionsVersion`` must say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from irclient._core.call import call
from irclient._core.protocol import Wait
from irclient.errors import (
    AccessDenied,
    AuthenticationError,
    ClientClosed,
    DeadlineExceeded,
    IRError,
    NotReady,
    QueryError,
)

if TYPE_CHECKING:
    from irclient._core.protocol import Call
    from irclient._core.state import ClientState
    from irclient.queries import ListQuery
    from irclient.results import RecommendationList
    from irclient.settings import Settings

__all__ = ["CookingProgress", "CookingWatch", "KnownVersions", "look"]

_WAITING: Final = "WaitingForData"


@dataclass(frozen=True, slots=True, kw_only=True)
class CookingProgress:
    """What one poll showed.

    Attributes:
        elapsed: Seconds from the start of the watch to this poll.
        polls: Polls so far, this one included.
        status: The list's status, or None when the poll brought no answer.
        interactions_version: The data set that was served, or None.
        is_cooked: Whether this is what was waited for.
        error: Why the poll brought no answer; it is polled again.
    """

    elapsed: float
    polls: int
    status: str | None = None
    interactions_version: str | None = None
    is_cooked: bool = False
    error: str | None = None

    def __str__(self) -> str:
        seen = self.status or f"no answer ({self.error})"
        version = f", data set {self.interactions_version}" if self.interactions_version else ""
        return f"{seen}{version} at poll {self.polls}, after {self.elapsed:.0f} s"


class CookingWatch:
    """Knows when to poll again, and when a cooking is over.

    Args:
        query: The list to poll.
        newer_than: The data set that is to be replaced; None when it is not known, and then the
            first list that is served ends the watch.
        poll_every: Seconds between two polls.
        timeout: Seconds for the whole watch.
    """

    def __init__(
        self, query: ListQuery, *, newer_than: str | None, poll_every: float, timeout: float
    ) -> None:
        self.query = query
        self.answer: RecommendationList | None = None
        self.progress: CookingProgress | None = None
        self._newer_than = newer_than
        self._poll_every = poll_every
        self._timeout = timeout
        self._began_at: float | None = None
        self._polled_at = 0.0
        self._polls = 0
        self._was_answered = False

    def due_at(self, now: float) -> float:
        """When to poll next: at once the first time, and never later than the end."""
        if self._began_at is None:
            self._began_at = now
            return now
        return min(self._polled_at + self._poll_every, self._began_at + self._timeout)

    def polled(self, now: float) -> None:
        """Note that a poll begins."""
        self._polled_at = now
        self._polls += 1

    def answered(self, answer: RecommendationList) -> None:
        """Note a list that was served."""
        self._was_answered = True
        version = answer.interactions_version
        # Where answers carry no version, it only shows that the old one is gone.
        is_cooked = self._newer_than is None or version != self._newer_than
        self.answer = answer if is_cooked else None
        self._note(status=answer.status, version=version, is_cooked=is_cooked)

    def failed(self, error: IRError) -> None:
        """Note a poll that brought no list.

        Raises:
            IRError: The same, when no later poll could go better.
        """
        is_hopeless = isinstance(error, AccessDenied | ClientClosed | QueryError) or (
            # A token was issued before and may be again: a watch lasts for hours.
            isinstance(error, AuthenticationError) and not self._was_answered
        )
        if is_hopeless:
            raise error
        if isinstance(error, NotReady):
            self._was_answered = True
            self._note(status=_WAITING)
        else:
            self._note(error=f"{type(error).__name__}: {error}")

    def stop_if_over(self) -> None:
        """End a watch whose time has passed.

        Raises:
            DeadlineExceeded: It has, and the list is still not cooked.
        """
        began_at = cast("float", self._began_at)
        if self.answer is None and self._polled_at - began_at >= self._timeout:
            raise DeadlineExceeded(
                f"not cooked within {self._timeout:g} s; at last: {self.progress}. A cooking can "
                "take up to 72 hours: wait again with a longer timeout"
            )

    def _note(
        self,
        *,
        status: str | None = None,
        version: str | None = None,
        is_cooked: bool = False,
        error: str | None = None,
    ) -> None:
        self.progress = CookingProgress(
            elapsed=self._polled_at - cast("float", self._began_at),
            polls=self._polls,
            status=status,
            interactions_version=version,
            is_cooked=is_cooked,
            error=error,
        )


def look(
    watch: CookingWatch, state: ClientState, settings: Settings, now: float
) -> Call[CookingProgress]:
    """Wait until the next poll is due, poll, and return what it showed.

    Raises:
        IRError: Polling on makes no sense.
    """
    watch_until = watch.due_at(now)
    if watch_until > now:
        now = (yield Wait(watch_until)).now
    watch.polled(now)
    try:
        # Naming the endpoints also keeps memory and fallback out of it.
        answer = yield from call(watch.query, state, settings, now, endpoints=state.endpoints)
    except IRError as error:
        watch.failed(error)
    else:
        watch.answered(cast("RecommendationList", answer))
    watch.stop_if_over()
    return cast("CookingProgress", watch.progress)


class KnownVersions:
    """The data set that each accepted trigger will replace, as far as this client saw it."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}
        self._to_be_replaced: dict[str, str] = {}

    def seen(self, modeling: str, version: str | None) -> None:
        """Note the data set that was served."""
        if version is not None:
            self._seen[modeling] = version

    def triggered(self, modeling: str) -> None:
        """Note that a trigger was accepted."""
        if modeling in self._seen:
            self._to_be_replaced[modeling] = self._seen[modeling]

    def to_be_replaced(self, modeling: str) -> str | None:
        """Return the data set that a cooking under way will replace, if it is known."""
        return self._to_be_replaced.get(modeling)

    def replaced(self, modeling: str) -> None:
        """Note that a new data set was served."""
        self._to_be_replaced.pop(modeling, None)
