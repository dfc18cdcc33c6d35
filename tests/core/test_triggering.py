"""One trigger, command by command, in virtual time."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from irclient._core.cooking_guard import CookingGuard
from irclient._core.flights import Flight
from irclient._core.protocol import Failure, TokenReading, Trouble
from irclient._core.triggering import Order, modeling_key, trigger
from irclient._wire.cooking_trigger import Triggered
from irclient._wire.responses import Response
from irclient.errors import (
    AccessDenied,
    AuthenticationError,
    ClientClosed,
    DeadlineExceeded,
    IRError,
    QueryError,
    Throttled,
    Unavailable,
    UnexpectedAnswer,
)
from irclient.observe import AttemptEnded, CallEnded, TokenRejected
from irclient.settings import Settings, Timeouts
from irclient.topology import ServiceEndpoint
from tests.core.virtual_time import OneToken, VirtualTime

SAMPLES = Path(__file__).parent.parent / "data" / "contract"
ENDPOINT = ServiceEndpoint("a", "web", tps=10)
ACCEPTED = b'{"status":"Success"}'
REFUSED = b'{"error":{"code":"TooManyRequests","message":"Too many requests"}}'
SETTINGS = Settings(timeouts=Timeouts(deadline=10, attempt=5, connect=1))


class State:
    """As much of a client's state as a trigger looks at."""

    def __init__(self, tokens=None):
        self.tokens = tokens or OneToken()
        self.has_observers = True
        self.untold = []
        self.memory = SimpleNamespace(generation=0)
        self.new_call_id = lambda: "0123456789abc"
        self.is_closed = False


def response(status=200, body=ACCEPTED, **headers):
    return Response(status, headers, body, 0.0)


def run(*outcomes, guard=None, modeling=None, state=None, asked_at=0.0, takes=0.1):
    """Trigger in virtual time; each request gets the next outcome."""
    left = list(outcomes)
    time = VirtualTime(lambda send: (left.pop(0), takes))
    order = Order(
        endpoint=ENDPOINT, modeling=modeling, guard=guard or CookingGuard(), asked_at=asked_at
    )
    state = state or State()
    try:
        return time.run(lambda now: trigger(order, state, SETTINGS, now)), time
    except IRError as error:
        return error, time


@pytest.mark.parametrize(
    ("sample", "version", "environment"),
    [
        ("documented", "20210930173241", "your env id will be written here"),
        ("observed-2022-07", None, None),
        ("observed-2023-04", None, None),
    ],
)
def test_every_sample_of_an_acceptance_is_read(sample, version, environment):
    body = (SAMPLES / f"trigger_modeling_success.{sample}.json").read_bytes()
    triggered, _ = run(response(body=body))
    assert triggered == Triggered(status="Success", version=version, environment_id=environment)


@pytest.mark.parametrize(
    ("modeling", "target"),
    [(None, "/Control/V1.0/Model"), ("a b&c", "/Control/V1.0/Model?modeling=a%20b%26c")],
)
def test_it_posts_to_the_documented_path_once(modeling, target):
    _, time = run(response(), modeling=modeling)
    ((send, _, _),) = time.sent
    assert (send.request.method, send.request.target, send.request.body) == ("POST", target, None)
    assert (send.endpoint, send.within, send.connect_within) == (ENDPOINT, 5.0, 1.0)


@pytest.mark.parametrize(
    "body", [b'\xef\xbb\xbf{"status":"Success"}', b'{"status":"Started","version":20210930173241}']
)
def test_an_acceptance_is_read_tolerantly(body):
    triggered, _ = run(response(202, body))
    assert isinstance(triggered, Triggered)


@pytest.mark.parametrize(
    ("outcome", "kind", "words"),
    [
        (response(400, b""), QueryError, "refused to cook the default modeling of a/web"),
        (response(404, b""), QueryError, "Check the modeling's name"),
        (response(403, b""), AccessDenied, "allow-list"),
        (response(429, REFUSED), Throttled, "cooking is under way or the limits"),
        (response(200, REFUSED), Throttled, "TooManyRequests"),
        (response(500, b"<html>"), Unavailable, "Nothing was accepted"),
        (response(503, b""), Unavailable, "could not be triggered"),
        (response(200, b""), UnexpectedAnswer, "Check the endpoint's URL"),
        (response(200, b"<html>sign in"), UnexpectedAnswer, "sign in"),
        (response(200, b"[]"), UnexpectedAnswer, "no answer to a trigger"),
        (response(200, b'{"status":""}'), UnexpectedAnswer, "no answer to a trigger"),
        (response(200, b'{"status":"Success","items":[]}'), UnexpectedAnswer, "a list"),
        (response(302, ACCEPTED), UnexpectedAnswer, "302"),
        (Failure(Trouble.UNREACHABLE, "refused"), Unavailable, "Nothing was accepted"),
        (Failure(Trouble.TIMED_OUT, "timed out"), Unavailable, "may have been accepted"),
        (Failure(Trouble.BROKEN, "reset"), Unavailable, "may have been accepted"),
        (Failure(Trouble.LOCAL, "no pool"), Unavailable, "no pool"),
    ],
)
def test_every_other_answer_is_one_error_after_one_request(outcome, kind, words):
    error, time = run(outcome)
    assert type(error) is kind
    assert words in str(error)
    assert len(time.sent) == len(error.attempts) == 1


def test_a_throttle_says_the_services_own_wait_or_the_documented_interval():
    advised, _ = run(response(429, REFUSED, **{"retry-after": "7"}))
    assert advised.retry_after == 7.0
    without, _ = run(response(429, REFUSED))
    assert without.retry_after == 1800.0


def test_a_rejected_token_is_renewed_once():
    triggered, time = run(response(401, b""), response(), state=State(OneToken(renewals=1)))
    assert isinstance(triggered, Triggered)
    assert [send.token for send, _, _ in time.sent] == ["token-1", "token-2"]


@pytest.mark.parametrize("renewals", [0, 1])
def test_a_token_that_stays_rejected_is_an_authentication_error(renewals):
    outcomes = [response(401, b"")] * 2
    error, time = run(*outcomes, state=State(OneToken(renewals=renewals)))
    assert type(error) is AuthenticationError
    assert len(time.sent) == renewals + 1


def test_what_was_accepted_is_counted_from_its_answer():
    guard = CookingGuard()
    run(response(), guard=guard, asked_at=100.0, takes=2.0)
    assert guard.wait("", 102.0) == pytest.approx(1800.0)
    error, time = run(response(), guard=guard, asked_at=702.0)
    assert type(error) is Throttled
    assert error.retry_after == pytest.approx(1200.0)
    assert "not sent" in str(error)
    assert "1200 s" in str(error)
    assert time.sent == []


@pytest.mark.parametrize(
    "outcome", [response(429, REFUSED), response(500, b""), Failure(Trouble.TIMED_OUT, "late")]
)
def test_what_was_not_surely_accepted_is_not_counted(outcome):
    guard = CookingGuard()
    run(outcome, guard=guard)
    assert guard.wait("", 1.0) == 0.0


def test_a_trigger_that_is_given_up_half_way_is_not_counted():
    guard = CookingGuard()
    order = Order(endpoint=ENDPOINT, modeling=None, guard=guard, asked_at=0.0)
    call = trigger(order, State(), SETTINGS, 0.0)
    next(call)
    assert guard.wait("", 0.0) > 0
    call.close()
    assert guard.wait("", 0.0) == 0.0


def test_names_that_differ_by_case_alone_are_one_modeling():
    guard = CookingGuard()
    run(response(), guard=guard, modeling="ADW")
    error, _ = run(response(), guard=guard, modeling="adw")
    assert type(error) is Throttled
    assert modeling_key(None) == modeling_key("")


def test_a_closed_client_sends_nothing():
    state = State()
    state.is_closed = True
    error, time = run(response(), state=state)
    assert type(error) is ClientClosed
    assert time.sent == []


def test_the_deadline_holds_while_a_token_is_fetched():
    class Never:
        def read(self, now):
            return TokenReading(flight=Flight())

    error, time = run(state=State(Never()))
    assert type(error) is DeadlineExceeded
    assert time.sent == []


def test_observers_hear_of_attempt_and_end():
    _, time = run(response(401, b""), response(), state=State(OneToken(renewals=1)))
    kinds = [type(record) for record in time.told]
    assert kinds == [AttemptEnded, TokenRejected, AttemptEnded, CallEnded]
    assert (time.told[-1].operation, time.told[-1].attempts, time.told[-1].error) == (
        "trigger",
        2,
        None,
    )
    assert time.told[-2].attempt.outcome == "accepted"
    _, time = run(response(503, b""))
    assert time.told[-1].error == "Unavailable"
    assert "token-1" not in json.dumps([str(record) for record in time.told])
