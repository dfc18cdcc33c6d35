"""A watch polls on time, knows when a cooking is over, and when polling on makes no sense."""

import pytest

from irclient._core.cooking_watch import CookingProgress, CookingWatch, KnownVersions
from irclient.errors import (
    AccessDenied,
    AuthenticationError,
    ClientClosed,
    DeadlineExceeded,
    NotReady,
    QueryError,
    Unavailable,
)
from irclient.queries import Popular
from irclient.testing import recommendation_list

OLD, NEW = "20260101000000", "20260102000000"


def watch(*, newer_than=None, poll_every=600.0, timeout=3600.0):
    return CookingWatch(Popular(), newer_than=newer_than, poll_every=poll_every, timeout=timeout)


def poll(watching, now):
    assert watching.due_at(now) == now
    watching.polled(now)


def served(version):
    return recommendation_list(["1"], interactions_version=version)


def test_it_polls_at_once_then_every_so_often_and_a_last_time_at_the_end():
    watching = watch(poll_every=600, timeout=1000)
    assert watching.due_at(50.0) == 50.0
    watching.polled(50.0)
    assert watching.due_at(51.0) == 650.0
    watching.polled(650.0)
    assert watching.due_at(651.0) == 1050.0


def test_without_a_known_version_the_first_served_list_ends_it():
    watching = watch()
    poll(watching, 0.0)
    watching.answered(served(OLD))
    assert watching.answer is not None
    assert watching.progress == CookingProgress(
        elapsed=0.0, polls=1, status="Success", interactions_version=OLD, is_cooked=True
    )


@pytest.mark.parametrize("new", [NEW, None])
def test_with_a_known_version_only_another_ends_it(new):
    watching = watch(newer_than=OLD)
    poll(watching, 0.0)
    watching.answered(served(OLD))
    assert watching.answer is None
    assert not watching.progress.is_cooked
    watching.polled(600.0)
    watching.answered(served(new))
    assert watching.answer.interactions_version == new
    assert (watching.progress.elapsed, watching.progress.polls) == (600.0, 2)


def test_waiting_for_data_and_trouble_that_may_pass_are_polled_over():
    watching = watch()
    poll(watching, 0.0)
    watching.failed(NotReady("not cooked"))
    assert str(watching.progress) == "WaitingForData at poll 1, after 0 s"
    watching.polled(600.0)
    watching.failed(Unavailable("down"))
    assert watching.progress.error == "Unavailable: down"
    assert "no answer (Unavailable: down) at poll 2" in str(watching.progress)
    assert watching.answer is None


@pytest.mark.parametrize("kind", [AccessDenied, ClientClosed, QueryError, AuthenticationError])
def test_what_no_later_poll_could_mend_ends_it(kind):
    watching = watch()
    poll(watching, 0.0)
    with pytest.raises(kind, match="no"):
        watching.failed(kind("no"))


def test_a_token_that_could_be_had_before_is_waited_for():
    watching = watch(newer_than=OLD)
    poll(watching, 0.0)
    watching.answered(served(OLD))
    watching.polled(600.0)
    watching.failed(AuthenticationError("Entra is down"))
    assert "Entra is down" in watching.progress.error


def test_its_end_is_an_error_that_says_what_was_seen_last():
    watching = watch(timeout=600)
    poll(watching, 0.0)
    watching.failed(NotReady("not cooked"))
    watching.stop_if_over()
    watching.polled(600.0)
    watching.failed(NotReady("not cooked"))
    with pytest.raises(DeadlineExceeded, match="not cooked within 600 s; at last: WaitingForData"):
        watching.stop_if_over()


def test_an_answer_at_the_very_end_counts():
    watching = watch(timeout=600)
    poll(watching, 0.0)
    watching.polled(600.0)
    watching.answered(served(OLD))
    watching.stop_if_over()
    assert watching.answer is not None


def test_a_trigger_makes_the_version_seen_before_it_the_one_to_be_replaced():
    versions = KnownVersions()
    versions.triggered("m")
    assert versions.to_be_replaced("m") is None
    versions.seen("m", OLD)
    assert versions.to_be_replaced("m") is None
    versions.triggered("m")
    versions.seen("m", None)
    assert versions.to_be_replaced("m") == OLD
    assert versions.to_be_replaced("other") is None
    versions.replaced("m")
    assert versions.to_be_replaced("m") is None
