"""A fleet in virtual time: members, a server that can be away, and calls."""

from __future__ import annotations

import heapq
import itertools
import math
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from irclient._core.allowance_protocol import Asked
from irclient._core.lease import PATIENCE
from irclient._core.reservation import PLAY
from irclient._core.shared_allowance import SharedAllowance
from tests.fleet.fake_server import FakeServer

if TYPE_CHECKING:
    from collections.abc import Callable


def member_of(tps: float = 100.0, workers: int = 4, *, adaptive: bool = True) -> SharedAllowance:
    return SharedAllowance(tps, workers=workers, adaptive=adaptive, wake=lambda: None)


def server_for(member: SharedAllowance) -> FakeServer:
    return FakeServer(member.full_limit, member.window, member.workers, member.lease.length)


@dataclass
class Fleet:
    """Members, a server that can be away for all or for some, and calls, in virtual time.

    Attributes:
        demand: Calls a second of each member, or a function of the time.
        away: When the server stood still: what is sent then is carried out when it goes on.
        cut: When which member's messages were lost on their way.
        deaf: When which member's messages were carried out, and each answer came too late.
        elsewhere: When which member reached another server, which knew nothing at first.
        cost: Seconds that the server computes for a message; the next one waits meanwhile.
        writes_after: Seconds between a request's start and when it is written, and until its
            answer comes from then on; a function, for each request anew.
        arrivals: When the requests were written.
        clock_error: Seconds by which a member errs in the server's time, to either side.
    """

    tps: float
    workers: int
    demand: list[Any]
    seed: int = 0
    max_wait: float = 0.5
    writes_after: Callable[[], tuple[float, float]] = lambda: (0.0, 0.0)
    arrivals: list[float] = field(default_factory=list)
    clock_error: float = 0.0
    latency: tuple[float, float] = (1e-4, 5e-4)
    cost: float = 0.0
    now: float = 0.0
    away: list[tuple[float, float]] = field(default_factory=list)
    cut: list[tuple[int, float, float]] = field(default_factory=list)
    deaf: list[tuple[int, float, float]] = field(default_factory=list)
    elsewhere: list[tuple[int, float, float]] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    waits: list[tuple[float, float]] = field(default_factory=list)
    messages: int = 0
    #: Until when the server computes.
    is_computing_until: float = 0.0
    #: Whether a process began while it could not reach the server.
    began_alone: bool = False

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.members = [member_of(self.tps, self.workers) for _ in self.demand]
        self.names = [str(number) for number in range(len(self.demand))]
        self.errors = [self.random.uniform(-1, 1) * self.clock_error for _ in self.demand]
        self.server, self.other_server = (server_for(self.members[0]) for _ in range(2))
        self.other_server.epoch = 1_000
        self.is_busy = [False] * len(self.members)
        self._due: list[tuple[float, int, Any]] = []
        self._order = itertools.count()
        self._poked = [False] * len(self.members)
        for number in range(len(self.members)):
            self.at(self.random.uniform(0.0, 0.05), lambda number=number: self.come(number))
            self.at(0.0, lambda number=number: self.serve(number))

    def at(self, when: float, what: Any) -> None:
        heapq.heappush(self._due, (when, next(self._order), what))

    def run(self, until: float) -> Fleet:
        while self._due and self._due[0][0] <= until:
            self.now, _, what = heapq.heappop(self._due)
            what()
        return self

    @property
    def is_exact(self) -> bool:
        """Whether nothing happened that a fleet cannot do anything about."""
        return not (self.began_alone or self.server.opened_blindly)

    def restart(self, number: int) -> None:
        """A process is killed, and another begins in its place."""
        self.members[number] = member_of(self.tps, self.workers)
        self.names[number] += "'"
        self.is_busy[number] = False

    def come(self, number: int) -> None:
        demand = self.demand[number]
        rate = demand(self.now) if callable(demand) else demand
        if rate > 0:
            after = self.random.expovariate(rate)
            if callable(demand):
                after = min(after, 0.5)  # It may be another by then.
            self.at(self.now + after, lambda: self.come(number))
            self.call(number, self.members[number], self.now)
        else:
            self.at(self.now + 0.1, lambda: self.come(number))

    def call(self, number: int, member: SharedAllowance, began_at: float) -> None:
        if member is not self.members[number]:
            return  # It died with its process.
        now = self.now
        slot = member.reserve(now, not_after=now)
        self.began_alone = self.began_alone or (member.is_alone and member.lease.heard_at is None)
        if slot is None:
            slot = member.reserve(now, not_after=max(began_at + self.max_wait, now))
        self.poke(number)
        if slot is None:
            self.refused.append(now)
        elif isinstance(slot, Asked):
            self.wait(number, member, slot, began_at)
        else:
            self.at(max(slot.starts_at, now), lambda: self.start(number, member, slot, began_at))

    def wait(self, number: int, member: SharedAllowance, asked: Asked, began_at: float) -> None:
        woken: list[bool] = []

        def wake() -> None:
            if not woken:
                woken.append(True)
                self.at(self.now, lambda: self.call(number, member, began_at))

        if asked.flight is not None and not asked.flight.join(wake):
            wake()
        self.at(max(asked.until, self.now + 1e-6), wake)

    def start(self, number: int, member: SharedAllowance, slot: Any, began_at: float) -> None:
        if member is not self.members[number]:
            return
        if member.start(slot, self.now):
            self.starts.append(self.now)
            self.waits.append((began_at, self.now - began_at))
            self.write(number, member, slot)
        else:
            self.call(number, member, began_at)

    def write(self, number: int, member: SharedAllowance, slot: Any) -> None:
        late, answered_after = self.writes_after()
        written_at = self.now + late
        self.arrivals.append(written_at)

        def answered() -> None:
            if member is self.members[number]:
                member.arrived(slot, written_at)
                self.poke(number)

        if written_at > slot.starts_at + PLAY:
            self.at(written_at + answered_after, answered)

    def poke(self, number: int) -> None:
        if not self._poked[number]:
            self._poked[number] = True
            self.at(self.now, lambda: self.serve(number))

    def serve(self, number: int) -> None:
        """What the link does."""
        self._poked[number] = False
        if self.is_busy[number]:
            return
        member = self.members[number]
        message = member.next_message(self.now)
        if message is not None:
            self.send(number, member, message)
            return
        at = member.next_message_at(self.now)
        if math.isfinite(at):
            self.at(max(at, self.now + 0.002), lambda: self.poke(number))

    def send(self, number: int, member: SharedAllowance, message: Any) -> None:
        sent_at, there = self.now, self.random.uniform(*self.latency)
        name, error = self.names[number], self.errors[number]
        self.is_busy[number] = True
        self.messages += 1
        arrives_at = self._carried_out_at(sent_at + there)
        still = next((until for since, until in self.away if since <= arrives_at < until), None)
        is_cut, is_deaf = (
            any(who == number and since <= sent_at < until for who, since, until in weather)
            for weather in (self.cut, self.deaf)
        )

        def answer() -> None:
            if self.now > sent_at + PATIENCE + error:
                return  # The script does nothing for what was given up.
            said = self._server_of(number).take(name, message, self.now)
            if said is not None and self.now - sent_at <= PATIENCE and not is_deaf:
                self.at(self.now + there, lambda: end(said))
            elif still is None and not is_deaf:
                end(None)

        def end(said: Any) -> None:
            if member is not self.members[number]:
                return
            self.is_busy[number] = False
            if said is None:
                member.lost(self.now)
            else:
                member.answered(_shifted(said, error), sent_at, self.now)
            self.poke(number)

        if is_cut or is_deaf or still is not None:
            self.at(sent_at + PATIENCE, lambda: end(None))
        if not is_cut:
            self.at(arrives_at if still is None else still, answer)

    def _server_of(self, number: int) -> FakeServer:
        is_other = any(
            who == number and since <= self.now < until for who, since, until in self.elsewhere
        )
        return self.other_server if is_other else self.server

    def _carried_out_at(self, arrives_at: float) -> float:
        if not self.cost:
            return arrives_at
        self.is_computing_until = max(arrives_at, self.is_computing_until) + self.cost
        return self.is_computing_until

    def worst(self, length: float = 1.0) -> int:
        """The most starts in so many seconds, where the service counts them."""
        starts, first, worst = sorted(self.arrivals), 0, 0
        for at, start in enumerate(starts):
            while starts[first] <= start - length:
                first += 1
            worst = max(worst, at - first + 1)
        return worst

    def used(self, since: float, until: float) -> float:
        """The part of the TPS that was used, in the whole windows between two instants.

        At saturation starts come in bursts, a window apart: the edges of another time would
        count one too many or one too few.
        """
        window = self.members[0].window
        until = since + window * int((until - since) / window)
        return sum(since <= at < until for at in self.starts) / (self.tps * (until - since))

    def waited(self, since: float, part: float) -> float:
        waits = sorted(wait for began_at, wait in self.waits if began_at >= since)
        return waits[min(int(len(waits) * part), len(waits) - 1)]


def _shifted(answer: Any, error: float) -> Any:
    from dataclasses import replace  # noqa: PLC0415

    return replace(
        answer,
        first_at=answer.first_at + error,
        slots=tuple((at + error, number) for at, number in answer.slots),
    )
