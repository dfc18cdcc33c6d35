"""What a call leaves behind: health, records, and a client that can be used when it is closed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irclient import errors
from irclient._core.call import call
from irclient._core.probing import probe
from irclient._core.protocol import (
    Failure,
    GivenUp,
    Resumed,
    Send,
    Spawn,
    Start,
    Tell,
    Trouble,
    Wait,
)
from irclient._core.state import ClientState
from irclient._wire.responses import Response
from irclient.observe import (
    AttemptEnded,
    CallEnded,
    Ejected,
    FailedOver,
    Probed,
    PutAside,
    TokenRejected,
)
from irclient.queries import Similar
from irclient.settings import Caching, Failover, Settings, Timeouts
from irclient.stores import MemoryStore
from tests.core.virtual_time import FetchedToken, OneToken, VirtualTime
from tests.scenarios.scenario import A, B, list_of

if TYPE_CHECKING:
    from irclient._core.protocol import (
        Work,
    )
    from irclient.topology import ServiceEndpoint

WELL = Response(200, {}, list_of("1"), 0.0)
DOWN = Failure(Trouble.UNREACHABLE, "refused")
BROKEN = Response(500, {}, b"", 0.0)
UNAUTHORIZED = Response(401, {}, b"", 0.0)
THROTTLED = Response(429, {}, b"", 0.0)
QUERY = Similar("64702", count=5)


def state(*endpoints: ServiceEndpoint, tokens=None, observed=False, **failover) -> ClientState:
    return ClientState.of(
        endpoints or (A, B),
        tokens=tokens or OneToken(),
        uniform=lambda: 0.5,
        settings=Settings(failover=Failover(**failover)),
        store=MemoryStore(max_entries=10),
        has_observers=observed,
    )


def begin(shared: ClientState, given_settings: Settings | None = None, at=100.0, **more):
    # Without memory: it has tests of its own, and would answer the second call of these.
    given = given_settings or Settings()
    quiet = given.model_copy(update={"caching": Caching(enabled=False)})
    return call(QUERY, shared, quiet, at, **more)


def answered(generator, outcome, now: float):
    """Send what came of a command, and return the answer or the next command."""
    try:
        return generator.send(Resumed(now, outcome))
    except StopIteration as end:
        return end.value


# Health.


@pytest.mark.parametrize(("outcome", "in_a_row"), [(DOWN, 1), (BROKEN, 1), (THROTTLED, 0)])
def test_an_attempt_counts_for_its_endpoint_as_its_verdict_says(outcome, in_a_row) -> None:
    shared = state()
    generator = begin(shared)
    next(generator)
    answered(generator, outcome, 100.0)
    assert shared.routes.health[A.url].status(100.0).consecutive_failures == in_a_row


def test_local_trouble_does_not_count() -> None:
    shared = state()
    generator = begin(shared)
    next(generator)
    answered(generator, Failure(Trouble.LOCAL, "pool"), 100.0)
    assert shared.routes.health[A.url].status(100.0).calls == 0


@pytest.mark.parametrize(("deadline", "calls"), [(0.2, 0), (0.3, 1), (1.0, 1)])
def test_a_timeout_counts_unless_the_deadline_had_cut_it_short(deadline, calls) -> None:
    shared = state(A)  # Its own attempts may take a second, and nothing is known of its answers.
    generator = begin(shared, Settings(timeouts=Timeouts(deadline=deadline, attempt=1.0)))
    assert next(generator).within == pytest.approx(deadline)
    with pytest.raises(errors.DeadlineExceeded):
        answered(generator, Failure(Trouble.TIMED_OUT, "too late"), 100.0 + deadline)
    assert shared.routes.health[A.url].status(102.0).calls == calls


def test_a_short_timeout_counts_where_the_endpoint_is_usually_faster() -> None:
    shared = state(A)
    for _ in range(20):
        shared.latencies.learn("similar", A, 0.02, 99.0)
    generator = begin(shared, Settings(timeouts=Timeouts(deadline=0.05)))
    next(generator)
    with pytest.raises(errors.DeadlineExceeded):
        answered(generator, Failure(Trouble.TIMED_OUT, "too late"), 100.05)
    assert shared.routes.health[A.url].status(102.0).calls == 1


@pytest.mark.parametrize(("late", "calls"), [(0.05, 1), (0.8, 0)])
def test_a_timeout_that_is_noticed_late_says_that_this_process_stood_still(late, calls) -> None:
    shared = state(A)
    generator = begin(shared)
    next(generator)
    answered(generator, Failure(Trouble.TIMED_OUT, "1 s"), 101.0 + late)
    assert shared.routes.health[A.url].status(102.0).calls == calls


@pytest.mark.parametrize(("after", "calls"), [(0.1, 0), (0.4, 1)])
def test_a_caller_who_goes_away_leaves_a_trace_if_he_waited_long(after, calls) -> None:
    shared = state(observed=True)
    generator = begin(shared)
    next(generator)
    with pytest.raises(GivenUp):
        generator.throw(GivenUp(100.0 + after))
    assert shared.routes.health[A.url].status(101.0).calls == calls
    stats = shared.count_up(101.0)
    assert (stats.calls, stats.cancelled) == (0, 1)
    assert stats.attempts == {"a/web": {"cancelled": 1}}
    # Who went away could tell nobody: the next call does.
    next_call = begin(shared, at=101.0)
    told = next(next_call)
    assert isinstance(told, Send)
    told = next_call.send(Resumed(101.01, WELL))
    assert isinstance(told, Tell)
    assert told.record.attempt.outcome == "cancelled"


@pytest.mark.parametrize(
    ("answers_at", "waited", "calls"),
    [(99.0, 0.015, 0), (99.0, 0.05, 1), (100.01, 0.05, 0), (100.01, 0.1, 1)],
    ids=["no longer than usual", "nobody was answered", "another was answered", "far too long"],
)
def test_who_goes_away_tells_of_an_endpoint_that_was_silent_all_the_time(
    answers_at, waited, calls
) -> None:
    # Of impatient callers only quick answers are known: what is usual is more than that.
    shared = state()
    for _ in range(20):
        shared.latencies.learn("similar", A, 0.02, 99.0)
    generator = begin(shared)
    next(generator)
    shared.latencies.learn("similar", A, 0.02, answers_at)
    with pytest.raises(GivenUp):
        generator.throw(GivenUp(100.0 + waited))
    assert shared.routes.health[A.url].status(101.0).calls == calls


def test_an_endpoint_that_answers_survives_any_number_of_impatient_callers() -> None:
    shared, now = state(), 100.0
    for _ in range(20):
        shared.latencies.learn("similar", A, 0.02, 99.0)
    for _ in range(50):
        now += 2.0  # Within its TPS.
        generators = [begin(shared, at=now) for _ in range(10)]
        for each in generators:
            next(each)
        now += 0.03
        answered(generators.pop(), WELL, now)
        for each in generators:
            with pytest.raises(GivenUp):
                each.throw(GivenUp(now))
    assert shared.routes.health[A.url].status(now).state == "working"


def test_a_recovered_endpoint_is_probed_beside_the_call() -> None:
    shared = state(consecutive_failures=1, eject_for=5)
    shared.routes.health[A.url].record(94.0, sent_at=94.0, ok=False, reason="down")
    generator = begin(shared)
    spawn = next(generator)
    assert isinstance(spawn, Spawn)
    assert generator.send(Resumed(100.0)).endpoint == B
    background = spawn.call(100.0)
    send = next(background)
    assert (send.endpoint, send.request.target) == (A, "/reco/v1.0/popular?count=1")
    with pytest.raises(StopIteration):
        background.send(Resumed(100.1, WELL))
    assert shared.routes.health[A.url].status(100.1).state == "recovering"


def test_a_probe_without_a_token_ends_quietly_and_another_may_follow() -> None:
    shared = state(tokens=FetchedToken(error="AADSTS700016"))
    background = probe(A, shared, Settings(), 100.0)
    next(background).work(lambda record: None)
    assert background.send(Resumed(100.0)).until == 101.0
    with pytest.raises(StopIteration):
        background.send(Resumed(100.0))
    assert shared.routes.health[A.url].status(100.0).calls == 0


def test_a_probe_asks_once_and_neither_retries_nor_fails_over() -> None:
    shared = state()
    background = probe(A, shared, Settings(), 100.0)
    next(background)
    with pytest.raises(StopIteration):
        background.send(Resumed(100.0, BROKEN))


# Observers.


def test_records_are_made_for_listeners_only() -> None:
    time = VirtualTime(lambda send: (DOWN if send.endpoint == A else WELL, 0.01))
    time.run(partial(call, QUERY, state(), Settings()))
    assert time.told == []


def test_a_call_tells_its_story_in_order() -> None:
    time = VirtualTime(lambda send: (DOWN if send.endpoint == A else WELL, 0.01))
    shared = state(observed=True, consecutive_failures=1)
    reply = time.run(lambda now: begin(shared, at=now))
    assert [type(each) for each in time.told] == [
        AttemptEnded, Ejected, FailedOver, AttemptEnded, CallEnded,
    ]  # fmt: skip
    failed_over = time.told[2]
    assert (failed_over.origin, failed_over.target) == ("a/web", "b/web")
    assert (failed_over.operation, failed_over.reason) == ("similar", "refused")
    ended = time.told[-1]
    assert (ended.endpoint, ended.attempts, ended.error) == ("b/web", 2, None)
    assert ended.elapsed == pytest.approx(reply.served.elapsed)


def test_a_second_round_on_the_same_endpoint_is_no_failover() -> None:
    outcomes = iter([BROKEN, WELL])
    time = VirtualTime(lambda send: (next(outcomes), 0.01))
    time.run(lambda now: call(QUERY, state(A, observed=True), Settings(), now))
    assert [type(each) for each in time.told] == [AttemptEnded, AttemptEnded, CallEnded]


def test_a_failed_call_tells_its_error_by_name() -> None:
    time = VirtualTime(lambda send: (UNAUTHORIZED, 0.01))
    with pytest.raises(errors.AuthenticationError):
        time.run(lambda now: call(QUERY, state(A, observed=True), Settings(), now))
    assert [type(each) for each in time.told] == [
        AttemptEnded, TokenRejected, PutAside, CallEnded,
    ]  # fmt: skip
    assert time.told[-1].error == "AuthenticationError"


def test_a_call_that_sent_nothing_names_no_endpoint() -> None:
    shared = state(observed=True)
    shared.is_closed = True
    time = VirtualTime(lambda send: (WELL, 0.01))
    with pytest.raises(errors.ClientClosed):
        time.run(lambda now: begin(shared, at=now))
    (ended,) = time.told
    assert (ended.endpoint, ended.attempts, ended.error) == (None, 0, "ClientClosed")


def test_a_probe_tells_what_it_learned() -> None:
    shared = state(observed=True, consecutive_failures=1)
    shared.routes.health[A.url].record(900.0, sent_at=900.0, ok=False, reason="down")
    time = VirtualTime(lambda send: (WELL, 0.01))
    time.run(lambda now: begin(shared, at=now))
    time.sleep(1.0)
    assert next(each for each in time.told if isinstance(each, Probed)).recovered


# Closing.


@pytest.mark.parametrize("outcomes", [[DOWN], [BROKEN, BROKEN, None]])
def test_a_client_closed_during_the_call_ends_it_at_its_next_step(outcomes) -> None:
    shared = state()
    generator = begin(shared)
    next(generator)
    for outcome in outcomes[:-1]:
        answered(generator, outcome, 100.0)
    shared.is_closed = True
    with pytest.raises(errors.ClientClosed) as caught:
        answered(generator, outcomes[-1], 100.0)
    assert len(caught.value.attempts) == max(len(outcomes) - 1, 1)


def test_a_client_closed_while_a_call_waits_for_its_token_ends_it() -> None:
    shared = state(tokens=FetchedToken())
    generator = begin(shared)
    next(generator)
    generator.send(Resumed(100.0))
    shared.is_closed = True
    with pytest.raises(errors.ClientClosed):
        generator.send(Resumed(100.0))


def test_an_answer_that_came_in_is_returned_though_the_client_was_closed() -> None:
    shared = state()
    generator = begin(shared)
    next(generator)
    shared.is_closed = True
    assert answered(generator, WELL, 100.0).ids == ["1"]


OUTCOMES = st.sampled_from(
    [WELL, DOWN, BROKEN, UNAUTHORIZED, THROTTLED, Failure(Trouble.LOCAL, "pool")]
)


@settings(max_examples=200)
@given(st.lists(OUTCOMES, min_size=12, max_size=12), st.integers(0, 20), st.booleans())
def test_closing_a_call_at_any_yield_leaves_the_client_usable(outcomes, steps, cold) -> None:
    tokens = FetchedToken(renewals=1) if cold else OneToken(renewals=1)
    shared = state(tokens=tokens, observed=True, consecutive_failures=1, eject_for=1)
    works: list[Work] = []
    now = abandon(begin(shared), iter(outcomes), works, steps)
    # A thread that was started goes on, whatever became of the call that started it.
    for work in works:
        work(lambda record: None)
    # Within one attempt's time and one ejection, whatever was held is free again.
    later = now + Settings().timeouts.attempt + 2.0
    time = VirtualTime(lambda send: (WELL, 0.01), now=later)
    reply = time.run(lambda now: begin(shared, at=now))
    assert reply.ids == ["1"]
    time.sleep(60.0)
    for _ in range(30):
        time.sleep(1.0)
        assert time.run(lambda now: begin(shared, at=now)).served.attempts == 1
    assert shared.routes.health[A.url].status(time.now).state == "working"


def abandon(generator, outcomes, works: list[Work], steps: int) -> float:
    """Drive a call for some steps and then close it; return the time at which that happened."""
    now = 100.0
    try:
        command = next(generator)
        for _ in range(steps):
            now, outcome = carried_out(command, now, outcomes, works)
            command = generator.send(Resumed(now, outcome))
    except (StopIteration, errors.IRError):
        return now
    if isinstance(command, Start):
        # Drivers start a thread as soon as they are told: there is no moment to be cancelled in.
        works.append(command.work)
    generator.close()
    return now


def carried_out(command, now: float, outcomes, works: list[Work]):
    match command:
        case Send():
            return now + 0.01, next(outcomes)
        case Wait():
            for work in works:
                work(lambda record: None)
            return min(command.until, now + 0.5), None
        case Start():
            works.append(command.work)
        case Spawn():
            background = command.call(now)
            next(background)
            background.close()
    return now, None
