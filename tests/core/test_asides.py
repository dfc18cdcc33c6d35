"""Asides: who is passed by though it is alive, for which calls, and how it comes back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from irclient._core.asides import Asides
from irclient._core.health import Admission
from irclient._core.verdict import Meaning, Verdict
from irclient.observe import PutAside, Returned
from tests.scenarios.scenario import A, B

DENIED = Verdict(Meaning.DENIED, "403 not on the list")
NOT_READY = Verdict(Meaning.NOT_READY, "waiting for its first cooking")
SERVED = Verdict(Meaning.SERVED, "served", 200)


def asides() -> Asides:
    return Asides(uniform=lambda: 0.5)


def test_whoever_refuses_is_passed_by_whatever_is_asked() -> None:
    kept = asides()
    record = kept.record(A, None, DENIED, 10.0)
    assert record == PutAside(
        at=10.0,
        endpoint="a/web",
        state="refusing",
        kind="denied",
        reason="403 not on the list",
        ask_again_after=3.0,
    )
    assert kept.admit(A, None, 10.0) is kept.admit(A, "other", 10.0) is Admission.PASS_BY
    assert kept.admit(B, None, 10.0) is Admission.SERVE


def test_whoever_is_not_ready_is_passed_by_for_that_modeling_alone() -> None:
    kept = asides()
    kept.record(A, "new", NOT_READY, 10.0)
    assert kept.admit(A, "new", 10.0) is Admission.PASS_BY
    assert kept.admit(A, None, 10.0) is Admission.SERVE
    # An endpoint's own modeling is the one that is meant where the query names none.
    assert kept.admit(replace(A, modeling="new"), None, 10.0) is Admission.PASS_BY


def test_it_is_asked_again_by_one_question_every_few_seconds() -> None:
    kept = asides()
    kept.record(A, None, DENIED, 10.0)
    assert kept.admit(A, None, 12.9) is Admission.PASS_BY
    assert kept.admit(A, None, 13.1) is Admission.PROBE
    assert kept.admit(A, None, 13.1) is Admission.PASS_BY
    assert kept.admit(A, None, 16.2) is Admission.PROBE


@pytest.mark.parametrize("meaning", [Meaning.SERVED, Meaning.REFUSED])
def test_an_answer_to_the_question_itself_brings_it_back(meaning) -> None:
    kept = asides()
    kept.record(A, None, DENIED, 10.0)
    assert kept.record(A, None, Verdict(meaning, ""), 11.0) == Returned(at=11.0, endpoint="a/web")
    assert kept.admit(A, None, 11.0) is Admission.SERVE
    assert not kept.kept
    assert kept.record(A, None, SERVED, 12.0) is None


@pytest.mark.parametrize("meaning", [Meaning.THROTTLED, Meaning.TIMED_OUT, Meaning.FAILED])
def test_other_trouble_says_nothing_about_it(meaning) -> None:
    kept = asides()
    kept.record(A, None, DENIED, 10.0)
    assert kept.record(A, None, Verdict(meaning, ""), 11.0) is None
    assert kept.admit(A, None, 11.0) is Admission.PASS_BY


def test_it_is_told_once_and_not_with_each_refusal() -> None:
    kept = asides()
    kept.record(A, None, DENIED, 10.0)
    assert kept.record(A, None, DENIED, 11.0) is None


def test_modelings_that_callers_name_do_not_fill_the_memory() -> None:
    kept = asides()
    for number in range(1000):
        kept.record(A, f"m{number}", NOT_READY, 10.0)
    assert len(kept.kept) == 256
    assert kept.find(A, "m999") is not None
    assert repr(kept) == "<Asides 256>"
