"""The memory of a fleet in the way of a call, in virtual time: several processes, one server."""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from irclient import errors
from irclient._core.cached_answer import cached_answer
from irclient._core.call import call
from irclient._core.protocol import Failure, Trouble
from irclient._core.state import ClientState
from irclient._wire.responses import Response
from irclient.queries import Picks, Popular
from irclient.settings import Caching, Failover, Fallback, Settings, Timeouts
from irclient.stores import MemoryStore
from tests.core.fleet_in_virtual_time import FakeServer, FakeSharedMemory
from tests.core.virtual_time import OneToken, VirtualTime
from tests.scenarios.scenario import A, B, list_of

if TYPE_CHECKING:
    from types import FrameType

    from irclient.queries import Query
    from irclient.results import Answer
    from tests.core.virtual_time import Task

WELL = Response(200, {}, list_of("1"), 0.0)
DOWN = Failure(Trouble.UNREACHABLE, "refused")
QUICK = Settings(
    caching=Caching(fresh_for=1.0, stale_while_refresh_for=2.0, stale_if_error_for=100.0),
    failover=Failover(consecutive_failures=1),
    timeouts=Timeouts(deadline=3.0, attempt=1.0),
)


POPULAR = Popular()


class Fleet:
    """Processes in virtual time that share a memory."""

    def __init__(self, processes: int, *, takes: float = 0.06) -> None:
        self.is_down, self.takes = False, takes
        self.time = VirtualTime(self._answer)
        self.server = FakeServer(self.time)
        self.shared = [FakeSharedMemory(self.server, f"p{at}") for at in range(processes)]
        self.states = [self._state(each) for each in self.shared]

    def _answer(self, _: Any) -> tuple[Response | Failure, float]:
        return (DOWN, 0.01) if self.is_down else (WELL, self.takes)

    def _state(self, shared: FakeSharedMemory) -> ClientState:
        return ClientState.of(
            (A, B),
            settings=QUICK,
            tokens=OneToken(),
            store=MemoryStore(max_entries=1000),
            uniform=lambda: 0.5,
            has_observers=False,
            shared_memory=shared,
        )

    def begin(self, at: int, query: Query = POPULAR) -> Task:
        return self.time.begin(partial(call, query, self.states[at], QUICK))

    def ask(self, at: int, query: Query = POPULAR, fallback: Fallback | None = None) -> Answer:
        begin = partial(call, query, self.states[at], QUICK, fallback=fallback)
        return self.time.run(begin)

    @property
    def sent(self) -> int:
        return len(self.time.sent)


def test_what_one_process_asked_for_no_other_asks_for() -> None:
    fleet = Fleet(3)
    first = fleet.ask(0)
    assert (first.served.source, first.served.attempts) == ("service", 1)
    for at in (1, 2):
        answer = fleet.ask(at)
        assert answer == first
        assert (answer.served.source, answer.served.endpoint) == ("cache", A.label)
        assert 0 < answer.served.age < 0.1
    assert fleet.sent == 1
    assert fleet.states[1].stats.snapshot(retry_budget=0, cached=0).by_source == {"cache": 1}


def test_what_was_recalled_is_kept_at_its_age_and_asked_for_no_more() -> None:
    fleet = Fleet(2)
    fleet.ask(0)
    fleet.time.sleep(0.5)
    assert fleet.ask(1).served.age == pytest.approx(0.5, abs=0.01)
    recalls = fleet.server.recalls
    fleet.time.sleep(0.3)
    assert fleet.ask(1).served.age == pytest.approx(0.8, abs=0.01)
    assert fleet.server.recalls == recalls


def test_of_processes_that_ask_at_the_same_time_one_asks() -> None:
    fleet = Fleet(4)
    tasks = [fleet.begin(at) for at in range(4) for _ in range(8)]
    fleet.time.finish(*tasks)
    assert fleet.sent == 1
    assert fleet.time.now < 1000.0 + 0.06 + 0.04
    sources = sorted(task.result.served.source for task in tasks)
    assert sources == ["cache"] * 24 + ["service"] * 8


def test_a_hot_key_is_asked_for_once_in_each_time_that_it_is_fresh() -> None:
    fleet = Fleet(4)
    for _ in range(400):
        tasks = [fleet.begin(at) for at in range(4) for _ in range(2)]
        fleet.time.finish(*tasks)
        assert all(task.error is None for task in tasks)
        fleet.time.sleep(0.01)
    assert fleet.time.now > 1004.0
    assert fleet.sent <= 5


def test_a_stale_answer_of_another_process_is_used_and_refreshed_by_one() -> None:
    fleet = Fleet(3)
    fleet.ask(0)
    fleet.time.sleep(1.5)
    for at in (1, 2):
        began_at = fleet.time.now
        answer = fleet.ask(at)
        assert (answer.served.source, answer.served.degraded) == ("stale", False)
        assert fleet.time.now - began_at < 0.01
    fleet.time.sleep(0.5)
    assert fleet.sent == 2
    assert fleet.ask(1).served.source == "cache"
    assert fleet.ask(2).served.source == "stale"  # Its own; it recalls the other in between.
    fleet.time.sleep(0.01)
    assert fleet.ask(2).served.source == "cache"
    assert fleet.sent == 2


def test_where_the_leader_dies_with_its_claim_the_next_asks_when_it_has_expired() -> None:
    fleet = Fleet(2)
    dead = fleet.begin(0)
    fleet.time.sleep(0.01)
    assert fleet.sent == 1
    dead.resumptions += 1  # What it waits for resumes it no more, and it ends nothing.
    answer = fleet.ask(1)
    assert answer.served.source == "service"
    assert 1000.9 < fleet.time.now < 1001.2
    assert not dead.is_over


def test_a_leader_that_is_cancelled_releases_its_claim() -> None:
    fleet = Fleet(2)
    cancelled = fleet.begin(0)
    fleet.time.sleep(0.01)
    waiting = fleet.begin(1)
    fleet.time.sleep(0.01)
    fleet.time.cancel(cancelled)
    fleet.time.finish(waiting)
    assert fleet.time.now < 1000.2
    assert waiting.result.served.source == "service"


def test_who_is_cancelled_while_it_recalls_leaves_no_claim() -> None:
    fleet = Fleet(2)
    cancelled = fleet.begin(0)
    fleet.time.cancel(cancelled)
    fleet.time.sleep(0.01)
    assert fleet.shared[0].given_up == 1
    assert not fleet.server.claims
    assert fleet.ask(1).served.attempts == 1
    assert fleet.time.now < 1000.2


def test_a_leader_that_fails_releases_its_claim() -> None:
    fleet = Fleet(2)
    fleet.is_down = True
    with pytest.raises(errors.Unavailable):
        fleet.ask(0)
    assert not fleet.server.claims


def test_an_outage_is_bridged_by_what_another_process_has() -> None:
    fleet = Fleet(2)
    fleet.ask(0)
    fleet.time.sleep(50.0)
    fleet.is_down = True
    # Not known yet: the call fails, and what it recalled before stands in.
    answer = fleet.ask(1)
    assert (answer.served.source, answer.served.degraded) == ("stale", True)
    assert answer.served.age == pytest.approx(50.0, abs=0.2)


def test_an_outage_that_is_known_is_bridged_without_asking() -> None:
    fleet = Fleet(2)
    fleet.ask(0)
    fleet.time.sleep(50.0)
    fleet.is_down = True
    with pytest.raises(errors.Unavailable):
        fleet.ask(1, Picks("another"))
    sent = fleet.sent
    answer = fleet.ask(1, fallback=Fallback(items=["9"]))
    assert (answer.ids, answer.served.source, answer.served.degraded) == (["1"], "stale", True)
    assert fleet.sent == sent
    # Too old for that as well.
    fleet.time.sleep(60.0)
    assert fleet.ask(1, fallback=Fallback(items=["9"])).ids == ["9"]


def test_a_fresh_answer_of_another_process_is_no_degraded_one_in_an_outage() -> None:
    fleet = Fleet(2)
    fleet.is_down = True
    with pytest.raises(errors.Unavailable):
        fleet.ask(1, Picks("another"))
    fleet.is_down = False
    fleet.ask(0)
    answer = fleet.ask(1)
    assert (answer.served.source, answer.served.degraded) == ("cache", False)


def test_without_a_server_each_process_asks_for_itself_and_none_waits() -> None:
    fleet = Fleet(2)
    fleet.server.is_away = True
    for at in (0, 1):
        began_at = fleet.time.now
        assert fleet.ask(at).served.source == "service"
        assert fleet.time.now - began_at == pytest.approx(0.06)


def test_a_server_that_does_not_answer_is_waited_for_no_longer_than_its_patience() -> None:
    fleet = Fleet(1)
    fleet.server.takes = 5.0
    assert fleet.ask(0).served.source == "service"
    assert fleet.time.now == pytest.approx(1000.0 + 0.1 + 0.06)


def test_what_was_claimed_without_being_told_in_time_is_kept_and_released() -> None:
    fleet = Fleet(2)
    fleet.server.takes = 0.13
    asking = fleet.begin(0)
    fleet.time.sleep(0.14)
    assert [who for _, who in fleet.server.claims.values()] == ["p0"]
    fleet.server.takes = 0.001
    waiting = fleet.begin(1)
    fleet.time.finish(asking, waiting)
    assert [task.result.served.source for task in (asking, waiting)] == ["service", "cache"]
    assert not fleet.server.claims


def test_what_cannot_be_read_is_asked_for() -> None:
    fleet = Fleet(2)
    fleet.ask(0)
    ((key, (stored_at, _)),) = fleet.server.entries.items()
    fleet.server.entries[key] = stored_at, b"nonsense"
    assert fleet.ask(1).served.source == "service"
    assert fleet.sent == 2


def test_an_answer_is_outdated_by_a_newer_data_set_that_the_process_knows_of() -> None:
    fleet = Fleet(2)
    answer = Response(200, {}, list_of("1", interactionsVersion="20260101000000"), 0.0)
    fleet.time.answer = lambda _: (answer, 0.06)
    fleet.ask(0)
    fleet.time.sleep(0.1)
    fleet.states[1].memory.learn((A.account, A.modeling), "20260102000000", fleet.time.now)
    stale = fleet.ask(1)
    assert stale.served.source == "stale"
    fleet.time.sleep(0.5)
    assert fleet.sent == 2


def test_a_query_without_identity_costs_no_message() -> None:
    fleet = Fleet(1)
    fleet.ask(0, Picks(session_id="s"))
    assert fleet.server.recalls == 0


def test_what_is_forgotten_is_told_to_the_fleet() -> None:
    fleet = Fleet(1)
    cache = fleet.states[0].cache
    cache.forget_user("u")
    cache.forget_item("7")
    cache.clear()
    assert fleet.shared[0].forgotten == ["user u", "item 7", "all"]


def test_a_refresh_that_finds_what_another_process_refreshed_asks_nothing() -> None:
    fleet = Fleet(2)
    fleet.ask(0)
    fleet.ask(1)
    fleet.time.sleep(1.2)
    # Both find their own answer stale; one of them asks, the other takes what it got.
    tasks = [fleet.begin(0), fleet.begin(1)]
    fleet.time.finish(*tasks)
    assert [task.result.served.source for task in tasks] == ["stale", "stale"]
    fleet.time.sleep(0.3)
    assert fleet.sent == 2
    assert [fleet.ask(at).served.source for at in (0, 1)] == ["cache", "cache"]
    assert all(not state.refreshes for state in fleet.states)


def test_a_refresh_asks_for_itself_when_the_server_stays_away() -> None:
    fleet = Fleet(2)
    fleet.ask(0)
    fleet.time.sleep(1.5)
    fleet.server.is_away = True
    assert fleet.ask(0).served.source == "stale"
    fleet.time.sleep(0.15)
    assert fleet.sent == 1
    fleet.time.sleep(0.2)
    assert fleet.sent == 2


def test_a_refresh_finds_the_server_that_was_away_for_a_moment() -> None:
    fleet = Fleet(2)
    fleet.ask(0)
    fleet.ask(1)
    fleet.time.sleep(1.5)
    assert fleet.ask(0).served.source == "stale"
    fleet.server.is_away = True
    assert fleet.ask(1).served.source == "stale"
    fleet.server.is_away = False
    fleet.time.sleep(0.5)
    assert fleet.sent == 2
    assert fleet.ask(1).served.source == "cache"


def test_a_fresh_answer_of_the_first_level_costs_not_one_call_of_a_function_more() -> None:
    fleet = Fleet(1)
    fleet.ask(0)
    alone = ClientState.of(
        (A, B),
        settings=QUICK,
        tokens=OneToken(),
        store=MemoryStore(max_entries=1000),
        uniform=lambda: 0.5,
        has_observers=False,
    )
    fleet.time.run(partial(call, POPULAR, alone, QUICK))
    now, recalls = fleet.time.now, fleet.server.recalls

    def ways(state: ClientState) -> list[str]:
        """The functions that are called, by the short way and by the long one."""
        called = list[str]()

        def note(frame: FrameType, event: str, argument: object) -> None:
            if event in {"call", "c_call"}:
                called.append(frame.f_code.co_name if event == "call" else repr(argument))

        begin = call(POPULAR, state, QUICK, now)
        sys.setprofile(note)
        try:
            cached_answer(POPULAR, state, QUICK, now)
            with suppress(StopIteration):
                next(begin)
        finally:
            sys.setprofile(None)
        return [re.sub(" at 0x[0-9a-f]+", "", each) for each in called]

    ways(alone)
    assert ways(fleet.states[0]) == ways(alone)
    assert fleet.server.recalls == recalls
