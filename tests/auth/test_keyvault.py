"""KeyVaultCredential: its arguments, its pickle, and when the secret is read again."""

from __future__ import annotations

import pickle

import pytest

from irclient.auth import KeyVaultCredential
from irclient.auth.entra import SecretRejected
from irclient.auth.exchange import FetchedToken, Occasion, TokenRefused, TokenUnanswered
from irclient.auth.keyvault import SecretExchange
from irclient.errors import ConfigurationError
from irclient.observe import SecretRead

GOOD = {
    "vault_url": "https://contoso.vault.azure.net/",
    "secret_name": "ir-web",
    "tenant_id": "contoso.onmicrosoft.com",
    "client_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
}


class Reader:
    def get_token(self, *scopes):
        raise NotImplementedError


class AwaitedReader:
    async def get_token(self, *scopes):
        raise NotImplementedError


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


def test_urls_lose_their_slash_and_the_rest_has_its_defaults():
    credential = KeyVaultCredential(**GOOD)
    assert credential.vault_url == "https://contoso.vault.azure.net"
    assert credential.authority == "https://login.microsoftonline.com"
    assert credential.scope == "c5b731db-1b0a-43f6-bcf6-757667d9cdc6/.default"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("vault_url", "http://contoso.vault.azure.net", "https"),
        ("vault_url", "http://localhost:8200", "https"),
        ("vault_url", "contoso", "https://host"),
        ("vault_url", "https://contoso.vault.azure.net/secrets/ir-web/1", "secret_name"),
        ("vault_url", None, "str"),
        ("secret_name", "", "secret_name"),
        ("secret_name", "a/b", "letters, digits"),
        ("secret_name", "x" * 128, "127"),
        ("secret_version", "", "secret_version"),
        ("secret_version", "../x", "secret_version"),
        ("tenant_id", " ", "tenant_id"),
        ("tenant_id", "a/b", "tenant_id"),
        ("tenant_id", "common", "no tenant"),
        ("client_id", None, "client_id"),
        ("client_id", "a b", "client_id"),
        ("authority", "http://login.microsoftonline.com", "https"),
        ("authority", "https://login.microsoftonline.com/contoso", "tenant_id"),
        ("scope", "user_impersonation", "/.default"),
        ("ca_file", "no/such.pem", "PEM"),
        ("ca_file", 7, "PEM"),
        ("vault_credential", object(), "get_token"),
        ("vault_credential", AwaitedReader(), "azure.identity.aio"),
    ],
)
def test_a_wrong_argument_is_refused_by_name_with_the_fix(name, value, words):
    with pytest.raises(ConfigurationError) as refused:
        KeyVaultCredential(**{**GOOD, name: value})
    assert name in str(refused.value)
    assert words in str(refused.value)


def test_it_pickles_as_configuration(tmp_path):
    ca_file = tmp_path / "ca.pem"
    ca_file.write_text("")
    credential = KeyVaultCredential(**GOOD, secret_version="v1", ca_file=ca_file)
    held = FetchedToken("tok-en", 3600.0)
    object.__getattribute__(credential, "_record")._exchange = lambda occasion, tell: held
    credential.read(0.0).work(lambda record: None)
    assert credential.read(0.0).token == "tok-en"
    pickled = pickle.dumps(credential)
    assert b"tok-en" not in pickled
    copy = pickle.loads(pickled)
    assert repr(copy) == repr(credential)
    assert copy.read(0.0).token is None


def test_with_a_vault_credential_it_refuses_to_be_pickled():
    credential = KeyVaultCredential(**GOOD, vault_credential=Reader())
    with pytest.raises(ConfigurationError, match="vault_credential cannot be pickled"):
        pickle.dumps(credential)


def test_it_cannot_be_changed_afterwards():
    with pytest.raises(AttributeError):
        KeyVaultCredential(**GOOD).scope = "x"
