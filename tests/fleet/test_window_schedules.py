"""The window's scripts beside the same rules in Python, in random schedules, at given instants."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from irclient._core.fleet_messages import Message
from irclient._core.shared_allowance import SharedAllowance
from irclient.fleet.port import Port
from irclient.fleet.window import LEAVE, TAKE, WINDOW_KEYS
from tests.fleet.fake_server import FakeServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient._core.fleet_messages import Answer
    from irclient.fleet.scripts import Script
    from tests.fleet.servers import Server

_KEYS = [f"{{test}}:{name}" for name in WINDOW_KEYS]
_CLOCK = "local time = redis.call('TIME')\nlocal now = time[1] * 1000000 + time[2]"
#: So late that microseconds have as many digits as today's.
_EPOCH = 1_800_000_000_000_000


def reply_of(values: list[Any]) -> Any:
    """The reply of the window's script, at the instants that it names."""
    return SimpleNamespace(
        values=values[1:],
        text=lambda at: values[1 + at],
        here=lambda at: at / 1e6,
        sent_at=0.0,
        now=0.0,
    )


def at_given_instants(script: Script) -> str:
    assert _CLOCK in script.text
    return script.text.replace(_CLOCK, "local now = tonumber(redis.call('GET', '{test}:clock'))")


@dataclass(slots=True)
class _Member:
    name: str
    sequence: int = 1
    #: As its last answer from either said; one that is lost on its way changes nothing.
    real: Answer | None = None
    fake: Answer | None = None
    held: list[int] = field(default_factory=list)


class _Beside:
    """Says the same to a server and to the rules, and compares what they say."""

    def __init__(self, server: Server, seed: int) -> None:
        self.chance = random.Random(seed)
        self.tps, self.workers = self.chance.choice([(4, 2), (5, 3), (20, 4), (3, 5), (200, 3)])
        self.redis = server.client()
        self.redis.flushall()
        allowance = SharedAllowance(self.tps, workers=self.workers, adaptive=True, wake=int)
        self.port = Port(allowance, name="endpoint")
        self.answers: list[Answer] = []
        allowance.answered = lambda answer, *_: self.answers.append(answer)
        self.fake = FakeServer(self.tps, allowance.window, self.workers, allowance.lease.length)
        self.take, self.leave = (
            self.redis.register_script(at_given_instants(each)) for each in (TAKE, LEAVE)
        )
        self.now, self.joined = 0, 0
        self.members: list[_Member] = []
        self.answered = 0
        for _ in range(self.workers):
            self.join()

    def join(self) -> None:
        self.joined += 1
        self.members.append(_Member(str(self.joined)))

    def wait(self) -> None:
        self.now += self.chance.choice([137, 2_041, 33_007, 90_011, 210_013, 460_003])
        self.redis.set("{test}:clock", _EPOCH + self.now)

    def say(self, member: _Member) -> None:
        chance = self.chance
        member.sequence += 1
        right = 0 if member.real is None else member.real.right
        back = [member.held.pop() for _ in range(min(len(member.held), chance.choice([0, 0, 1])))]
        said: dict[str, Any] = {
            "sequence": member.sequence - (chance.random() < 0.03),
            "right": right,
            "part": self.tps // (self.workers + chance.choice([0, 0, 1])),
            "used": chance.choice([0, right // 2, right, right + 1]),
            "demand": chance.choice([0, self.tps // 8, self.tps // 2, self.tps]),
            "want": chance.choice([0, 1, 4]),
            "within": chance.choice([0.0, 0.1]),
            "blocked_for": 0.25 if chance.random() < 0.01 else 0.0,
            "shrinks": chance.random() < 0.02,
            "added": (-0.25,) if chance.random() < 0.05 else (),
            "returned": tuple(back),
            "met": 0 if member.real is None else member.real.met,
            "spare": 0 if member.real is None else member.real.spare,
            "has_heard": chance.random() < 0.9,
        }
        real = self._real(member, Message(epoch=_epoch(member.real), **said))
        fake = self.fake.take(
            member.name, Message(epoch=_epoch(member.fake), **said), (_EPOCH + self.now) / 1e6
        )
        assert (real is None) == (fake is None)
        if real is None or fake is None:
            return
        self.answered += 1
        assert _told(real) == _told(fake)
        assert _instants(real) == pytest.approx(_instants(fake), abs=1e-5)
        if chance.random() < 0.9:
            member.real, member.fake = real, fake
            member.held += [number for _, number in real.slots]

    def _real(self, member: _Member, message: Message) -> Answer | None:
        link: Any = SimpleNamespace(member=member.name)
        values = self.take(_KEYS, [0, *self.port.arguments(link, message)])
        if values[1] == "late":
            return None
        self.port._answered(reply_of(values))
        return self.answers.pop()

    def leaves(self, member: _Member) -> None:
        allowance, now = self.port.allowance, (_EPOCH + self.now) / 1e6
        window, lease = (int(each * 1e6) for each in (allowance.window, allowance.lease.length))
        self.leave(_KEYS, [0, member.name, window, lease, *member.held])
        self.fake.leave(member.name, member.held, now)

    def flush(self) -> None:
        self.redis.flushall()
        self.redis.set("{test}:clock", _EPOCH + self.now)
        self.fake.flush()


def _epoch(answer: Answer | None) -> str:
    return "" if answer is None else answer.epoch


def _told(answer: Answer) -> dict[str, object]:
    names = ("right", "spare", "limit", "present", "demand", "met", "is_closed")
    told: dict[str, object] = {name: getattr(answer, name) for name in names}
    told["slots"] = [number for _, number in answer.slots]
    return told


def _instants(answer: Answer) -> list[float]:
    return [answer.first_at, *(at for at, _ in answer.slots)]


def _steps(both: _Beside) -> dict[str, tuple[int, Callable[[], None]]]:
    chance, silent = both.chance, both.members[:0]

    def speak() -> None:
        both.say(chance.choice([each for each in both.members if each not in silent]))

    def turn() -> None:
        silent[:] = [] if silent else chance.sample(both.members, chance.randint(0, 1))

    def replace() -> None:
        gone = both.members.pop(chance.randrange(len(both.members)))
        if chance.random() < 0.5:
            both.leaves(gone)
        silent[:] = []
        both.join()

    return {
        "speak": (200, speak),
        "turn": (3, turn),
        "replace": (2, replace),
        "flush": (1, both.flush),
    }


@pytest.mark.parametrize("seed", range(6))
def test_the_scripts_and_the_rules_agree_in_any_schedule(server: Server, seed: int) -> None:
    both = _Beside(server, seed)
    steps = _steps(both)
    weights = [weight for weight, _ in steps.values()]
    for _ in range(1000):
        both.wait()
        steps[both.chance.choices(list(steps), weights)[0]][1]()
    both.redis.close()
    assert both.answered > 700
