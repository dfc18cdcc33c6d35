"""KeyVaultCredential: its arguments, and its pickle."""

from __future__ import annotations

import pickle

import pytest

from irclient.auth import KeyVaultCredential
from irclient.auth.exchange import FetchedToken
from irclient.errors import ConfigurationError

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


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"])
def test_authorities_that_are_not_there_are_refused_before_a_fallback_hides_them(
    monkeypatch, tmp_path, variable
):
    monkeypatch.setenv(variable, str(tmp_path / "nothing"))
    with pytest.raises(ConfigurationError, match=f"{variable}=.*nothing.* is not there"):
        KeyVaultCredential(**GOOD)
    ca_file = tmp_path / "ca.pem"
    ca_file.write_text("")
    assert KeyVaultCredential(**GOOD, ca_file=ca_file) is not None


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
