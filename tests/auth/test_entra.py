"""The client-credentials exchange, against a scripted Entra on loopback."""

from __future__ import annotations

import logging
import socket
import sys
from dataclasses import replace
from urllib.parse import parse_qs

import pytest

from irclient._values.secret import Secret
from irclient.auth.entra import ClientCredentials, SecretRejected
from irclient.auth.exchange import TokenRefused, TokenUnanswered
from tests.auth.conftest import SECRET, Reply, refusal, token_reply


@pytest.fixture
def entra(loopback):
    return ClientCredentials(
        authority=loopback.url,
        tenant_id="tenant-1",
        client_id="app-1",
        scope="api://reco/.default",
        ca_file=loopback.ca_file,
    )


def test_a_secret_becomes_a_token_with_its_lifetime(entra, loopback):
    loopback.token = [token_reply("token-1", 3599, refresh_in=1800)]
    fetched = entra.token_for(Secret(SECRET))
    assert (fetched.value, fetched.lives_for, fetched.renew_after) == ("token-1", 3599.0, 1800.0)
    form = parse_qs(loopback.bodies[-1])
    assert form["grant_type"] == ["client_credentials"]
    assert form["scope"] == ["api://reco/.default"]
    assert (form["client_id"], form["client_secret"]) == (["app-1"], [SECRET])


def test_each_request_gets_a_new_token_and_not_msals_old_one(entra, loopback):
    loopback.token = [token_reply("token-1"), token_reply("token-2")]
    assert [entra.token_for(Secret(SECRET)).value for _ in range(2)] == ["token-1", "token-2"]


@pytest.mark.parametrize(
    "trouble",
    [refusal(70011, "invalid_scope", 400), Reply(503, headers={"Retry-After": "60"})],
    ids=["400", "503"],
)
def test_an_error_is_not_replayed_from_msals_memory(entra, loopback, trouble):
    loopback.token = [trouble, token_reply("token-2")]
    with pytest.raises((TokenRefused, TokenUnanswered)):
        entra.token_for(Secret(SECRET))
    assert entra.token_for(Secret(SECRET)).value == "token-2"


@pytest.mark.parametrize("code", ["7000215", "7000222"])
def test_a_refused_secret_is_told_apart_with_entras_code(entra, loopback, code):
    loopback.token = [refusal(code)]
    with pytest.raises(SecretRejected, match=f"AADSTS{code}") as refused:
        entra.token_for(Secret(SECRET))
    assert refused.value.code == f"AADSTS{code}"
    assert "vault" in str(refused.value)
    assert loopback.asked["token"] == 1


@pytest.mark.parametrize(
    ("code", "error", "fix"),
    [
        ("700016", "unauthorized_client", "client_id"),
        ("70011", "invalid_scope", "scope"),
        ("53003", "access_denied", "https://login.microsoftonline.com/error"),
    ],
)
def test_other_refusals_name_the_code_and_the_fix(entra, loopback, code, error, fix):
    loopback.token = [refusal(code, error, 400)]
    with pytest.raises(TokenRefused, match=f"AADSTS{code}") as refused:
        entra.token_for(Secret(SECRET))
    assert not isinstance(refused.value, SecretRejected)
    assert fix in str(refused.value)


def test_an_unknown_tenant_is_refused_with_entras_own_code(entra, loopback):
    loopback.discovery = [refusal(90002, "invalid_tenant", 400)]
    with pytest.raises(TokenRefused, match=r"AADSTS90002.*check tenant_id"):
        entra.token_for(Secret(SECRET))


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(500), "answered 500"),
        (Reply(429), "answered 429"),
        (Reply(200, b"<html>sign in</html>"), "no JSON"),
        (Reply(200, b'{"access_token": "tok'), "no JSON"),
        (Reply(200, b"[1]"), "no JSON"),
        (Reply(302, {}, {"Location": "https://localhost/login"}), "redirect"),
        (Reply(200, b" " * 300_000), "larger than"),
        (Reply(200, {}), "neither a token nor an error"),
        (Reply(200, {"access_token": "t"}), "how long"),
        (refusal(90033, "temporarily_unavailable", 400), "trouble of its own"),
        (None, "not reachable"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_answer_of_entras_is_worth_another_try(entra, loopback, reply, words):
    loopback.token = [reply]
    with pytest.raises(TokenUnanswered, match=words):
        entra.token_for(Secret(SECRET))
    assert loopback.asked["token"] == 1


def test_a_throttle_says_how_long_to_stay_away(entra, loopback):
    loopback.token = [Reply(429, headers={"Retry-After": "7"})]
    with pytest.raises(TokenUnanswered) as unanswered:
        entra.token_for(Secret(SECRET))
    assert unanswered.value.retry_after == 7.0


def test_a_closed_port_is_not_reachable(entra):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = replace(entra, authority=f"https://localhost:{unused.getsockname()[1]}")
        with pytest.raises(TokenUnanswered, match="not reachable"):
            closed.token_for(Secret(SECRET))


def test_an_explicit_ca_file_wins_over_the_environment(entra, tmp_path, monkeypatch):
    other = tmp_path / "other.pem"
    other.write_text("")
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(other))
    assert entra.token_for(Secret(SECRET)).value == "token-1"


def test_an_untrusted_certificate_is_refused_and_names_the_fix(entra, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with pytest.raises(TokenRefused, match="ca_file"):
        replace(entra, ca_file=None).token_for(Secret(SECRET))


def test_a_proxy_of_the_environment_is_not_used_for_loopback(entra, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert entra.token_for(Secret(SECRET)).value == "token-1"


@pytest.mark.parametrize(
    "reply",
    [
        token_reply("tok-en-never-to-be-seen"),
        Reply(200, b'{"access_token": "tok-en-never-to-be-seen", '),
        Reply(401, {"error": "invalid_client", "error_description": f"{SECRET} is wrong"}),
    ],
    ids=["good", "truncated", "quoting the secret"],
)
def test_neither_secret_nor_token_reaches_a_log_or_a_message(entra, loopback, reply, caplog):
    caplog.set_level(logging.DEBUG)
    loopback.token = [reply]
    said = ""
    try:
        said = repr(entra.token_for(Secret(SECRET)))
    except (TokenRefused, TokenUnanswered) as failure:
        said = f"{failure!r} {failure} {failure.__cause__!r}"
    for record in caplog.records:
        said += record.getMessage() + repr(record.exc_info)
    assert "msal" in sys.modules
    assert SECRET not in said
    assert "tok-en-never" not in said
