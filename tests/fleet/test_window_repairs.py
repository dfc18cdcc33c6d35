"""The window on a server where somebody deleted or overwrote a key, or set the clock."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from irclient._core.fleet_messages import Message
from irclient._core.shared_allowance import SharedAllowance
from irclient.fleet.clock import ServerClock
from irclient.fleet.port import Port
from irclient.fleet.window import TAKE, WINDOW_KEYS
from tests.fleet.test_window_schedules import at_given_instants, reply_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient._core.fleet_messages import Answer
    from tests.fleet.servers import Server

TPS, MEMBERS = 100, "abcd"
KEYS = {name: f"{{test}}:{name}" for name in WINDOW_KEYS}


class Speaking:
    """Four members of a fleet that has been well for a while, at given instants."""

    def __init__(self, server: Server) -> None:
        self.redis = server.client()
        self.now = 1_800_000_000_000_000
        self._take = self.redis.register_script(at_given_instants(TAKE))
        allowance = SharedAllowance(TPS, workers=len(MEMBERS), adaptive=True, wake=int)
        allowance.answered = lambda answer, *_: self._answers.append(answer)
        self._port = Port(allowance, name="endpoint")
        self._answers: list[Answer] = []
        self._sequence = itertools.count(1)
        self.last: dict[str, Answer] = {}
        self.speak(6.0)

    def say(self, me: str, **more: Any) -> Answer:
        self.redis.set("{test}:clock", self.now)
        before = self.last.get(me)
        message = Message(
            sequence=next(self._sequence),
            right=0 if before is None else before.right,
            part=TPS // len(MEMBERS),
            used=0,
            demand=30,
            met=0 if before is None else before.met,
            epoch="" if before is None else before.epoch,
            spare=0 if before is None else before.spare,
            **more,
        )
        link: Any = SimpleNamespace(member=me)
        values = self._take(list(KEYS.values()), [0, *self._port.arguments(link, message)])
        self._port._answered(reply_of(values))
        self.last[me] = self._answers[-1]
        return self._answers[-1]

    def speak(self, seconds: float, members: str = MEMBERS) -> None:
        for _ in range(round(seconds * 5)):
            self.now += 200_000
            for me in members:
                self.say(me)

    def is_well_for(self, members: str) -> bool:
        """Whether all is lent that may be, and slots are to be had, beside as many spares."""
        rights = sum(self.last[me].right for me in members)
        answers = [self.last[me] for me in members]
        return (
            66 <= rights <= 80
            and all(each.first_at <= self.now / 1e6 and each.spare == 5 for each in answers)
            and not any(each.is_closed for each in answers)
        )


@pytest.fixture
def speaking(server: Server) -> Speaking:
    return Speaking(server)


def delete(speaking: Speaking, name: str) -> None:
    speaking.redis.delete(KEYS[name])


def put_a_list_there(speaking: Speaking, name: str) -> None:
    delete(speaking, name)
    speaking.redis.rpush(KEYS[name], "a")


@pytest.mark.parametrize("members", [MEMBERS, "abc"], ids=["all live on", "one dies"])
@pytest.mark.parametrize("trouble", [delete, put_a_list_there])
@pytest.mark.parametrize("name", WINDOW_KEYS)
def test_a_window_of_which_one_key_is_gone_is_well_again_later(
    speaking: Speaking, name: str, trouble: Callable[[Speaking, str], None], members: str
) -> None:
    trouble(speaking, name)
    speaking.now += 100_000
    # A process that dies is forgotten after its lease and half a minute.
    speaking.speak(38.0 if len(members) < len(MEMBERS) else 4.0, members)
    assert speaking.is_well_for(members)


@pytest.mark.parametrize("said", ["nan", "inf", "1e300", "a word"])
@pytest.mark.parametrize("field", ["scale", "sum", "targets", "spares", "blocked", "swept"])
def test_a_number_that_is_none_is_as_a_key_that_is_gone(
    speaking: Speaking, field: str, said: str
) -> None:
    speaking.redis.hset(KEYS["meta"], field, said)
    speaking.speak(4.0)
    assert speaking.is_well_for(MEMBERS)


@pytest.mark.parametrize("by", [-3600.0, -0.5, 3600.0])
def test_a_clock_that_is_set_holds_nobody_back_for_as_long(speaking: Speaking, by: float) -> None:
    speaking.say("a", want=4, within=0.1, blocked_for=0.3)
    speaking.now += int(by * 1e6)
    speaking.speak(4.0)
    assert speaking.is_well_for(MEMBERS)


@pytest.mark.parametrize("by", [-3600.0, -0.2, 0.2, 3600.0])
def test_a_process_knows_the_clock_with_the_first_answer_after_it_was_set(by: float) -> None:
    clock = ServerClock()
    clock.hear(10.0, 10.001, 510.0005)
    clock.hear(11.0, 11.05, 511.0 + by)
    assert clock.ahead == pytest.approx(500.0 + by, abs=0.03)


def test_slow_answers_of_a_clock_that_runs_on_do_not_change_what_is_known_of_it() -> None:
    clock = ServerClock()
    clock.hear(10.0, 10.001, 510.0005)
    for at, server_time in ((11.0, 511.001), (12.0, 512.099)):
        clock.hear(at, at + 0.1, server_time)
        assert clock.ahead == pytest.approx(500.0, abs=1e-3)
