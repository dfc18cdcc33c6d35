"""When the secret is read again, and when it is not."""

from __future__ import annotations

import pytest

from irclient.auth.entra import SecretRejected
from irclient.auth.exchange import FetchedToken, Occasion, TokenRefused, TokenUnanswered
from irclient.auth.rotation import SecretExchange
from irclient.observe import SecretRead


class Place:
    """A vault in memory."""

    vault_url, secret_name = "https://localhost", "ir-web"

    def __init__(self, secret):
        self.secret = secret
        self.reads = 0

    def read(self):
        self.reads += 1
        if isinstance(self.secret, Exception):
            raise self.secret
        return self.secret


class Entra:
    """Accepts one secret, and notes what it was shown."""

    def __init__(self, accepted):
        self.accepted = accepted
        self.shown: list[str] = []

    def token_for(self, secret):
        self.shown.append(secret)
        if isinstance(self.accepted, Exception):
            raise self.accepted
        if secret != self.accepted:
            raise SecretRejected("AADSTS7000215: wrong secret", code="AADSTS7000215")
        return FetchedToken(f"token-{len(self.shown)}", 3600.0)


@pytest.fixture
def place():
    return Place("old")


@pytest.fixture
def entra():
    return Entra("old")


@pytest.fixture
def fetch(place, entra, naps):
    exchange = SecretExchange(place, entra)
    return lambda occasion=Occasion.USUAL: exchange(occasion, lambda record: None).value


def test_a_cold_start_reads_the_secret_once_and_renewals_do_not(fetch, place, entra):
    assert [fetch() for _ in range(3)] == ["token-1", "token-2", "token-3"]
    assert place.reads == 1


def test_a_rotated_secret_is_read_again_and_works_at_once(fetch, place, entra):
    fetch()
    place.secret = entra.accepted = "new"
    assert fetch() == "token-3"
    assert (place.reads, entra.shown) == (2, ["old", "old", "new"])


def test_a_secret_that_is_wrong_for_good_costs_one_request_and_two_reads(fetch, place, entra):
    fetch()
    entra.accepted = "other"
    with pytest.raises(SecretRejected, match="AADSTS7000215"):
        fetch()
    assert (place.reads, entra.shown) == (2, ["old", "old"])


def test_a_cold_start_with_a_wrong_secret_costs_one_request(fetch, place, entra):
    entra.accepted = "other"
    with pytest.raises(SecretRejected):
        fetch()
    assert (place.reads, entra.shown) == (1, ["old"])


def test_after_a_refusal_the_vault_is_asked_first(fetch, place, entra):
    entra.accepted = "other"
    with pytest.raises(SecretRejected):
        fetch()
    place.secret = "other"
    assert fetch() == "token-2"
    assert entra.shown == ["old", "other"]
    fetch()
    assert place.reads == 2


def test_a_rejected_token_has_the_secret_read_again(fetch, place, entra):
    fetch()
    place.secret = entra.accepted = "new"
    assert fetch(Occasion.REJECTED) == "token-2"
    assert entra.shown == ["old", "new"]


@pytest.mark.parametrize("trouble", [TokenUnanswered("down"), TokenRefused("403")])
def test_a_vault_in_trouble_does_not_stop_a_secret_that_still_works(fetch, place, entra, trouble):
    fetch()
    place.secret = trouble
    assert fetch() == "token-2"
    assert fetch(Occasion.REJECTED) == "token-3"


def test_a_refused_secret_and_a_vault_in_trouble_tell_of_the_vault(fetch, place, entra):
    fetch()
    place.secret, entra.accepted = TokenUnanswered("the vault is down"), "new"
    for occasion in (Occasion.USUAL, Occasion.USUAL, Occasion.REJECTED):
        with pytest.raises(TokenUnanswered, match="the vault is down"):
            fetch(occasion)


def test_a_blip_of_the_vault_and_of_entra_is_waited_out(fetch, place, entra, naps):
    down = [TokenUnanswered("blip")] * 2
    read, token_for = place.read, entra.token_for
    place.read = lambda: _raise(down.pop()) if down else read()
    assert fetch() == "token-1"
    down += [TokenUnanswered("blip")] * 2
    entra.token_for = lambda secret: _raise(down.pop()) if down else token_for(secret)
    assert fetch() == "token-2"
    assert len(naps) == 4


def _raise(error):
    raise error


def test_observers_hear_of_each_read(place, entra):
    told: list[object] = []
    SecretExchange(place, entra)(Occasion.USUAL, told.append)
    assert [type(record) for record in told] == [SecretRead]
    assert (told[0].vault_url, told[0].secret_name) == ("https://localhost", "ir-web")


def test_no_repr_shows_the_secret(place, entra):
    exchange = SecretExchange(place, entra)
    exchange(Occasion.USUAL, lambda record: None)
    assert "old" not in repr(exchange)
