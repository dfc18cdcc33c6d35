"""The window's script on a real server, beside the same rules in Python."""

from __future__ import annotations

import queue
import random
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from irclient._core.fleet_messages import Message
from irclient._core.shared_allowance import SharedAllowance
from irclient.fleet.connecting import connector
from irclient.fleet.link import Link, Request
from irclient.fleet.port import Port
from irclient.fleet.window import TAKE
from tests.fleet.fake_server import FakeServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from irclient._core.fleet_messages import Answer
    from irclient.fleet.link import Reply
    from tests.fleet.servers import Server

TPS, WORKERS, LEASE = 20, 4, 1.5


class Member:
    """A process that says what a test has it say, to the server and to the fake."""

    def __init__(self, server: Server, seed: str) -> None:
        self.link = Link(connector(server.url, None, patience=1.0), name="test", patience=1.0)
        self.allowance = SharedAllowance(TPS, workers=WORKERS, adaptive=True, wake=lambda: None)
        self.port = Port(self.allowance, name="endpoint")
        self.random = random.Random(seed)
        self.sequence = 0
        self.answer: Answer | None = None
        self.held: list[int] = []

    def say(self, **said: object) -> tuple[Message, Answer, float]:
        """Send a message, and return it with the answer and the server's time."""
        self.sequence += 1
        answer = self.answer
        message = Message(
            sequence=self.sequence,
            right=0 if answer is None else answer.right,
            part=self.random.choice([TPS // WORKERS, TPS // (WORKERS - 1)]),
            met=0 if answer is None else answer.met,
            spare=0 if answer is None else answer.spare,
            epoch="" if answer is None else answer.epoch,
            **{"used": 0, "demand": 0, **said},
        )
        got: queue.SimpleQueue[Reply] = queue.SimpleQueue()
        arguments = self.port.arguments(self.link, message)
        arguments[6] = int(LEASE * 1e6)
        times: list[float] = []
        hear = self.link.clock.hear
        self.link.clock.hear = lambda sent, now, server: (
            times.append(server),
            hear(sent, now, server),
        )
        request = Request(TAKE, self.port._keys(self.link), arguments, got.put, pytest.fail)
        assert self.link.send(request)
        reply = got.get(timeout=5.0)
        answers: list[Answer] = []
        self.port.allowance.answered = lambda answer, *_: answers.append(answer)
        # By the server's own clock, which the fake is told.
        at_server = type(reply)(reply.values, reply.sent_at, reply.now, 0.0)
        self.port._answered(at_server)
        [self.answer] = answers
        self.held += [number for _, number in self.answer.slots]
        return message, self.answer, times[-1]


@pytest.fixture
def members(server: Server) -> Iterator[list[Member]]:
    every = [Member(server, str(number)) for number in range(3)]
    yield every
    for each in every:
        each.link.close()


def test_it_answers_as_the_rules_say(members: list[Member]) -> None:
    chance = random.Random(7)
    fake = FakeServer(TPS, members[0].allowance.window, WORKERS, LEASE)
    ends_at = time.monotonic() + 6.0
    silent: Member | None = None
    epochs: dict[str, str] = {"": ""}
    while time.monotonic() < ends_at:
        # One of them is silent for longer than its lease, and comes back.
        left = ends_at - time.monotonic()
        silent = members[0] if 1.5 < left < 4.5 else None
        each = chance.choice([each for each in members if each is not silent])
        back = [each.held.pop() for _ in range(min(len(each.held), chance.choice([0, 0, 1])))]
        message, answer, now = each.say(
            used=chance.choice([0, 3, 8]),
            demand=chance.choice([0, 5, 15]),
            want=chance.choice([0, 1, 4]),
            within=chance.choice([0.0, 0.1]),
            shrinks=chance.random() < 0.02,
            added=(-0.25,) if chance.random() < 0.05 else (),
            returned=tuple(back),
        )
        as_known = replace(message, epoch=epochs[message.epoch])
        expected = fake.take(each.link.member, as_known, now)
        assert expected is not None
        epochs[answer.epoch] = expected.epoch
        assert _told(answer) == _told(expected)
        assert [number for _, number in answer.slots] == [number for _, number in expected.slots]
        assert [at for at, _ in answer.slots] == pytest.approx(
            [at for at, _ in expected.slots], abs=1e-5
        )
        assert answer.first_at == pytest.approx(expected.first_at, abs=1e-5)
        time.sleep(chance.choice([0.0, 0.002, 0.03]))


def _told(answer: Answer) -> dict[str, object]:
    names = ("right", "spare", "limit", "present", "demand", "met", "is_closed")
    return {name: getattr(answer, name) for name in names}
