"""Virtual time: carries out the commands of any number of calls, from one due event to the next."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from irclient._core.protocol import (
    Failure,
    Finish,
    Race,
    Resumed,
    Send,
    Spawn,
    Start,
    Tell,
    Trouble,
    Wait,
)
from irclient.errors import IRError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.simulation.accounts import Account, Outcome
    from irclient._core.protocol import Call, Command
    from irclient.topology import ServiceEndpoint

__all__ = ["VirtualTime"]

_TIMED_OUT = Failure(Trouble.TIMED_OUT, "no answer in time")


@dataclass(slots=True, eq=False)
class _Task:
    """A call under way, and whom its end concerns."""

    call: Call[Any]
    ended: Callable[[Any], None] | None
    resumptions: int = 0


@dataclass(slots=True, eq=False)
class _Runners:
    """The requests of one race that are under way."""

    task: _Task
    race: Race
    finishes: list[Finish] = field(default_factory=list[Finish])
    under_way: int = 0
    is_over: bool = False


class VirtualTime:
    """Time passes only here.

    Args:
        accounts: Who answers, by service endpoint.
    """

    def __init__(self, accounts: Mapping[ServiceEndpoint, Account]) -> None:
        self.now = 0.0
        self.told: Counter[str] = Counter()
        self._accounts = accounts
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbered = 0

    def at(self, instant: float, what: Callable[[], None]) -> None:
        """Do something at an instant."""
        self._numbered += 1
        heapq.heappush(self._due, (instant, self._numbered, what))

    def begin(self, call: Call[Any], *, ended: Callable[[Any], None] | None = None) -> None:
        """Start a call; `ended` is told its result, or the `IRError` that it raised."""
        self._advance(_Task(call, ended), None)

    def run_until(self, instant: float) -> None:
        """Let everything happen that is due by then."""
        while self._due and self._due[0][0] <= instant:
            at, _, what = heapq.heappop(self._due)
            self.now = max(self.now, at)
            what()
        self.now = instant

    def _advance(self, task: _Task, outcome: Outcome | tuple[Finish, ...] | None) -> None:
        try:
            if task.resumptions:
                command = task.call.send(Resumed(self.now, outcome))
            else:
                command = next(task.call)
            task.resumptions += 1
            while not self._is_awaited(task, command):
                command = task.call.send(Resumed(self.now))
        except StopIteration as end:
            self._end(task, end.value)
        except IRError as error:
            self._end(task, error)

    def _end(self, task: _Task, came_of_it: object) -> None:
        if task.ended is not None:
            task.ended(came_of_it)

    def _is_awaited(self, task: _Task, command: Command) -> bool:
        match command:
            case Send():
                outcome, takes = self._ask(command)
                self.at(self.now + takes, lambda: self._advance(task, outcome))
            case Wait():
                self._wait(task, command)
            case Race():
                runners = _Runners(task, command)
                self._run(runners, command.first)
                self.at(command.other_at, lambda: self._run_other(runners))
            case Tell():
                self.told[type(command.record).__name__] += 1
                return False
            case Spawn():
                self.begin(command.call(self.now))
                return False
            case Start():
                command.work(lambda _: None)
                return False
        return True

    def _ask(self, send: Send) -> tuple[Outcome, float]:
        outcome, takes = self._accounts[send.endpoint].answer(self.now)
        return (outcome, takes) if takes <= send.within else (_TIMED_OUT, send.within)

    def _wait(self, task: _Task, command: Wait) -> None:
        turn = task.resumptions

        def resume() -> None:
            # The instant or the flight, whichever comes first.
            if task.resumptions == turn:
                self._advance(task, None)

        self.at(command.until, resume)
        if command.flight is not None:
            will_wake = command.flight.join(lambda: self.at(self.now, resume))
            if not will_wake:
                self.at(self.now, resume)

    def _run(self, runners: _Runners, send: Send) -> None:
        runners.under_way += 1
        outcome, takes = self._ask(send)
        self.at(self.now + takes, lambda: self._finish(runners, send, outcome))

    def _run_other(self, runners: _Runners) -> None:
        if not runners.is_over:
            send = runners.race.other(self.now)
            if send is not None:
                self._run(runners, send)

    def _finish(self, runners: _Runners, send: Send, outcome: Outcome) -> None:
        if runners.is_over:
            return
        runners.under_way -= 1
        runners.finishes.append(Finish(send, outcome, self.now))
        if runners.race.is_good(send, outcome) or not runners.under_way:
            runners.is_over = True
            self._advance(runners.task, tuple(runners.finishes))
