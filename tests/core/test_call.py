"""One call, driven by hand and in virtual time: each command, and what follows from each event."""

from __future__ import annotations

import pytest
import tenacity

from irclient import errors
from irclient._core.cached_answer import cached_answer, records_of
from irclient._core.call import call
from irclient._core.identity import identity
from irclient._core.protocol import (
    Failure,
    Resumed,
    Send,
    Start,
    Tell,
    Trouble,
    Wait,
)
from irclient._core.state import ClientState
from irclient._wire.reading import read_list
from irclient._wire.responses import Response
from irclient.observe import PutAside
from irclient.queries import Popular, Similar
from irclient.settings import Caching, Failover, Retries, Settings, Timeouts
from irclient.stores import MemoryStore
from irclient.topology import ServiceEndpoint
from tests.core.virtual_time import FetchedToken, OneToken
from tests.scenarios.scenario import A, B, C, list_of

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


def begin(shared: ClientState, given_settings: Settings | None = None, **more):
    # Without memory: it has tests of its own, and would answer the second call of these.
    given = given_settings or Settings()
    quiet = given.model_copy(update={"caching": Caching(enabled=False)})
    return call(QUERY, shared, quiet, 100.0, **more)


def answered(generator, outcome, now: float):
    """Send what came of a command, and return the answer or the next command.

    That an account was put aside is told where nobody listens, too, and passed over here.
    """
    try:
        command = generator.send(Resumed(now, outcome))
        while isinstance(command, Tell) and isinstance(command.record, PutAside):
            command = generator.send(Resumed(now))
    except StopIteration as end:
        return end.value
    else:
        return command


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
    assert (first.within, first.connect_within) == (pytest.approx(0.9), 0.8)
    second = answered(generator, Failure(Trouble.TIMED_OUT, "0.9 s"), 100.9)
    assert second.within == second.connect_within == pytest.approx(0.6)


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
    generator = begin(state(A, tokens=OneToken(renewals=5)))
    next(generator)
    answered(generator, UNAUTHORIZED, 100.0)
    with pytest.raises(errors.AuthenticationError):
        answered(generator, UNAUTHORIZED, 100.0)


def test_a_second_401_sends_the_call_to_the_other_account() -> None:
    generator = begin(state(tokens=OneToken(renewals=5)))
    next(generator)
    answered(generator, UNAUTHORIZED, 100.0)
    other = answered(generator, UNAUTHORIZED, 100.0)
    assert (other.endpoint, other.token) == (B, "token-2")
    assert answered(generator, WELL, 100.0).served.endpoint == "b/web"


def test_a_401_without_another_token_ends_the_call_at_once() -> None:
    generator = begin(state(A))
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
    generator = begin(state(A))
    assert "token-1" not in repr(next(generator))
    with pytest.raises(errors.AuthenticationError) as caught:
        answered(generator, UNAUTHORIZED, 100.0)
    assert "token-1" not in f"{caught.value!r}{caught.value.attempts}"
    assert "token-1" not in repr(OneToken().read(0.0))
    assert repr(FetchedToken().read(0.0)) == "TokenReading(flight, work)"
    assert repr(OneToken().read(0.0)) == "TokenReading(token)"
    failed = FetchedToken(error="AADSTS50034")
    failed.read(0.0)
    failed.fetch()
    assert repr(failed.read(0.0)) == "TokenReading(error)"


def test_the_query_may_be_any_operation() -> None:
    generator = call(Popular(), state(), Settings(), 100.0)
    assert next(generator).request.target == "/reco/v1.0/popular"


def test_an_answer_at_hand_is_told_as_if_it_had_been_called_for() -> None:
    shared = state(observed=True)
    settings = Settings()
    key = identity(QUERY)
    shared.memory.keep(key, QUERY, read_list(list_of("1")), A, 90.0)
    at_hand = cached_answer(QUERY, shared, settings, 100.0)
    told = []
    running = call(QUERY, shared, settings, 100.0)
    command = next(running)
    try:
        while True:
            told.append(command.record)
            command = running.send(Resumed(100.0, None))
    except StopIteration as end:
        called = end.value
    assert (at_hand, at_hand.served) == (called, called.served)
    records = list(records_of(at_hand, QUERY.operation, 100.0, call_id=told[0].call_id))
    assert (told, [vars(each) for each in told]) == (records, [vars(each) for each in records])
    assert shared.stats.snapshot(retry_budget=0, cached=1).by_source == {"cache": 2}


@pytest.mark.parametrize(
    "not_at_hand",
    [
        pytest.param({"caching": Caching(enabled=False)}, id="memory is off"),
        pytest.param({"caching": Caching(fresh_for=5)}, id="not fresh"),
    ],
)
def test_what_is_not_at_hand_is_left_to_the_call(not_at_hand) -> None:
    shared = state()
    shared.memory.keep(identity(QUERY), QUERY, read_list(list_of("1")), A, 90.0)
    assert cached_answer(QUERY, shared, Settings(), 100.0) is not None
    assert cached_answer(QUERY, shared, Settings(**not_at_hand), 100.0) is None
    assert cached_answer(Popular(), shared, Settings(), 100.0) is None
    assert cached_answer("no query", shared, Settings(), 100.0) is None


def test_a_closed_client_has_nothing_at_hand() -> None:
    shared = state()
    shared.memory.keep(identity(QUERY), QUERY, read_list(list_of("1")), A, 90.0)
    shared.is_closed = True
    assert cached_answer(QUERY, shared, Settings(), 100.0) is None
