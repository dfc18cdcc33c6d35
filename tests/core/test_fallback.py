"""The fallback: what it tries in which order, and what it makes of it."""

from __future__ import annotations

from functools import partial

import pytest

from irclient import errors, queries
from irclient._core.call import call
from irclient._core.protocol import Failure, Trouble
from irclient._core.state import ClientState
from irclient._wire.responses import Response
from irclient.observe import FellBack
from irclient.settings import Fallback, Settings
from irclient.stores import MemoryStore
from tests.core.virtual_time import OneToken, VirtualTime
from tests.scenarios.scenario import A, B, list_of

DOWN = Failure(Trouble.UNREACHABLE, "refused")
PICKS, POPULAR, TRENDING = queries.Picks("ann"), queries.Popular(), queries.Trending()
ONCE = Settings(retries={"max_attempts": 1})


class World:
    """One account that answers some operations and not others."""

    def __init__(self, *answered: str, takes: float = 0.01) -> None:
        self.answered = answered
        self.takes = takes
        self.time = VirtualTime(self._answer)
        self.state = ClientState.of(
            (A, B),
            tokens=OneToken(),
            uniform=lambda: 0.5,
            settings=ONCE,
            store=MemoryStore(max_entries=10),
            has_observers=True,
        )

    def _answer(self, send):
        name = send.request.target.rpartition("/")[2].partition("?")[0]
        found = name in self.answered
        return (Response(200, {}, list_of(name), 0.0) if found else DOWN), self.takes

    def ask(self, query, fallback, options=ONCE, **more):
        given = partial(call, query, self.state, options, fallback=fallback, **more)
        return self.time.run(given)

    @property
    def asked(self) -> list[str]:
        return [send.request.target.rpartition("/")[2] for send, _, _ in self.time.sent]


def test_its_queries_are_tried_in_order() -> None:
    world = World("trending")
    answer = world.ask(PICKS, Fallback(queries=[POPULAR, TRENDING], items=["9"]))
    assert answer.ids == ["trending"]
    assert world.asked == ["picks?userId=ann", "popular", "trending"]
    served = answer.served
    assert (served.source, served.degraded, served.attempts) == ("fallback", True, 3)
    assert served.elapsed == pytest.approx(0.03)


def test_observers_are_told_what_was_answered_and_why() -> None:
    world = World("popular")
    world.ask(PICKS, Fallback())
    (record,) = [each for each in world.time.told if isinstance(each, FellBack)]
    assert (record.operation, record.instead) == ("picks", "a/web")
    assert record.reason.startswith("Unavailable: ")
    world = World()
    world.ask(PICKS, Fallback(items=["9"]))
    (record,) = [each for each in world.time.told if isinstance(each, FellBack)]
    assert record.instead == "fixed items"


def test_a_query_is_not_its_own_fallback() -> None:
    world = World()
    with pytest.raises(errors.Unavailable):
        world.ask(POPULAR, Fallback(queries=[POPULAR]))
    assert world.asked == ["popular"]


def test_it_uses_what_is_left_of_the_deadline_and_no_more() -> None:
    world = World("popular", takes=0.4)
    options = ONCE.model_copy(
        update={"timeouts": Settings(timeouts={"deadline": 0.5, "attempt": 0.3}).timeouts}
    )
    answer = world.ask(PICKS, Fallback(items=["9"]), options)
    assert answer.ids == ["9"]
    assert [round(send.within, 6) for send, _, _ in world.time.sent] == [0.3, 0.12]
    assert answer.served.elapsed == pytest.approx(0.42)


def test_an_empty_list_in_memory_is_an_answer() -> None:
    world = World("popular", "picks")
    world._answer = lambda send: (Response(200, {}, list_of(), 0.0), 0.01)
    world.time.answer = world._answer
    assert world.ask(POPULAR, None).ids == []
    world.time.answer = lambda send: (DOWN, 0.01)
    answer = world.ask(PICKS, Fallback(items=["9"]))
    assert (answer.ids, answer.served.source) == ([], "fallback")
    assert world.asked == ["popular", "picks?userId=ann"]


def test_what_is_remembered_of_a_fallback_is_not_degraded_for_others() -> None:
    world = World("popular")
    assert world.ask(PICKS, Fallback()).served.degraded
    again = world.ask(POPULAR, Fallback())
    assert (again.served.source, again.served.degraded) == ("cache", False)


def test_without_memory_nothing_is_kept_or_recalled() -> None:
    world = World("popular")
    options = Settings(retries={"max_attempts": 1}, caching={"enabled": False})
    for _ in range(2):
        assert world.ask(PICKS, Fallback(), options).ids == ["popular"]
    assert world.asked == ["picks?userId=ann", "popular"] * 2
    assert len(world.state.memory) == 0


def test_fixed_items_are_paged_as_they_were_asked_for() -> None:
    world, items = World(), [str(number) for number in range(10)]
    answer = world.ask(queries.Picks("ann", count=3, skip=4), Fallback(queries=[], items=items))
    assert (answer.ids, answer.total_items) == (["4", "5", "6"], 10)
    assert answer.served.endpoint is None


def test_selectors_have_no_fallback() -> None:
    world = World("popular")
    with pytest.raises(errors.Unavailable):
        world.ask(queries.ItemSelectors("7"), Fallback(items=["9"]))


def test_a_page_of_a_longer_list_has_no_fallback() -> None:
    world = World("popular")
    with pytest.raises(errors.Unavailable):
        world.ask(PICKS, Fallback(items=["9"]), endpoints=(A,))


def test_stale_answers_come_before_it() -> None:
    world = World("popular", "picks")
    world.ask(PICKS, None)
    world.time.sleep(3600.0)
    world.answered = ()
    answer = world.ask(PICKS, Fallback(items=["9"]))
    assert (answer.ids, answer.served.source, answer.served.degraded) == (["picks"], "stale", True)


def test_a_call_that_is_given_up_while_its_fallback_is_asked_for_is_cancelled() -> None:
    world = World("popular")
    given = partial(call, PICKS, world.state, ONCE, fallback=Fallback())
    task = world.time.begin(given)
    while world.asked[-1:] != ["popular"]:
        world.time._next()
    world.time.cancel(task)
    stats = world.state.count_up(world.time.now)
    assert (stats.calls, stats.cancelled) == (0, 1)
