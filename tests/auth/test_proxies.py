"""Entra and Key Vault are asked by way of the same proxies as the service, by one rule."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from irclient._values.secret import Secret
from irclient.auth.entra import ClientCredentials
from irclient.auth.exchange import TokenRefused, TokenUnanswered
from irclient.auth.secret import SecretPlace
from tests.transports.carriers import serving

if TYPE_CHECKING:
    import socket

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
ENTRA = ClientCredentials(
    authority="https://login.test", tenant_id="t", client_id="c", scope="s", ca_file=None
)
#: Some of the ways to spoil the URL of a proxy that wants a password.
UNREADABLE = (
    "http://someone:qwert/y@127.0.0.1:1",
    "http://qwert:12/y@127.0.0.1:1",
    "http://qwert:12?y@127.0.0.1:1",
    "http://qwert:12#y@127.0.0.1:1",
    "http://someone:qwert#y@127.0.0.1:1",
    "http://someone:1@qwerty/@127.0.0.1:1",
    "http://someone:1@qwerty?@127.0.0.1:1",
    "http://someone:1@qwerty#@127.0.0.1:1",
    "http://someone:qwert[y@127.0.0.1:1",
    "http://someone:qwerty@127.0.0.1:port",
    "http://someone:qwerty@127.0.0.1:99999",
    "http://someone:qwerty@",
)
VAULT = SecretPlace(
    vault_url="https://vault.test",
    secret_name="s",
    secret_version=None,
    vault_credential=object(),
    authority="https://login.test",
    ca_file=None,
)


@pytest.fixture(autouse=True)
def clean(monkeypatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def ask_entra() -> None:
    ENTRA.token_for(Secret("the-secret"))


def ask_vault() -> None:
    VAULT.read()


def asked_of_a_proxy(monkeypatch, ask, **variables: str) -> list[str]:
    """What is asked of the proxy that `HTTPS_PROXY` names."""
    seen: list[str] = []

    def refuse(peer: socket.socket) -> None:
        with suppress(OSError):
            seen.append(peer.recv(65_536).decode().partition(" HTTP/1")[0])
            peer.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    with serving(refuse) as port:
        for name, value in {"HTTPS_PROXY": f"http://127.0.0.1:{port}", **variables}.items():
            monkeypatch.setenv(name, value)
        with pytest.raises((TokenRefused, TokenUnanswered)):
            ask()
    return seen


@pytest.mark.parametrize(
    ("ask", "host"), [(ask_entra, "login.test"), (ask_vault, "vault.test")], ids=["entra", "vault"]
)
@pytest.mark.parametrize(
    ("directly", "is_asked"),
    [("", True), ("{0}", False), (".{0}", False), ("test", False), ("est", True), ("*", False)],
)
def test_a_host_is_asked_by_way_of_the_proxy_unless_no_proxy_names_it(
    ask, host, directly, is_asked, monkeypatch
) -> None:
    seen = asked_of_a_proxy(monkeypatch, ask, NO_PROXY=directly.format(host))
    assert set(seen) == ({f"CONNECT {host}:443"} if is_asked else set())


@pytest.mark.parametrize("ask", [ask_entra, ask_vault])
def test_a_proxy_that_is_not_used_may_be_of_any_kind(ask, monkeypatch) -> None:
    others = {"ALL_PROXY": "socks5://127.0.0.1:1", "HTTP_PROXY": "socks4://127.0.0.1:1"}
    assert asked_of_a_proxy(monkeypatch, ask, **others)


def test_a_proxy_of_a_kind_that_entra_cannot_be_asked_through_is_named(monkeypatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks4://someone:pass-word@127.0.0.1:1")
    words = r"the proxy 127\.0\.0\.1:1 of HTTPS_PROXY cannot be used"
    with pytest.raises(TokenUnanswered, match=words) as raised:
        ask_entra()
    assert "pass-word" not in str(raised.value)


@pytest.mark.parametrize("ask", [ask_entra, ask_vault])
@pytest.mark.parametrize("named", UNREADABLE)
def test_what_cannot_be_read_as_a_proxy_is_told_by_its_variable_alone(
    ask, named, monkeypatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", named)
    with pytest.raises(TokenRefused, match=r"^HTTPS_PROXY is not the URL of a proxy; ") as raised:
        ask()
    assert "qwert" not in str(raised.value)
    assert raised.value.what == "HTTPS_PROXY is not the URL of a proxy"
    assert (raised.value.fix or "").startswith("write http://host:port")
