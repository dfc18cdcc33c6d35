"""One call, driven by hand and in virtual time: each command, and what follows from each event."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
import tenacity
from hypothesis import given, settings
from hypothesis import strategies as st

from irclient import errors
from irclient._core.call import call, probe
from irclient._core.protocol import (
    Failure,
    Resumed,
    Send,
    Spawn,
    Start,
    Tell,
    Trouble,
    Wait,
)
from irclient._core.state import ClientState
from irclient._wire import Response
from irclient.observe import (
    AttemptEnded,
    CallEnded,
    Ejected,
    FailedOver,
    Probed,
    TokenRejected,
)
from irclient.queries import Popular, Similar
from irclient.settings import Failover, Retries, Settings, Timeouts
from irclient.topology import ServiceEndpoint
from tests.core.virtual_time import FetchedToken, OneToken, VirtualTime
from tests.scenarios.scenario import A, B, C, list_of

if TYPE_CHECKING:
    from irclient._core.protocol import (
        Work,
    )

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
        failover=Failover(**failover),
        has_observers=observed,
    )


def begin(shared: ClientState, given_settings: Settings | None = None, **more):
    return call(QUERY, shared, given_settings or Settings(), 100.0, **more)


def answered(generator, outcome, now: float):
    """Send what came of a command, and return the answer or the next command."""
    try:
        return generator.send(Resumed(now, outcome))
    except StopIteration as end:
        return end.value


def test_a_good_day_is_one_command() -> None:
    generator = begin(state())
    send = next(generator)
    assert isinstance(send, Send)
    assert (send.endpoint, send.token, send.within, send.connect_within) == (
        A, "token-1", 1.0, 1.0,
    )  # fmt: skip
    assert send.request.target == "/reco/v1.0/similar/64702?count=5"
    reco = answered(generator, WELL, 100.02)
    assert reco.ids == ["1"]
    served = reco.served
    assert (served.endpoint, served.account, served.source) == ("a/web", "a", "service")
    assert (served.attempts, served.degraded) == (1, False)
    assert served.elapsed == pytest.approx(0.02)


def test_each_endpoint_gets_its_own_modeling() -> None:
    there = ServiceEndpoint("b", "web", tps=1, modeling="mb")
    generator = begin(state(A, there))
    assert "modeling" not in next(generator).request.target
    assert "modeling=mb" in answered(generator, DOWN, 100.0).request.target


def test_an_attempt_never_outlives_the_deadline() -> None:
    generator = begin(state(), Settings(timeouts=Timeouts(deadline=1.5, attempt=1, connect=0.8)))
    first = next(generator)
    assert (first.within, first.connect_within) == (1.0, 0.8)
    second = answered(generator, Failure(Trouble.TIMED_OUT, "1 s"), 101.0)
    assert second.within == second.connect_within == pytest.approx(0.5)


def test_a_failover_sends_at_once_and_waits_for_nothing() -> None:
    generator = begin(state())
    next(generator)
    second = answered(generator, DOWN, 100.01)
    assert isinstance(second, Send)
    assert second.endpoint == B


def test_only_the_given_endpoints_are_asked() -> None:
    generator = begin(state(A, B, C), endpoints=[C])
    assert next(generator).endpoint == C
    assert isinstance(answered(generator, BROKEN, 100.0), Wait)


def test_the_second_round_waits_and_starts_at_the_preferred_endpoint() -> None:
    generator = begin(state())
    next(generator)
    answered(generator, BROKEN, 100.0)
    wait = answered(generator, BROKEN, 100.0)
    assert wait == Wait(pytest.approx(100.025))
    assert answered(generator, None, 100.025).endpoint == A


def test_a_wait_that_would_pass_the_deadline_is_not_made() -> None:
    advised = Response(503, {"retry-after": "30"}, b"", 0.0)
    generator = begin(state(A))
    next(generator)
    with pytest.raises(errors.Unavailable, match="1 attempt"):
        answered(generator, advised, 100.01)


def test_a_wait_that_overran_the_deadline_sends_nothing_more() -> None:
    generator = begin(state(A))
    next(generator)
    assert isinstance(answered(generator, BROKEN, 100.1), Wait)
    with pytest.raises(errors.DeadlineExceeded):
        answered(generator, None, 103.0)


def test_an_observer_that_overran_the_deadline_ends_the_call() -> None:
    generator = begin(state(observed=True))
    next(generator)
    assert isinstance(answered(generator, DOWN, 100.0), Tell)
    assert isinstance(answered(generator, None, 103.5), Tell)
    with pytest.raises(errors.DeadlineExceeded):
        answered(generator, None, 103.5)


def test_a_users_own_wait_decides_between_rounds() -> None:
    chosen = Settings(retries=Retries(wait=tenacity.wait_fixed(0.7)))
    generator = begin(state(A), chosen)
    next(generator)
    assert answered(generator, BROKEN, 100.0) == Wait(pytest.approx(100.7))


def test_max_attempts_ends_the_call() -> None:
    generator = begin(state(), Settings(retries=Retries(max_attempts=1)))
    next(generator)
    with pytest.raises(errors.Unavailable) as caught:
        answered(generator, DOWN, 100.01)
    (attempt,) = caught.value.attempts
    assert (attempt.endpoint, attempt.outcome, attempt.status) == ("a/web", "unreachable", None)
    assert attempt.reason == "refused"
    assert attempt.elapsed == pytest.approx(0.01)


def test_the_exception_of_a_users_transport_is_the_cause_of_the_error() -> None:
    cause = ValueError("in a transport")
    generator = begin(state(A))
    next(generator)
    with pytest.raises(errors.Unavailable) as caught:
        answered(generator, Failure(Trouble.LOCAL, "ValueError", cause), 100.0)
    assert caught.value.__cause__ is cause


# Tokens.


def test_a_cold_call_starts_one_fetch_and_waits_for_it() -> None:
    tokens = FetchedToken()
    shared = state(tokens=tokens)
    first, second = begin(shared), begin(shared)
    start = next(first)
    assert isinstance(start, Start)
    wait = first.send(Resumed(100.0))
    assert isinstance(wait, Wait)
    assert wait.until == 103.0
    assert next(second).flight is wait.flight
    start.work(lambda record: None)
    assert first.send(Resumed(100.5)).token == "token-1"
    assert second.send(Resumed(100.5)).token == "token-1"
    assert tokens.fetches == 1


def test_no_token_in_time_says_so() -> None:
    generator = begin(state(tokens=FetchedToken()))
    next(generator)
    generator.send(Resumed(100.0))
    with pytest.raises(errors.DeadlineExceeded, match="waiting for a token"):
        generator.send(Resumed(103.0))


def test_each_caller_gets_its_own_authentication_error() -> None:
    shared = state(tokens=FetchedToken(error="AADSTS7000215"))
    generator = begin(shared)
    next(generator).work(lambda record: None)
    assert generator.send(Resumed(100.0)).flight is not None
    with pytest.raises(errors.AuthenticationError) as one:
        generator.send(Resumed(100.0))
    with pytest.raises(errors.AuthenticationError, match="AADSTS7000215") as two:
        next(begin(shared))
    assert one.value is not two.value
    assert two.value.code == "AADSTS7000215"


def test_a_401_renews_the_token_and_asks_the_same_endpoint() -> None:
    generator = begin(state(tokens=OneToken(renewals=1)))
    next(generator)
    again = answered(generator, UNAUTHORIZED, 100.0)
    assert (again.endpoint, again.token) == (A, "token-2")
    assert answered(generator, WELL, 100.0).served.attempts == 2


def test_a_second_401_ends_the_call_though_more_tokens_could_be_had() -> None:
    generator = begin(state(tokens=OneToken(renewals=5)))
    next(generator)
    answered(generator, UNAUTHORIZED, 100.0)
    with pytest.raises(errors.AuthenticationError):
        answered(generator, UNAUTHORIZED, 100.0)


def test_a_401_without_another_token_ends_the_call_at_once() -> None:
    generator = begin(state())
    next(generator)
    with pytest.raises(errors.AuthenticationError) as caught:
        answered(generator, UNAUTHORIZED, 100.0)
    assert len(caught.value.attempts) == 1


def test_a_401_at_the_deadline_sends_nothing_more() -> None:
    generator = begin(state(tokens=OneToken(renewals=1)))
    next(generator)
    with pytest.raises(errors.DeadlineExceeded):
        answered(generator, UNAUTHORIZED, 103.0)


def test_a_401_on_the_last_attempt_is_still_renewed() -> None:
    shared = state(tokens=OneToken(renewals=1))
    generator = begin(shared, Settings(retries=Retries(max_attempts=1)))
    next(generator)
    answered(generator, UNAUTHORIZED, 100.0)
    assert answered(generator, WELL, 100.0).served.attempts == 2


def test_no_token_appears_in_a_command_or_an_error() -> None:
    generator = begin(state())
    assert "token-1" not in repr(next(generator))
    with pytest.raises(errors.AuthenticationError) as caught:
        answered(generator, UNAUTHORIZED, 100.0)
    assert "token-1" not in f"{caught.value!r}{caught.value.attempts}"
    assert "token-1" not in repr(OneToken().read(0.0))
    assert repr(FetchedToken().read(0.0)) == "TokenReading(flight, work)"
    assert repr(OneToken().read(0.0)) == "TokenReading(token)"
    failed = FetchedToken(error="AADSTS50034")
    failed._fetch(lambda record: None)
    failed.read(0.0)
    failed._fetch(lambda record: None)
    assert repr(failed.read(0.0)) == "TokenReading(error)"


# Health.


@pytest.mark.parametrize(("outcome", "in_a_row"), [(DOWN, 1), (BROKEN, 1), (THROTTLED, 0)])
def test_an_attempt_counts_for_its_endpoint_as_its_verdict_says(outcome, in_a_row) -> None:
    shared = state()
    generator = begin(shared)
    next(generator)
    answered(generator, outcome, 100.0)
    assert shared.health[A].status(100.0).consecutive_failures == in_a_row


def test_local_trouble_does_not_count() -> None:
    shared = state()
    generator = begin(shared)
    next(generator)
    answered(generator, Failure(Trouble.LOCAL, "pool"), 100.0)
    assert shared.health[A].status(100.0).calls == 0


@pytest.mark.parametrize(("deadline", "calls"), [(1.4, 0), (1.6, 1)])
def test_a_timeout_counts_unless_the_deadline_had_cut_it_short(deadline, calls) -> None:
    shared = state()
    generator = begin(shared, Settings(timeouts=Timeouts(deadline=deadline, attempt=1.0)))
    next(generator)
    timed_out = Failure(Trouble.TIMED_OUT, "too late")
    answered(generator, timed_out, 101.0)
    with pytest.raises(errors.DeadlineExceeded):
        answered(generator, timed_out, 100.0 + deadline)
    assert shared.health[B].status(102.0).calls == calls


def test_a_recovered_endpoint_is_probed_beside_the_call() -> None:
    shared = state(consecutive_failures=1, eject_for=5)
    shared.health[A].record(94.0, sent_at=94.0, ok=False, reason="down")
    generator = begin(shared)
    spawn = next(generator)
    assert isinstance(spawn, Spawn)
    assert generator.send(Resumed(100.0)).endpoint == B
    background = spawn.call(100.0)
    send = next(background)
    assert (send.endpoint, send.request.target) == (A, "/reco/v1.0/popular?count=1")
    with pytest.raises(StopIteration):
        background.send(Resumed(100.1, WELL))
    assert shared.health[A].status(100.1).state == "recovering"


def test_a_probe_without_a_token_ends_quietly_and_another_may_follow() -> None:
    shared = state(tokens=FetchedToken(error="AADSTS700016"))
    background = probe(A, shared, Settings(), 100.0)
    next(background).work(lambda record: None)
    assert background.send(Resumed(100.0)).until == 101.0
    with pytest.raises(StopIteration):
        background.send(Resumed(100.0))
    assert shared.health[A].status(100.0).calls == 0


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
    reply = time.run(lambda now: call(QUERY, shared, Settings(), now))
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
        time.run(lambda now: call(QUERY, state(observed=True), Settings(), now))
    assert [type(each) for each in time.told] == [AttemptEnded, TokenRejected, CallEnded]
    assert time.told[-1].error == "AuthenticationError"


def test_a_call_that_sent_nothing_names_no_endpoint() -> None:
    shared = state(observed=True)
    shared.is_closed = True
    time = VirtualTime(lambda send: (WELL, 0.01))
    with pytest.raises(errors.ClientClosed):
        time.run(lambda now: call(QUERY, shared, Settings(), now))
    (ended,) = time.told
    assert (ended.endpoint, ended.attempts, ended.error) == (None, 0, "ClientClosed")


def test_a_probe_tells_what_it_learned() -> None:
    shared = state(observed=True, consecutive_failures=1)
    shared.health[A].record(900.0, sent_at=900.0, ok=False, reason="down")
    time = VirtualTime(lambda send: (WELL, 0.01))
    time.run(lambda now: call(QUERY, shared, Settings(), now))
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
    reply = time.run(lambda now: call(QUERY, shared, Settings(), now))
    assert reply.ids == ["1"]
    time.sleep(60.0)
    for _ in range(30):
        time.sleep(1.0)
        assert time.run(lambda now: call(QUERY, shared, Settings(), now)).served.attempts == 1
    assert shared.health[A].status(time.now).state == "working"


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


def test_the_query_may_be_any_operation() -> None:
    generator = call(Popular(), state(), Settings(), 100.0)
    assert next(generator).request.target == "/reco/v1.0/popular"
