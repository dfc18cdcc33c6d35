"""The way to each host."""

import pytest

from irclient.cli.doctor.finding import Verdict
from irclient.cli.doctor.host import Host
from irclient.cli.doctor.reachability import examine_host
from tests.transports.carriers import serving


@pytest.fixture(autouse=True)
def proxied(monkeypatch):
    for name in (
        "CURL_CA_BUNDLE",
        "REQUESTS_CA_BUNDLE",
        "NO_PROXY",
        "no_proxy",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://someone:password@proxy.test:3128")


@pytest.mark.parametrize("route", ["service", "entra", "vault"])
def test_every_host_is_asked_by_way_of_the_proxy(route):
    proxy = Host("x", "https://contoso.vault.test", None, route).proxy

    assert (proxy.host, proxy.port, proxy.variable) == ("proxy.test", 3128, "HTTPS_PROXY")
    assert "password" not in repr(proxy)


@pytest.mark.parametrize("route", ["service", "entra", "vault"])
def test_loopback_and_what_the_environment_names_are_asked_directly(route, monkeypatch):
    assert Host("x", "https://localhost:1", None, route).proxy is None
    monkeypatch.setenv("NO_PROXY", ".vault.test")
    assert Host("x", "https://contoso.vault.test", None, route).proxy is None


def test_a_proxy_that_cannot_be_read_is_found_without_its_password(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://someone:pass/word@proxy.test:3128")
    reached = examine_host(Host("x", "https://contoso.vault.test", None), timeout=1.0)
    name = reached.name
    assert (name.verdict, name.saw) == (Verdict.WRONG, "HTTPS_PROXY is not the URL of a proxy")
    assert reached.connection.saw == "there is no address to connect to"
    assert "percent-encoded" in name.advice
    assert "pass" not in repr(name).replace("password percent", "")


def test_a_proxy_is_asked_with_the_user_and_password_that_calls_ask_it_with(monkeypatch):
    seen = []

    def refuse(peer):
        seen.append(peer.recv(65_536).decode())
        peer.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    with serving(refuse) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://someone:p%40ss@127.0.0.1:{port}")
        found = examine_host(Host("x", "https://contoso.vault.test", None), timeout=5.0)
    assert found.connection.verdict is Verdict.WRONG
    assert "Proxy-Authorization: Basic c29tZW9uZTpwQHNz" in seen[0].split("\r\n")


def test_each_host_trusts_what_the_call_to_it_trusts(monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", "/usual.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/of-requests.pem")

    assert Host("x", "https://a.test", None, "vault").trusted_file == "/of-requests.pem"
    assert Host("x", "https://a.test", None, "entra").trusted_file is None
    assert Host("x", "https://a.test", "/own.pem", "vault").trusted_file == "/own.pem"
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    assert Host("x", "https://a.test", None, "vault").trusts_usual_list
    assert not Host("x", "https://a.test", None, "entra").trusts_usual_list
