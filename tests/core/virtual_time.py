"""A driver that carries the core's commands out in virtual time, on one thread, in order."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from irclient._core.flights import Flight
from irclient._core.protocol import (
    Failure,
    Finish,
    GivenUp,
    NotStarted,
    Race,
    Resumed,
    Send,
    Spawn,
    Start,
    Tell,
    TokenReading,
    TokenStatus,
    Trouble,
    Wait,
)
from irclient._values.secret import Secret
from irclient._wire.responses import Response
from irclient.errors import AuthenticationError, IRError

if TYPE_CHECKING:
    from irclient._core.protocol import (
        Call,
        Command,
    )
    from irclient.observe import Record

Answerer = Callable[[Send], tuple[Response | Failure, float]]


@dataclass(slots=True)
class Task:
    """A call under way."""

    call: Call[Any]
    is_background: bool
    resumptions: int = 0
    is_over: bool = False
    result: Any = None
    error: IRError | None = None


@dataclass(slots=True)
class VirtualTime:
    """Time passes only here: from one thing that is due to the next.

    `answer` says what comes of a request, and how many seconds later.
    """

    answer: Answerer
    now: float = 1000.0
    work_takes: float = 0.0
    starts_threads: bool = True
    sent: list[tuple[Send, float, bool]] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    told: list[Any] = field(default_factory=list)
    _due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: Any = field(default_factory=itertools.count)

    def run(self, begin: Callable[[float], Call[Any]]) -> Any:
        """Run a call to its end; what it left in the background stays due."""
        task = self.begin(begin)
        while not task.is_over:
            self._next()
        if task.error is not None:
            raise task.error
        return task.result

    def begin(self, begin: Callable[[float], Call[Any]], *, is_background: bool = False) -> Task:
        task = Task(begin(self.now), is_background)
        self._advance(task, None)
        return task

    def finish(self, *tasks: Task) -> None:
        """Let time pass until these are over."""
        while not all(task.is_over for task in tasks):
            self._next()

    def cancel(self, task: Task) -> None:
        """End a call half-way, as a cancelled task does."""
        task.resumptions += 1  # Whatever it waited for wakes nobody now.
        with suppress(GivenUp, StopIteration):
            task.call.throw(GivenUp(self.now))
        task.is_over = True

    def sleep(self, seconds: float) -> None:
        """Let time pass, and everything happen that is due by then."""
        until = self.now + seconds
        while self._due and self._due[0][0] <= until:
            self._next()
        self.now = until

    def later(self, at: float, what: Callable[[], None]) -> None:
        """Do something at an instant."""
        heapq.heappush(self._due, (at, next(self._numbers), what))

    def _next(self) -> None:
        at, _, what = heapq.heappop(self._due)
        self.now = max(self.now, at)
        what()

    def _advance(self, task: Task, outcome: Any) -> None:
        task.resumptions += 1
        try:
            command = (
                next(task.call)
                if task.resumptions == 1
                else task.call.send(Resumed(self.now, outcome))
            )
            while True:
                if isinstance(command, Start | Spawn) and not self.starts_threads:
                    command = task.call.send(Resumed(self.now, NotStarted("no thread")))
                elif self._is_awaited(task, command):
                    break
                else:
                    command = task.call.send(Resumed(self.now))
        except StopIteration as end:
            task.is_over, task.result = True, end.value
        except IRError as error:
            task.is_over, task.error = True, error

    def _is_awaited(self, task: Task, command: Command) -> bool:
        turn = task.resumptions

        def resume(outcome: Any = None) -> None:
            if task.resumptions == turn:
                self._advance(task, outcome)

        match command:
            case Send():
                assert command.within > 0, "nothing may be sent after the deadline"
                assert command.connect_within <= command.within
                self.sent.append((command, self.now, task.is_background))
                outcome, takes = self.answer(command)
                if takes > command.within:
                    outcome = Failure(Trouble.TIMED_OUT, f"no answer in {command.within:g} s")
                self.later(self.now + min(takes, command.within), lambda: resume(outcome))
            case Race():
                self._race(task, command, resume)
            case Wait():
                self._wait(command, resume)
            case Start():
                work = command.work
                self.later(self.now + self.work_takes, lambda: work(self.told.append))
                return False
            case Spawn():
                self.begin(command.call, is_background=True)
                return False
            case Tell():
                self.told.append(command.record)
                return False
        return True

    def _race(self, task: Task, command: Race, resume: Callable[[Any], None]) -> None:
        finishes: list[Finish] = []
        started: list[Send] = []

        def launch(send: Send) -> None:
            assert send.within > 0, "nothing may be sent after the deadline"
            started.append(send)
            self.sent.append((send, self.now, task.is_background))
            outcome, takes = self.answer(send)
            if takes > send.within:
                outcome = Failure(Trouble.TIMED_OUT, f"no answer in {send.within:g} s")
            self.later(self.now + min(takes, send.within), lambda: end(send, outcome))

        def end(send: Send, outcome: Response | Failure) -> None:
            finishes.append(Finish(send, outcome, self.now))
            if command.is_good(send, outcome) or len(finishes) == len(started):
                resume(tuple(finishes))

        def launch_other() -> None:
            send = None if finishes else command.other(self.now)
            if send is not None:
                launch(send)

        launch(command.first)
        self.later(command.other_at, launch_other)

    def _wait(self, command: Wait, resume: Callable[[], None]) -> None:
        self.waited.append(command.until - self.now)
        self.later(command.until, resume)
        if command.flight is not None:
            will_wake = command.flight.join(lambda: self.later(self.now, resume))
            if not will_wake:
                self.later(self.now, resume)


class OneToken:
    """A token source whose token is at hand; `renewals` others may be had after a 401."""

    def __init__(self, *, renewals: int = 0) -> None:
        self._number = 1
        self._renewals = renewals

    def read(self, now: float) -> TokenReading:
        return TokenReading(token=Secret(f"token-{self._number}"))

    def status(self, now: float) -> TokenStatus:
        return TokenStatus("valid", None, None)

    def hasten(self, now: float) -> None:
        """There is nothing to fetch."""

    def reject(self, token: str, now: float) -> bool:
        if token != f"token-{self._number}":
            return True
        if not self._renewals:
            return False
        self._renewals -= 1
        self._number += 1
        return True


class FetchedToken:
    """A token source that must fetch its one token first, or that learns that there is none."""

    def __init__(self, *, error: str | None = None, renewals: int = 0) -> None:
        self._error = error
        self._flight: Flight | None = None
        self._fetched: OneToken | None = None
        self._renewals = renewals
        self.fetches = 0

    def read(self, now: float) -> TokenReading:
        if self._flight is None:
            self._flight = Flight()
            return TokenReading(flight=self._flight, work=Fetch(self))
        if self._fetched is not None:
            return self._fetched.read(now)
        if self.fetches and self._error is not None:
            error = AuthenticationError(f"no token: {self._error}", code=self._error)
            return TokenReading(error=error)
        return TokenReading(flight=self._flight)

    def status(self, now: float) -> TokenStatus:
        error = self._error if self.fetches else None
        return TokenStatus("missing" if self._fetched is None else "valid", None, error)

    def hasten(self, now: float) -> None:
        """The next reader fetches again."""
        if self.fetches and self._fetched is None:
            self._flight, self.fetches = None, 0

    def reject(self, token: str, now: float) -> bool:
        return self._fetched is not None and self._fetched.reject(token, now)

    def fetch(self) -> None:
        self.fetches += 1
        if self._error is None:
            self._fetched = OneToken(renewals=self._renewals)
        if self._flight is not None:
            self._flight.land()

    def abandon(self) -> None:
        """The next reader begins another fetch."""
        if not self.fetches and self._flight is not None:
            flight, self._flight = self._flight, None
            flight.land()


@dataclass(slots=True)
class Fetch:
    """The work of a `FetchedToken`."""

    token: FetchedToken

    def __call__(self, tell: Callable[[Record], None]) -> None:
        self.token.fetch()

    def abandon(self) -> None:
        self.token.abandon()
