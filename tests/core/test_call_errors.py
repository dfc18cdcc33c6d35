"""The end of a call: which error, and what it says."""

from __future__ import annotations

import pytest

from irclient import errors
from irclient._core.call_errors import (
    FOR_TOKEN,
    deadline_exceeded,
    no_endpoint_answered,
    refused,
    unauthorized,
)
from irclient._core.verdict import Meaning, Verdict
from irclient.attempts import Attempt

ATTEMPTS = [
    Attempt(
        endpoint=f"{account}/web",
        outcome="failed",
        status=500,
        reason=f"500 'no {account}'",
        started_after=0.0,
        elapsed=0.012,
    )
    for account in "ab"
]
TOLD = "a/web: 500 'no a' (12 ms); b/web: 500 'no b' (12 ms)"


@pytest.mark.parametrize(
    ("meanings", "kind"),
    [
        ([Meaning.NOT_READY], errors.NotReady),
        ([Meaning.NOT_READY, Meaning.NOT_READY], errors.NotReady),
        ([Meaning.THROTTLED, Meaning.THROTTLED], errors.Throttled),
        ([Meaning.UNEXPECTED, Meaning.UNEXPECTED], errors.UnexpectedAnswer),
        ([Meaning.FAILED, Meaning.BROKEN], errors.Unavailable),
        ([Meaning.NOT_READY, Meaning.FAILED], errors.Unavailable),
        ([Meaning.THROTTLED, Meaning.TIMED_OUT], errors.Unavailable),
        ([Meaning.UNEXPECTED, Meaning.UNREACHABLE], errors.Unavailable),
        ([Meaning.LOCAL], errors.Unavailable),
    ],
)
def test_what_all_endpoints_have_in_common_names_the_error(meanings, kind) -> None:
    error = no_endpoint_answered([Verdict(each, "no") for each in meanings], ATTEMPTS)
    assert type(error) is kind
    assert error.attempts == tuple(ATTEMPTS)
    assert TOLD in str(error)
    assert "after 2 attempts" in str(error)


@pytest.mark.parametrize(
    ("advice", "wait"), [([None, None], 1.0), ([30.0, None], 30.0), ([30.0, 0.5], 0.5)]
)
def test_throttled_says_when_to_ask_again(advice, wait) -> None:
    verdicts = [Verdict(Meaning.THROTTLED, "429", retry_after=each) for each in advice]
    error = no_endpoint_answered(verdicts, ATTEMPTS)
    assert isinstance(error, errors.Throttled)
    assert error.retry_after == wait
    assert f"in {wait:g} s" in str(error)


def test_denied_says_whose_list_lacks_the_app_id() -> None:
    error = refused(Verdict(Meaning.DENIED, "403"), ATTEMPTS[:1])
    assert type(error) is errors.AccessDenied
    assert "by a/web" in str(error)


def test_refused_keeps_the_status() -> None:
    error = refused(Verdict(Meaning.REFUSED, "404", 404), ATTEMPTS[:1])
    assert isinstance(error, errors.QueryError)
    assert error.status == 404


def test_unauthorized_names_what_to_check() -> None:
    error = unauthorized(ATTEMPTS[:1])
    assert "scope and tenant" in str(error)
    assert "a line of the keys_file" in str(error)
    assert error.attempts == tuple(ATTEMPTS[:1])


def test_time_that_went_into_the_first_token_is_not_for_a_longer_deadline_to_mend() -> None:
    error = deadline_exceeded(2.5, [], waiting_for=FOR_TOKEN)
    assert "irclient doctor" in str(error)
    assert "longer deadline" not in str(error)


@pytest.mark.parametrize(
    ("attempts", "waiting_for", "words"),
    [
        (ATTEMPTS, "", f"the deadline of 2.5 s passed after 2 attempts: {TOLD}."),
        (ATTEMPTS[:1], "", "after 1 attempt: a/web"),
        ([], "a token", "passed while waiting for a token after no attempt: nothing was sent."),
    ],
)
def test_a_passed_deadline_says_where_the_time_went(attempts, waiting_for, words) -> None:
    error = deadline_exceeded(2.5, attempts, waiting_for=waiting_for)
    assert words in str(error)
    assert error.attempts == tuple(attempts)
