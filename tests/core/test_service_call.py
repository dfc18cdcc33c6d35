"""Asking, with many calls at once: who waits, who spills over, and what is given back."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from irclient import errors
from irclient._core.call import call
from irclient._core.probing import probe
from irclient._core.protocol import Failure, Trouble
from irclient._core.state import ClientState
from irclient._wire.responses import Response
from irclient.observe import SpilledOver, ThrottleWaited
from irclient.queries import Similar
from irclient.settings import Settings
from irclient.stores import MemoryStore
from tests.core.virtual_time import FetchedToken, OneToken, VirtualTime
from tests.scenarios.scenario import A, B, list_of

WELL = Response(200, {}, list_of("1"), 0.0)
DOWN = Failure(Trouble.UNREACHABLE, "refused")
QUERY = Similar("64702", session_id="s")  # Neither remembered nor joined.
SLOW_A, SLOW_B = replace(A, tps=1), replace(B, tps=1)
NO_OPTIONS = Settings()


def state(*endpoints, tokens=None, options=NO_OPTIONS) -> ClientState:
    return ClientState.of(
        endpoints or (A, B),
        tokens=tokens or OneToken(),
        uniform=lambda: 0.5,
        settings=options,
        store=MemoryStore(max_entries=10),
        has_observers=True,
    )


def begin(shared: ClientState, options=NO_OPTIONS):
    return partial(call, QUERY, shared, options)


def patient(seconds: float = 2.5) -> Settings:
    return Settings(throttling={"max_wait": seconds})


def held(shared: ClientState, endpoint) -> list[float]:
    return list(shared.routes.allowances[endpoint.url]._starts)


@pytest.mark.parametrize("late", [0.0, 0.01, 0.5])
def test_a_request_that_was_written_late_counts_from_then(late) -> None:
    time, shared = VirtualTime(lambda _: (replace(WELL, sent_at=1000.0 + late), 0.6)), state(SLOW_A)
    time.run(begin(shared))
    assert held(shared, SLOW_A) == [1000.0 + (late if late > 0.015 else 0.0)]
    # The next window begins then, too.
    time.run(begin(shared, patient()))
    assert time.sent[1][1] - held(shared, SLOW_A)[0] >= 1.0


def test_a_wait_for_a_free_connection_makes_no_endpoint_slow() -> None:
    def answer(send):
        """One account's connections are all in use for a while."""
        waits = 0.8 if send.endpoint is A else 0.0
        return replace(WELL, sent_at=time.now + waits), waits + 0.05

    time, shared = VirtualTime(answer), state()
    for _ in range(20):
        time.run(begin(shared))
    assert shared.latencies.percentile("similar", A) == pytest.approx(0.05)
    assert not shared.latencies.is_slow("similar", A)


def test_a_call_that_spills_over_and_one_that_waits_say_so() -> None:
    time, shared = VirtualTime(lambda send: (WELL, 0.01)), state(SLOW_A, SLOW_B)
    tasks = [time.begin(begin(shared, patient())) for _ in range(3)]
    time.finish(*tasks)
    (spilled,) = [each for each in time.told if isinstance(each, SpilledOver)]
    assert (spilled.origin, spilled.target, spilled.operation) == ("a/web", "b/web", "similar")
    (waited,) = [each for each in time.told if isinstance(each, ThrottleWaited)]
    assert waited.endpoint == "a/web"
    assert 1.0 < waited.wait < 1.1
    assert shared.count_up(100.0).throttle_waits == 1


@pytest.mark.parametrize("how", ["cancelled", "closed"])
def test_a_call_that_ends_while_it_waits_leaves_its_slot_to_the_next(how) -> None:
    time, shared = VirtualTime(lambda send: (WELL, 0.01)), state(SLOW_A)
    time.finish(time.begin(begin(shared)))
    options = Settings(throttling={"max_wait": 2.5}, timeouts={"deadline": 2.5})
    waiting = time.begin(begin(shared, options))
    behind = time.begin(begin(shared, options))
    due_at = held(shared, SLOW_A)[1]
    if how == "cancelled":
        time.cancel(waiting)
    else:
        shared.is_closed = True
        time.finish(waiting, behind)
        shared.is_closed = False
        assert isinstance(waiting.error, errors.ClientClosed)
    time.sleep(0.1)
    again = time.begin(begin(shared, options))
    time.finish(again)
    assert again.error is None
    if how == "cancelled":
        assert time.sent[1][1] == pytest.approx(due_at)


def test_no_slot_is_held_for_a_call_that_got_no_token() -> None:
    shared = state(SLOW_A, tokens=FetchedToken(error="AADSTS7000215"))
    time = VirtualTime(lambda send: (WELL, 0.01), work_takes=0.1)
    for _ in range(3):
        with pytest.raises(errors.AuthenticationError):
            time.run(begin(shared))
    assert held(shared, SLOW_A) == []


def test_callers_whose_token_took_long_stay_under_the_tps() -> None:
    shared = state(replace(A, tps=5), tokens=FetchedToken(), options=patient())
    time = VirtualTime(lambda send: (WELL, 0.01), work_takes=0.7)
    tasks = [time.begin(begin(shared, patient())) for _ in range(10)]
    time.finish(*tasks)
    sent = [at for _, at, _ in time.sent]
    assert all(task.error is None for task in tasks)
    assert all(last - first >= 1.0 for first, last in zip(sent, sent[5:], strict=False))


def test_a_429_sends_those_who_hold_a_slot_there_to_the_pair() -> None:
    def answer(send):
        if send.endpoint == SLOW_A:
            return Response(429, {"retry-after": "5"}, b"", 0.0), 0.5
        return WELL, 0.01

    time, shared = VirtualTime(answer), state(SLOW_A, B)
    shared.routes.allowances[B.url].throttled(time.now, retry_after=0.6)
    tasks = [time.begin(begin(shared, patient())) for _ in range(2)]
    time.finish(*tasks)
    assert [task.result.served.endpoint for task in tasks] == ["b/web", "b/web"]
    assert [send.endpoint.account for send, _, _ in time.sent].count("a") == 1


def test_in_a_total_outage_calls_cost_one_attempt_each_in_the_long_run() -> None:
    time, shared = VirtualTime(lambda send: (DOWN, 0.001)), state(A, B)
    for _ in range(1000):
        with pytest.raises(errors.Unavailable):
            time.run(begin(shared))
        time.sleep(0.1)
    assert len(time.sent) / 1000 <= 1.1


def test_the_pair_is_still_asked_while_the_budget_lasts() -> None:
    time = VirtualTime(lambda send: (DOWN if send.endpoint == A else WELL, 0.001))
    shared = state(A, B)
    for _ in range(200):
        assert time.run(begin(shared)).served.endpoint == "b/web"
        time.sleep(0.1)
    assert shared.budget.left(time.now) > 100


def test_a_probe_takes_no_slot_that_a_call_waits_for() -> None:
    time, shared = VirtualTime(lambda send: (WELL, 0.01)), state(SLOW_A)
    time.finish(time.begin(begin(shared)))
    time.begin(partial(probe, SLOW_A, shared, Settings()), is_background=True)
    assert len(time.sent) == 1
    assert len(held(shared, SLOW_A)) == 1


def test_a_probe_without_a_token_gives_its_slot_back() -> None:
    shared = state(SLOW_A, tokens=FetchedToken(error="AADSTS7000215"))
    time = VirtualTime(lambda send: (WELL, 0.01), work_takes=0.1)
    task = time.begin(partial(probe, SLOW_A, shared, Settings()), is_background=True)
    time.finish(task)
    assert held(shared, SLOW_A) == []


def test_refused_at_its_tps_after_a_failure_names_what_was_tried() -> None:
    # The pair failed, and the other account has no slot in time: both belong into the error.
    time = VirtualTime(lambda send: (DOWN if send.endpoint == A else WELL, 0.001))
    shared = state(A, SLOW_B)
    assert time.run(begin(shared)).served.endpoint == "b/web"
    with pytest.raises(errors.Unavailable, match="refused") as caught:
        time.run(begin(shared))
    assert [each.endpoint for each in caught.value.attempts] == ["a/web"]


def test_throttled_everywhere_tells_the_soonest_of_advice_and_slot() -> None:
    throttled = Response(429, {"retry-after": "30"}, b"", 0.0)
    time = VirtualTime(lambda send: (throttled if send.endpoint == A else WELL, 0.001))
    shared = state(A, SLOW_B)
    assert time.run(begin(shared)).served.endpoint == "b/web"
    with pytest.raises(errors.Throttled) as caught:
        time.run(begin(shared))
    assert 0.9 < caught.value.retry_after < 1.1


@pytest.mark.parametrize("late", [0.0, 0.03, 0.06, 0.4])
@pytest.mark.parametrize("of_them", [1, 4])
def test_what_is_written_late_is_counted_there_and_the_next_window_is_kept(late, of_them) -> None:
    arrivals: list[float] = []

    def answer(send):
        # The process stands still between taking its slot and writing: then it is late.
        arrivals.append(time.now + (late if 4 - of_them <= len(arrivals) < 4 else 0.0))
        return replace(WELL, sent_at=arrivals[-1]), arrivals[-1] + 0.01 - time.now

    time, shared = VirtualTime(answer), state(replace(A, tps=4))
    first = [time.begin(begin(shared)) for _ in range(4)]
    time.finish(*first)
    options = Settings(throttling={"max_wait": 9.0}, timeouts={"deadline": 9.0})
    time.finish(*[time.begin(begin(shared, options)) for _ in range(8)])
    arrivals.sort()
    assert len(arrivals) == 12
    assert min(b - a for a, b in zip(arrivals, arrivals[4:], strict=False)) >= 1.0
