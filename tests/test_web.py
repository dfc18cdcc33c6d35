"""Errors as answers to a browser: the right status, and nothing that is not for its eyes."""

from __future__ import annotations

import json

import pytest

from irclient import errors
from irclient.attempts import Attempt
from irclient.web import response_for

ATTEMPT = Attempt(
    endpoint="contoso-a/web",
    outcome="failed",
    status=500,
    reason="500 out of memory",
    started_after=0,
    elapsed=0.1,
)
MESSAGE = "contoso-a/web at https://contoso-a-web.mir.prod.reco.microsoft.com: out of memory"


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (errors.Throttled, 503),
        (errors.NotReady, 503),
        (errors.Unavailable, 503),
        (errors.ClientClosed, 503),
        (errors.DeadlineExceeded, 504),
        (errors.AuthenticationError, 502),
        (errors.AccessDenied, 502),
        (errors.UnexpectedAnswer, 502),
        (errors.ConfigurationError, 500),
        (errors.IRError, 500),
    ],
)
def test_an_error_has_its_status_and_tells_a_browser_nothing_of_its_reason(kind, status) -> None:
    answer = response_for(kind(MESSAGE, attempts=(ATTEMPT,)))
    assert answer.status == answer.body["status"] == status
    assert set(answer.body) == {"type", "title", "status", "detail"}
    shown = json.dumps([answer.headers, answer.body])
    for private in ("contoso", "microsoft", "memory", "500 out"):
        assert private not in shown


def test_every_error_of_the_tree_is_answered() -> None:
    for name in set(errors.__all__) - {"Attempt"}:
        assert response_for(getattr(errors, name)("no")).status >= 400


def test_a_query_that_was_refused_here_says_why_and_one_refused_by_the_service_does_not() -> None:
    here = response_for(errors.QueryError("count must be at least 1, got 0"))
    assert (here.status, here.body["detail"]) == (400, "count must be at least 1, got 0")
    there = response_for(errors.QueryError(MESSAGE, status=404, attempts=(ATTEMPT,)))
    assert there.status == 400
    assert "contoso" not in json.dumps(there.body)


@pytest.mark.parametrize(
    ("error", "after"),
    [
        (errors.Throttled("busy", retry_after=0.02), "1"),
        (errors.Throttled("busy", retry_after=1.4), "2"),
        (errors.Throttled("busy", retry_after=0.0), "1"),
        (errors.Unavailable("down", retry_after=4.7), "5"),
        (errors.NotReady("uncooked", retry_after=2.0), "2"),
        (errors.Unavailable("down"), None),
        (errors.ClientClosed("closed"), None),
        (errors.DeadlineExceeded("late"), None),
        (errors.AuthenticationError("no token"), None),
    ],
)
def test_when_to_come_back_is_said_in_whole_seconds_where_it_is_known(error, after) -> None:
    assert response_for(error).headers.get("Retry-After") == after


def test_time_that_ran_out_before_there_was_a_token_is_a_service_that_is_not_up_yet() -> None:
    answer = response_for(errors.DeadlineExceeded("late", retry_after=1.0))
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")


def test_a_throttle_can_be_the_browsers_own_fault_if_an_application_says_so() -> None:
    answer = response_for(errors.Throttled("busy", retry_after=3), throttled=429)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "3")


def test_a_browser_or_a_cache_on_its_way_does_not_keep_it() -> None:
    status, headers, body = response_for(errors.Unavailable("down"))
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Type"] == "application/problem+json"
    assert (status, body["title"]) == (503, "Service Unavailable")
