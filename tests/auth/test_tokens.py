"""The record of a token and its rule, in virtual time."""

from __future__ import annotations

import os
import pickle
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irclient.auth.exchange import FetchedToken, Occasion, TokenRefused, TokenUnanswered
from irclient.auth.tokens import TokenRecord
from irclient.observe import TokenRenewalFailed, TokenRenewed


class Issuer:
    """An exchange that hands out what it is told to, and notes what it was asked for."""

    def __init__(self, lives_for=3600.0):
        self.lives_for = lives_for
        self.trouble = None
        self.occasions: list[Occasion] = []

    def __call__(self, occasion, tell):
        self.occasions.append(occasion)
        if self.trouble is not None:
            raise self.trouble
        return FetchedToken(f"token-{len(self.occasions)}", self.lives_for)


class Desk:
    """A record with its clock, and a reader who carries out at once what it is handed."""

    def __init__(self, issuer, *, jitter=0.0):
        self.now = 0.0
        self.told: list[object] = []
        self.record = TokenRecord(issuer, clock=lambda: self.now, uniform=lambda: jitter)

    def read(self):
        """What a reader gets who waits for the fetch, if there is one."""
        reading = self.record.read(self.now)
        if reading.work is not None:
            reading.work(self.told.append)
        return self.record.read(self.now) if reading.flight else reading

    def token(self):
        return self.read().token


@pytest.fixture
def issuer():
    return Issuer()


@pytest.fixture
def desk(issuer):
    return Desk(issuer)


def test_of_many_cold_readers_one_fetches_and_all_wait_for_the_same_flight(desk, issuer):
    readings = [desk.record.read(0.0) for _ in range(50)]
    works = [reading.work for reading in readings if reading.work]
    assert len(works) == 1
    assert len({id(reading.flight) for reading in readings}) == 1
    landed: list[bool] = []
    readings[-1].flight.join(lambda: landed.append(True))
    works[0](desk.told.append)
    assert landed == [True]
    assert [desk.record.read(0.0).token for _ in range(50)] == ["token-1"] * 50
    assert issuer.occasions == [Occasion.USUAL]


def test_a_token_for_an_hour_is_renewed_five_minutes_before_its_end_by_one_reader(desk, issuer):
    desk.token()
    assert desk.record.read(3299.9).work is None
    first, second = desk.record.read(3300.0), desk.record.read(3300.0)
    assert (first.token, second.token) == ("token-1", "token-1")
    assert first.work is not None
    assert second.work is None
    desk.now = 3300.0
    first.work(desk.told.append)
    assert desk.record.read(3300.0).token == "token-2"


def test_jitter_spreads_renewals_over_a_minute(issuer):
    desk = Desk(issuer, jitter=1.0)
    desk.token()
    assert desk.record.read(3239.9).work is None
    assert desk.record.read(3240.0).work is not None


def test_a_token_for_two_seconds_is_renewed_after_a_second_and_a_half():
    desk = Desk(Issuer(lives_for=2.0))
    desk.token()
    assert desk.record.read(1.49).work is None
    assert desk.record.read(1.5).work is not None


@pytest.mark.parametrize(("lives_for", "expires_at"), [(3600.0, 3595.0), (20.0, 18.0), (2.0, 1.8)])
def test_a_token_counts_as_expired_a_little_early(lives_for, expires_at):
    desk = Desk(Issuer(lives_for=lives_for))
    desk.token()
    assert desk.record.read(expires_at - 0.01).token == "token-1"
    assert desk.record.read(expires_at).token is None


@pytest.mark.parametrize(
    ("wished", "renewed_at"), [(1800.0, 1800.0), (3500.0, 3300.0), (0.0, 360.0), (-5.0, 360.0)]
)
def test_the_issuers_wish_is_followed_within_reason(wished, renewed_at):
    desk = Desk(lambda occasion, tell: FetchedToken("t", 3600.0, wished))
    desk.token()
    assert desk.record.read(renewed_at - 0.1).work is None
    assert desk.record.read(renewed_at).work is not None


@given(lives_for=st.floats(0.01, 1e6), jitter=st.floats(0, 1), wished=st.floats(0, 1e6))
def test_every_token_is_due_before_it_is_expired(lives_for, jitter, wished):
    desk = Desk(lambda occasion, tell: FetchedToken("t", lives_for, wished), jitter=jitter)
    desk.token()
    held = desk.record._state.held
    assert held.renew_at < held.usable_until < lives_for


def test_a_valid_token_beats_a_failed_renewal_for_as_long_as_it_lives(desk, issuer):
    desk.token()
    issuer.trouble = TokenUnanswered("Entra is down")
    for desk.now in range(3300, 3595):
        assert desk.token() == "token-1"
    # 1, 2, 4, 8, 16 s, then every 30 s: an outage costs a dozen tries in five minutes.
    assert 10 <= len(issuer.occasions) - 1 <= 16
    issuer.trouble = None
    desk.now = 3594.99
    while desk.record.read(desk.now).work is None and desk.now < 3700:
        desk.now += 1.0
    assert desk.now < 3600


def test_a_renewal_is_tried_again_in_time_for_a_short_life():
    issuer = Issuer(lives_for=2.0)
    desk = Desk(issuer)
    desk.token()
    issuer.trouble = TokenUnanswered("blip")
    desk.now = 1.5
    assert desk.token() == "token-1"
    issuer.trouble, desk.now = None, 1.61
    assert desk.token() == "token-1"
    assert desk.token() == "token-3"


def test_a_retry_after_delays_a_renewal_but_not_beyond_the_tokens_life(desk, issuer):
    desk.token()
    issuer.trouble, desk.now = TokenUnanswered("throttled", retry_after=60.0), 3300.0
    desk.token()
    assert desk.record.read(3359.9).work is None
    issuer.trouble, desk.now = TokenUnanswered("throttled", retry_after=3600.0), 3360.0
    desk.token()
    assert desk.record.read(3360.0 + 117.4).work is None
    assert desk.record.read(3360.0 + 117.6).work is not None


def test_readers_of_a_failed_fetch_get_its_error_with_entras_code(desk, issuer):
    issuer.trouble = TokenRefused("AADSTS7000215: wrong secret; put it right", code="AADSTS7000215")
    error = desk.read().error
    assert error.code == "AADSTS7000215"
    assert "put it right" in str(error)
    assert [desk.read().error for _ in range(20)] == [error] * 20
    assert len(issuer.occasions) == 1


def _tries_within(desk, issuer, seconds):
    for tenth in range(int(seconds * 10)):
        desk.now = tenth / 10
        desk.read()
    return len(issuer.occasions)


def test_a_secret_that_is_wrong_for_good_costs_seven_fetches_in_a_minute_and_a_half(desk, issuer):
    issuer.trouble = TokenRefused("wrong secret")
    # At 0, 1, 3, 7, 15, 31, 61 and 91 s.
    assert _tries_within(desk, issuer, 90) == 7
    assert _tries_within(desk, issuer, 92) == 8


def test_trouble_that_may_pass_is_tried_again_every_two_seconds_at_the_latest(desk, issuer):
    issuer.trouble = TokenUnanswered("unreachable")
    # At 0, 0.5, 1.5, 3.5, 5.5 s and so on.
    assert _tries_within(desk, issuer, 9.6) == 7


def test_a_retry_after_without_a_token_is_heard_up_to_half_a_minute(desk, issuer):
    issuer.trouble = TokenUnanswered("throttled", retry_after=3600.0)
    desk.read()
    assert desk.record.read(29.9).error is not None
    assert desk.record.read(30.0).work is not None


def test_a_success_forgets_the_failures_before_it(desk, issuer):
    issuer.trouble = TokenRefused("wrong secret")
    _tries_within(desk, issuer, 40)
    issuer.trouble, desk.now = None, 100.0
    assert desk.token()
    issuer.trouble, desk.now = TokenRefused("wrong again"), 100.0 + 3600.0
    assert desk.read().error is not None
    assert desk.record.read(desk.now + 1.0).work is not None


def test_a_rejected_token_is_dropped_and_a_new_one_fetched_for_that_reason(desk, issuer):
    desk.token()
    assert desk.record.reject("token-1", 10.0) is True
    desk.now = 10.0
    assert desk.token() == "token-2"
    assert issuer.occasions == [Occasion.USUAL, Occasion.REJECTED]


def test_a_rejection_of_a_token_that_was_replaced_meanwhile_just_reads_again(desk, issuer):
    desk.token()
    desk.record.reject("token-1", 10.0)
    assert desk.record.reject("token-1", 10.0) is True
    desk.now = 10.0
    assert desk.token() == "token-2"
    assert desk.record.reject("token-1", 10.1) is True
    assert desk.token() == "token-2"
    assert len(issuer.occasions) == 2


def test_when_new_tokens_keep_being_rejected_the_issuer_is_spared(desk, issuer):
    for tenth in range(600):
        desk.now = tenth / 10
        token = desk.token()
        assert token is not None
        desk.record.reject(token, desk.now)
    # The first, and new ones at 0, 1, 3, 7, 15 and 31 s.
    assert len(issuer.occasions) == 7


def test_a_rejection_long_after_the_last_one_is_the_first_again(desk):
    for desk.now in (0.0, 1.0, 3.0, 200.0, 201.0):
        assert desk.record.reject(desk.token(), desk.now) is True


def test_the_reason_survives_a_failed_fetch(desk, issuer):
    desk.token()
    desk.record.reject("token-1", 0.0)
    issuer.trouble = TokenUnanswered("down")
    desk.read()
    issuer.trouble, desk.now = None, 10.0
    # Nobody waits for this renewal: what was rejected is handed out meanwhile.
    assert [desk.token(), desk.token()] == ["token-1", "token-3"]
    assert issuer.occasions[1:] == [Occasion.REJECTED, Occasion.REJECTED]


def test_a_rejected_token_is_handed_out_again_where_its_renewal_fails(desk, issuer):
    desk.token()
    assert desk.record.reject("token-1", 5.0) is True
    issuer.trouble, desk.now = TokenUnanswered("Entra is down"), 5.0
    # The other account may accept it; and the one that does not need not be asked twice.
    assert desk.token() == "token-1"
    assert desk.record.reject("token-1", 5.0) is False
    # For as long as it lives, with a renewal now and then.
    for desk.now in range(6, 3595):
        assert desk.token() == "token-1"
    assert len(issuer.occasions) < 130
    desk.now = 3595.0
    assert "Entra is down" in str(desk.read().error)
    issuer.trouble, desk.now = None, 4000.0
    assert desk.token().reveal().startswith("token-")
    assert set(issuer.occasions[1:]) == {Occasion.REJECTED}


def test_a_rejected_token_waits_for_its_renewal_where_that_has_not_failed(desk, issuer):
    desk.token()
    desk.record.reject("token-1", 5.0)
    first, second = desk.record.read(5.0), desk.record.read(5.0)
    assert first.work is not None
    assert first.token is second.token is None
    assert first.flight is second.flight
    first.work(desk.told.append)
    assert desk.record.read(5.0).token == "token-2"


def test_a_token_rejected_while_renewing_it_fails_is_better_than_none(desk, issuer):
    desk.token()
    issuer.trouble, desk.now = TokenUnanswered("Entra is down"), 3300.0
    desk.token()
    desk.record.reject("token-1", 3300.1)
    assert desk.record.read(3300.1).token == "token-1"
    assert desk.record.reject("token-1", 3300.1) is False
    # Once the pause is over, a fetch for this very reason is waited for.
    reading = desk.record.read(3301.0)
    assert reading.token is None
    assert reading.work is not None


def test_a_fetch_that_is_abandoned_lands_and_the_next_reader_begins_it_anew(desk, issuer):
    first, second = desk.record.read(0.0), desk.record.read(0.0)
    woken: list[bool] = []
    second.flight.join(lambda: woken.append(True))
    first.work.abandon()
    assert woken == [True]
    assert desk.token() == "token-1"
    assert issuer.occasions == [Occasion.USUAL]


def test_an_abandoned_renewal_changes_nothing_for_those_who_have_a_token(desk):
    desk.token()
    renewal = desk.record.read(3300.0)
    desk.now = 3300.0
    renewal.work.abandon()
    assert desk.record.read(3300.0).token == "token-1"
    desk.now = 3302.0
    assert desk.token() == "token-1"
    assert desk.token() == "token-2"


def test_work_that_has_begun_cannot_be_abandoned(desk):
    reading = desk.record.read(0.0)
    reading.work(desk.told.append)
    reading.work.abandon()
    assert desk.record.read(0.0).token == "token-1"
    # And what was abandoned but begins all the same brings a token.
    late = desk.record.read(3600.0)
    late.work.abandon()
    desk.now = 3600.0
    late.work(desk.told.append)
    assert desk.record.read(3600.0).token == "token-2"


def test_a_fetch_that_never_ends_is_given_up_and_its_late_token_is_still_good(desk):
    stuck = desk.record.read(0.0)
    assert desk.record.read(59.9).work is None
    woken: list[bool] = []
    stuck.flight.join(lambda: woken.append(True))
    assert "60 s" in str(desk.record.read(60.0).error)
    assert woken == [True]
    again = desk.record.read(61.0)
    assert again.work is not None
    desk.now = 61.5
    stuck.work(desk.told.append)
    assert desk.record.read(61.5).token == "token-1"


def test_a_late_token_does_not_replace_the_one_that_came_instead(desk):
    stuck = desk.record.read(0.0)
    desk.record.read(60.0)
    desk.now = 61.0
    assert desk.token() == "token-1"
    stuck.work(desk.told.append)
    assert desk.token() == "token-1"


def test_an_unexpected_error_lands_the_flight_and_is_not_quoted(desk, issuer):
    issuer.trouble = KeyError("s3cret")
    reading = desk.record.read(0.0)
    reading.work(desk.told.append)
    assert reading.flight.join(lambda: None) is False
    error = desk.record.read(0.0).error
    assert "KeyError" in str(error)
    assert "s3cret" not in str(error)


def test_even_an_exit_lands_the_flight(desk, issuer):
    issuer.trouble = SystemExit()
    reading = desk.record.read(0.0)
    with pytest.raises(SystemExit):
        reading.work(desk.told.append)
    assert reading.flight.join(lambda: None) is False
    assert desk.record.read(0.0).error is not None


@pytest.mark.parametrize("lives_for", [0.0, -3600.0, float("nan"), float("inf")])
def test_a_token_without_a_life_is_refused_instead_of_fetched_for_ever(lives_for):
    desk = Desk(Issuer(lives_for=lives_for))
    assert "clock" in str(desk.read().error)
    assert desk.record.read(0.9).work is None


def test_a_token_that_cannot_stand_in_a_header_is_refused_unquoted():
    desk = Desk(lambda occasion, tell: FetchedToken("a\r\nX: y", 60.0))
    error = desk.read().error
    assert "header" in str(error)
    assert "X: y" not in str(error)


def test_observers_hear_of_renewals_and_of_failures(desk, issuer):
    desk.now = 5.0
    desk.token()
    issuer.trouble, desk.now = TokenUnanswered("Entra is down"), 3400.0
    desk.token()
    assert desk.told == [
        TokenRenewed(at=5.0, lifetime=3600.0),
        TokenRenewalFailed(at=3400.0, kind="unanswered", reason="Entra is down", expires_in=200.0),
    ]


def test_neither_repr_nor_pickle_shows_the_token(desk):
    assert repr(desk.record) == "<TokenRecord without a token>"
    desk.token()
    assert repr(desk.record) == "<TokenRecord with a token>"
    assert "token-1" not in repr(desk.record._state)
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(desk.record)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_starts_a_fetch_of_its_own(desk):
    parents = desk.record.read(0.0)
    assert parents.work is not None
    child = os.fork()
    if child == 0:
        reading = desk.record.read(0.0)
        os._exit(0 if reading.work is not None and not reading.flight.is_lost else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert desk.record.read(0.0).work is None


def test_fifty_threads_fetch_once():
    issuer = Issuer()
    record = TokenRecord(issuer)
    start = threading.Barrier(50)
    tokens: list[str] = []

    def call():
        start.wait()
        while (reading := record.read(0.0)).token is None:
            if reading.work is not None:
                threading.Thread(target=reading.work, args=(lambda _: None,)).start()
            landed = threading.Event()
            if reading.flight.join(landed.set):
                assert landed.wait(10)
        tokens.append(reading.token)

    threads = [threading.Thread(target=call) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tokens == ["token-1"] * 50
    assert len(issuer.occasions) == 1
