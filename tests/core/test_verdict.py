"""The verdict: the table, row by row."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irclient._core import verdict as verdict_module
from irclient._core.protocol import Failure, Trouble
from irclient._core.verdict import Health, Meaning, Next, judge
from irclient._wire.responses import Response
from irclient.queries import ItemSelectors, Popular
from tests.scenarios.scenario import SAMPLES, list_of

LIST = list_of("1", "2")
WAITING = (SAMPLES / "popular_waiting_for_data.observed-2023-04.json").read_bytes()
THROTTLE = (SAMPLES / "error_too_many_requests.documented.json").read_bytes()
HTML = b"<html><body>Bad Gateway</body></html>"


def answer(status: int, body: bytes, **headers: str) -> Response:
    return Response(status, headers, body, 0.0)


@pytest.mark.parametrize(
    ("outcome", "meaning"),
    [
        (answer(200, LIST), Meaning.SERVED),
        (answer(200, b'{"items":[]}'), Meaning.SERVED),
        (answer(200, b'{"items":[],"status":"SomethingNew"}'), Meaning.SERVED),
        (answer(200, WAITING), Meaning.NOT_READY),
        (answer(503, WAITING), Meaning.NOT_READY),
        (answer(404, WAITING), Meaning.NOT_READY),
        (answer(429, THROTTLE), Meaning.THROTTLED),
        (answer(429, b""), Meaning.THROTTLED),
        (answer(408, b""), Meaning.FAILED),
        (answer(500, b""), Meaning.FAILED),
        (answer(500, LIST), Meaning.FAILED),
        (answer(502, HTML), Meaning.FAILED),
        (answer(503, b""), Meaning.FAILED),
        (answer(504, HTML), Meaning.FAILED),
        (answer(599, HTML), Meaning.FAILED),
        (Failure(Trouble.UNREACHABLE, "refused"), Meaning.UNREACHABLE),
        (Failure(Trouble.BROKEN, "reset"), Meaning.BROKEN),
        (Failure(Trouble.TIMED_OUT, "1 s passed"), Meaning.TIMED_OUT),
        (Failure(Trouble.TOO_LARGE, "more than 8 MiB"), Meaning.UNEXPECTED),
        (Failure(Trouble.LOCAL, "our pool"), Meaning.LOCAL),
        (answer(200, HTML), Meaning.UNEXPECTED),
        (answer(200, b""), Meaning.UNEXPECTED),
        (answer(200, THROTTLE), Meaning.UNEXPECTED),
        (answer(204, b""), Meaning.UNEXPECTED),
        (answer(206, LIST), Meaning.UNEXPECTED),
        (answer(302, b""), Meaning.UNEXPECTED),
        (answer(101, b""), Meaning.UNEXPECTED),
        (answer(401, b""), Meaning.UNAUTHORIZED),
        (answer(403, HTML), Meaning.DENIED),
        (answer(400, b""), Meaning.REFUSED),
        (answer(404, HTML), Meaning.FAILED),
        (answer(410, b""), Meaning.FAILED),
        (answer(499, LIST), Meaning.REFUSED),
    ],
)
def test_each_outcome_has_one_meaning(outcome, meaning) -> None:
    verdict = judge(Popular(), outcome)
    assert verdict.meaning is meaning
    assert verdict.reason
    assert (verdict.answer is not None) == (meaning is Meaning.SERVED)
    assert verdict.status == (outcome.status if isinstance(outcome, Response) else None)


def test_the_table_in_the_docs_is_the_table_in_the_code() -> None:
    thens = {
        "returns": Next.RETURN,
        "goes elsewhere": Next.ELSEWHERE,
        "renews the token once": Next.RENEW,
        "reconnects once": Next.RECONNECT,
        "ends in an error": Next.END,
    }
    rows = re.findall(
        r"^\| ([a-z ]+?) *\|.*\| (\w+) +\| ([a-z ]+?) *\|$", verdict_module.__doc__, re.MULTILINE
    )
    told = {word: (Health(health), thens[then]) for word, health, then in rows if word != "verdict"}
    assert told == {meaning.word: (meaning.health, meaning.then) for meaning in Meaning}


def test_only_what_may_pass_is_worth_a_second_round() -> None:
    assert {meaning for meaning in Meaning if meaning.worth_retrying} == {
        Meaning.THROTTLED,
        Meaning.FAILED,
        Meaning.UNREACHABLE,
        Meaning.BROKEN,
        Meaning.STALE,
        Meaning.TIMED_OUT,
        Meaning.UNEXPECTED,
    }


@pytest.mark.parametrize("status", [429, 503, 500, 408])
def test_advice_to_wait_is_kept_where_waiting_helps(status) -> None:
    verdict = judge(Popular(), answer(status, b"", **{"retry-after": "7"}))
    assert verdict.retry_after == 7.0


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404])
def test_advice_to_wait_is_dropped_elsewhere(status) -> None:
    verdict = judge(Popular(), answer(status, b"", **{"retry-after": "7"}))
    assert verdict.retry_after is None


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (answer(200, WAITING), "waiting for its first cooking: 'The request data is currently"),
        (answer(200, b'{"items":[],"status":"WaitingForData"}'), "waiting for its first cooking"),
        (answer(429, THROTTLE), "429 'TooManyRequests: Too many requests'"),
        (answer(401, b""), "401 an empty body"),
        (answer(502, HTML), "502 '<html><body>Bad Gateway</body></html>'"),
        (answer(200, b"oops"), "200, not JSON: 'oops'"),
        (answer(206, LIST), "206, a list with status 206"),
        (Failure(Trouble.BROKEN, "reset by peer"), "reset by peer"),
    ],
)
def test_the_reason_says_what_happened(outcome, reason) -> None:
    assert judge(Popular(), outcome).reason.startswith(reason)


def test_the_exception_of_a_transport_travels_along() -> None:
    cause = RuntimeError("a user's transport")
    assert judge(Popular(), Failure(Trouble.LOCAL, "raised", cause)).cause is cause


def test_selectors_are_judged_by_their_own_envelope() -> None:
    assert judge(ItemSelectors("1"), answer(200, b'{"value":[]}')).meaning is Meaning.SERVED
    assert judge(ItemSelectors("1"), answer(200, LIST)).meaning is Meaning.UNEXPECTED


@given(
    st.integers(100, 599), st.binary(max_size=60), st.sampled_from([b"", LIST, WAITING, THROTTLE])
)
def test_every_answer_gets_a_verdict(status, noise, body) -> None:
    verdict = judge(Popular(), answer(status, body or noise))
    assert verdict.status == status
    assert (verdict.meaning is Meaning.SERVED) <= (status == 200)
