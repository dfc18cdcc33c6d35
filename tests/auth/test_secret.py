"""Reading the secret, with the real Key Vault package against a scripted vault on loopback."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure.identity import CredentialUnavailableError

from irclient.auth.exchange import TokenRefused, TokenUnanswered
from irclient.auth.secret import SecretPlace
from tests.auth.conftest import SECRET, Reply, secret_reply, vault_error


class Reader:
    """An identity that may read the vault."""

    def __init__(self, error=None):
        self.error = error
        self.closed = False

    def get_token(self, *scopes, **options):
        if self.error is not None:
            raise self.error
        return AccessToken("vault-token-never-to-be-seen", int(time.time()) + 3600)

    def close(self):
        self.closed = True


@pytest.fixture
def place(loopback):
    return SecretPlace(
        vault_url=loopback.url,
        secret_name="ir-web",
        secret_version=None,
        vault_credential=Reader(),
        authority=loopback.url,
        ca_file=loopback.ca_file,
    )


def test_the_secret_is_read_with_one_request_and_the_reader_stays_open(place, loopback):
    assert place.read() == SECRET
    assert loopback.asked["secret"] == 1
    assert not place.vault_credential.closed


@pytest.mark.parametrize("value", [f"{SECRET}\n", f" {SECRET}\r\n"])
def test_white_space_around_a_secret_came_with_a_copy_and_is_left_out(place, loopback, value):
    loopback.secret = [secret_reply(value)]
    assert place.read() == SECRET


def test_the_end_that_the_vault_tells_of_comes_with_the_secret(place, loopback):
    assert place.look().ends_at is None
    reply = secret_reply(SECRET)
    loopback.secret = [replace(reply, body={**reply.body, "attributes": {"exp": 1_900_000_000}})]
    assert place.look().ends_at == 1_900_000_000.0
    assert SECRET not in repr(place.look())


def test_a_vault_on_loopback_is_asked_without_the_environments_proxy(place, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert place.read() == SECRET


@pytest.mark.parametrize(
    ("authority", "given"),
    [
        ("https://login.microsoftonline.com", {}),
        ("https://login.microsoftonline.us", {"authority": "https://login.microsoftonline.us"}),
    ],
)
def test_the_reader_of_a_sovereign_cloud_signs_in_there(place, monkeypatch, authority, given):
    made = []

    class Default(Reader):
        def __init__(self, **options):
            super().__init__()
            made.append(options)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    monkeypatch.setattr("azure.identity.DefaultAzureCredential", Default)
    assert replace(place, vault_credential=None, authority=authority).read() == SECRET
    assert made == [given]


def test_a_version_is_asked_for_by_name(place, loopback):
    replace(place, secret_version="v7").read()
    assert loopback.bodies[-1].startswith("/secrets/ir-web/v7?")


@pytest.mark.parametrize(
    ("reply", "fix"),
    [
        (vault_error(404, "SecretNotFound", "not found"), "check secret_name"),
        (
            vault_error(
                403,
                "Forbidden",
                "Operation get is not allowed on a disabled secret.",
                innererror={"code": "SecretDisabled"},
            ),
            "enable the secret",
        ),
        (vault_error(403, "Forbidden", "Caller is not authorized"), "Key Vault Secrets User"),
        (vault_error(400, "BadParameter", "api-version"), "vault_url"),
        (secret_reply(""), "is empty"),
    ],
)
def test_a_refusal_of_the_vault_names_the_fix_and_is_final(place, loopback, reply, fix):
    loopback.secret = [reply]
    with pytest.raises(TokenRefused, match=fix) as refused:
        place.read()
    assert "'ir-web'" in str(refused.value)
    assert loopback.asked["secret"] == 1


def test_what_the_vault_says_is_told_once(place, loopback):
    inner = {"code": "ForbiddenByRbac"}
    loopback.secret = [vault_error(403, "Forbidden", "Not authorized.", innererror=inner)]
    with pytest.raises(TokenRefused) as refused:
        place.read()
    assert refused.value.what.endswith(" failed: Forbidden (ForbiddenByRbac): Not authorized")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_vault_in_trouble_is_worth_another_try_but_not_here(place, loopback, status):
    loopback.secret = [Reply(status, headers={"Retry-After": "1"})]
    with pytest.raises(TokenUnanswered) as unanswered:
        place.read()
    assert unanswered.value.retry_after == 1.0
    assert loopback.asked["secret"] == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b'{"value": "' + SECRET.encode()),
        Reply(200, SECRET.encode()),
        Reply(200, b"\xff" + SECRET.encode()),
        Reply(200, {"values": [SECRET]}),
    ],
    ids=["truncated", "bare", "not text", "other JSON"],
)
def test_what_is_no_answer_of_a_vault_is_worth_another_try_and_not_quoted(place, loopback, reply):
    loopback.secret = [reply]
    with pytest.raises(TokenUnanswered) as unanswered:
        place.read()
    assert "'ir-web'" in str(unanswered.value)
    assert SECRET not in str(unanswered.value)


def test_a_vault_that_hangs_up_is_worth_another_try(place, loopback):
    loopback.secret = [None]
    with pytest.raises(TokenUnanswered, match="ir-web"):
        place.read()


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (CredentialUnavailableError("no identity here"), TokenRefused, "az login"),
        (ClientAuthenticationError("AADSTS7000215: wrong"), TokenRefused, "reads the vault"),
        (ServiceRequestError("no route"), TokenUnanswered, "no route"),
        (ConnectionResetError("gone"), TokenUnanswered, "gone"),
        (ValueError("The challenge resource does not match"), TokenRefused, "vault_url"),
    ],
)
def test_trouble_of_the_reader_is_told_as_such(place, error, kind, words):
    with pytest.raises(kind, match=words) as failed:
        replace(place, vault_credential=Reader(error)).read()
    if "AADSTS" in str(error):
        assert failed.value.code == "AADSTS7000215"


def test_an_explicit_ca_file_wins_over_the_environment(place, tmp_path, monkeypatch):
    other = tmp_path / "other.pem"
    other.write_text("")
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(other))
    assert place.read() == SECRET


def test_an_untrusted_certificate_is_refused_and_names_the_fix(place, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    with pytest.raises(TokenRefused, match="ca_file"):
        replace(place, ca_file=None).read()


def test_neither_the_secret_nor_the_vaults_token_is_logged_or_shown(place, caplog):
    caplog.set_level(logging.DEBUG)
    place.read()
    said = repr(place) + "".join(record.getMessage() for record in caplog.records)
    assert "azure" in {record.name.partition(".")[0] for record in caplog.records}
    assert SECRET not in said
    assert "never-to-be-seen" not in said
