"""How long a fetch keeps trying, and what its words may say."""

from __future__ import annotations

import pytest

from irclient._values.secret import Secret
from irclient.auth.exchange import (
    FetchedToken,
    TokenRefused,
    TokenUnanswered,
    persistently,
    provider_code,
    redacted,
)


class _Step:
    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)
        self.taken = 0

    def __call__(self):
        self.taken += 1
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def test_a_blip_of_three_tries_is_no_error():
    naps: list[float] = []
    step = _Step(*[TokenUnanswered("blip")] * 3, "token")
    assert persistently(step, sleep=naps.append) == "token"
    assert len(naps) == 3
    assert 0 < sum(naps) <= 1.4


def test_an_outage_is_given_up_after_four_tries_with_its_own_error():
    step = _Step(*[TokenUnanswered("down")] * 9)
    with pytest.raises(TokenUnanswered, match="down"):
        persistently(step, sleep=lambda _: None)
    assert step.taken == 4


def test_a_refusal_is_not_tried_again():
    step = _Step(TokenRefused("no"), "token")
    with pytest.raises(TokenRefused):
        persistently(step, sleep=lambda _: None)
    assert step.taken == 1


def test_a_short_retry_after_is_waited_for():
    naps: list[float] = []
    assert persistently(_Step(TokenUnanswered("", retry_after=2.0), 1), sleep=naps.append) == 1
    assert naps == [2.0]


def test_a_long_retry_after_ends_the_fetch():
    step = _Step(TokenUnanswered("throttled", retry_after=2.5), 1)
    with pytest.raises(TokenUnanswered):
        persistently(step, sleep=lambda _: None)
    assert step.taken == 1


def test_entras_code_is_found_in_its_words():
    assert provider_code("x: AADSTS7000215: Invalid client secret") == "AADSTS7000215"
    assert provider_code("no code") is None


def test_foreign_words_come_on_one_line_bounded_and_without_secrets():
    assert redacted("a\r\n b  s3cret", Secret("s3cret")) == "a b …"
    assert len(redacted("x" * 1000)) == 500
    assert redacted('{"access_token": "eyJhbGciOiJS.eyJhdWQi.c2ln-_"}') == '{"access_token": "…"}'


def test_the_repr_of_a_fetched_token_hides_it():
    assert "abc" not in repr(FetchedToken("abc", 3600.0))
