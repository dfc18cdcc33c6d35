"""What stands in for an answer in a known outage, and when no thread can be started."""

from __future__ import annotations

from functools import partial

import pytest

from irclient import errors
from irclient._core.call import call
from irclient._core.protocol import Failure, Trouble
from irclient._core.state import ClientState
from irclient._wire.responses import Response
from irclient.observe import FellBack
from irclient.queries import Personalize, Picks, Popular, Similar
from irclient.settings import Caching, Failover, Fallback, Settings
from irclient.stores import MemoryStore
from tests.core.virtual_time import FetchedToken, OneToken, VirtualTime
from tests.scenarios.scenario import A, B, list_of

WELL = Response(200, {}, list_of("1"), 0.0)
DOWN = Failure(Trouble.UNREACHABLE, "refused")
QUICK = Settings(
    caching=Caching(fresh_for=1.0, stale_while_refresh_for=2.0),
    failover=Failover(consecutive_failures=1),
)


class World:
    """A client in virtual time, all of whose accounts are up or down."""

    def __init__(self, tokens=None) -> None:
        self.is_down = False
        self.time = VirtualTime(lambda _: (DOWN if self.is_down else WELL, 0.01))
        self.state = ClientState.of(
            (A, B),
            settings=QUICK,
            tokens=tokens or OneToken(),
            store=MemoryStore(max_entries=1000),
            uniform=lambda: 0.5,
            has_observers=True,
        )

    def ask(self, query, fallback=None):
        return self.time.run(partial(call, query, self.state, QUICK, fallback=fallback))

    def go_down(self) -> None:
        self.is_down = True
        with pytest.raises(errors.Unavailable):
            self.ask(Similar("unknown"))
        self.time.sent.clear()


def test_fixed_items_are_given_without_asking_and_the_records_say_why() -> None:
    world = World()
    world.go_down()
    answer = world.ask(Picks("user"), Fallback(items=["9"]))
    assert (answer.ids, answer.served.attempts, answer.served.degraded) == (["9"], 0, True)
    assert world.time.sent == []
    (record,) = [each for each in world.time.told if isinstance(each, FellBack)]
    assert record.reason == "every endpoint is known to be failing"


def test_a_fallback_that_is_in_memory_is_given_without_asking() -> None:
    world = World()
    world.ask(Popular())
    world.go_down()
    assert world.ask(Picks("user"), Fallback()).ids == ["1"]
    assert world.time.sent == []


def test_candidates_are_given_unranked_without_asking() -> None:
    world = World()
    world.go_down()
    assert world.ask(Personalize("user", ("3", "4")), Fallback(queries=())).ids == ["3", "4"]
    assert world.time.sent == []


def test_who_has_nothing_else_tries_once() -> None:
    world = World()
    world.go_down()
    with pytest.raises(errors.Unavailable, match="was not asked"):
        world.ask(Picks("user"), Fallback())
    assert len(world.time.sent) == 1


def test_what_is_usable_is_answered_in_an_outage_and_the_end_of_it_is_found() -> None:
    world = World()
    world.ask(Similar("7"))
    world.go_down()
    world.time.sleep(1.5)
    assert world.ask(Similar("7")).served.source == "stale"
    assert world.time.sent == []
    world.is_down = False
    world.time.sleep(5.5)  # Expired but for errors by now.
    assert world.ask(Similar("7")).served.source == "stale"
    world.time.sleep(0.1)
    assert [each[0].endpoint for each in world.time.sent] == [A, B]  # Probes.
    assert world.ask(Similar("7")).served.source == "service"


def test_a_thousand_stale_answers_are_a_few_requests() -> None:
    world = World()
    for number in range(100):
        world.ask(Similar(str(number)))
    world.time.sent.clear()
    world.time.sleep(1.5)
    world.time.answer = lambda _: (WELL, 60.0)
    for number in range(100):
        world.ask(Similar(str(number)))
    assert len(world.time.sent) == 8


def test_where_no_thread_can_be_started_usable_answers_are_given_and_refreshed_later() -> None:
    world = World()
    world.ask(Similar("7"))
    world.time.sleep(1.5)
    world.time.starts_threads = False
    for _ in range(20):
        assert world.ask(Similar("7")).served.source == "stale"
    assert (len(world.state.refreshes), len(world.state.flights)) == (0, 0)
    world.time.starts_threads = True
    world.ask(Similar("7"))
    world.time.sleep(0.1)
    assert world.ask(Similar("7")).served.source == "cache"


def test_where_no_thread_can_be_started_for_a_probe_it_stays_due() -> None:
    world = World()
    world.go_down()
    world.is_down = False
    world.time.sleep(6.0)
    world.time.starts_threads = False
    world.ask(Picks("user"), Fallback(items=["9"]))
    world.time.starts_threads = True
    world.ask(Picks("user"), Fallback(items=["9"]))
    world.time.sleep(0.1)
    assert world.ask(Picks("user"), Fallback(items=["9"])).ids == ["1"]


def test_where_no_thread_can_be_started_for_a_token_the_next_call_has_another_try() -> None:
    world = World(tokens=FetchedToken())
    world.time.starts_threads = False
    for _ in range(3):
        with pytest.raises(errors.AuthenticationError, match="no thread"):
            world.ask(Similar("7"))
    world.time.starts_threads = True
    assert world.ask(Similar("7")).ids == ["1"]


def test_a_stale_answer_beats_a_token_that_cannot_be_fetched() -> None:
    world = World()
    world.ask(Similar("7"))
    world.time.sleep(5.0)
    world.state.tokens = FetchedToken(error="AADSTS7000215")
    answer = world.ask(Similar("7"))
    assert (answer.served.source, answer.served.degraded) == ("stale", True)
