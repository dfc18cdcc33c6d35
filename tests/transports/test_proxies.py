"""Proxies of the environment: a tunnel through one, to the right host, and nobody looks into it."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

import pytest
from requests.utils import get_environ_proxies

from irclient._core.protocol import Failure, Trouble
from irclient._runtime.proxies import proxy_for
from irclient.transports import names
from tests.certificates import Authority
from tests.transports.carriers import body, on_each_carrier, own, request_to, send, serving
from tests.weather import answer, listed
from tests.worlds import TOKEN

SHOP = "shop.test"
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def clean(monkeypatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority.made_in(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def shop(authority):
    """The port of a service that knows itself as `SHOP`."""
    context = authority.server(name=SHOP)

    def behave(peer: socket.socket) -> None:
        with context.wrap_socket(peer, server_side=True) as secured:
            while read_head(secured):
                secured.sendall(answer(body=listed("1")))

    with serving(behave) as port:
        yield port


def read_head(peer: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        received = peer.recv(65_536)
        if not received:
            return b""
        head += received
    return head


def tunnel_to(port: int, seen: list[bytes]):
    """What a proxy does with a connection, whatever host is asked for."""

    def behave(peer: socket.socket) -> None:
        seen.append(read_head(peer))
        with socket.create_connection(("127.0.0.1", port), timeout=5) as there:
            peer.sendall(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")
            back = threading.Thread(target=pass_on, args=(there, peer, []))
            back.start()
            pass_on(peer, there, seen)
            back.join()

    return behave


def pass_on(origin: socket.socket, target: socket.socket, seen: list[bytes]) -> None:
    with suppress(OSError):
        while data := origin.recv(65_536):
            seen.append(data)
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@on_each_carrier
def test_the_service_is_reached_through_the_proxy_which_sees_no_token(
    world, authority, shop, monkeypatch
) -> None:
    seen: list[bytes] = []
    # It is the proxy that looks the name up.
    monkeypatch.setattr(names, "_resolve", lambda *_: pytest.fail("looked up"))

    async def story() -> None:
        async with own(world, ca_file=authority.ca_file) as transport:
            for _ in range(2):
                outcome = await send(world, transport, request_to(f"https://{SHOP}:8443"))
                assert body(outcome) == listed("1")

    with serving(tunnel_to(shop, seen)) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://someone:p%40ss@127.0.0.1:{port}")
        world.play(story)
    head, *passed_on = seen
    lines = head.decode().split("\r\n")
    assert lines[:2] == [f"CONNECT {SHOP}:8443 HTTP/1.1", f"Host: {SHOP}:8443"]
    assert "Proxy-Authorization: Basic c29tZW9uZTpwQHNz" in lines
    # Both requests went through one tunnel.
    assert sum(each.startswith(b"CONNECT") for each in seen) == 1
    assert TOKEN.encode() not in b"".join(passed_on) + head


@on_each_carrier
@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", "407"),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>", "502"),
        (b"HTTP/1.1 200 OK\r\n\r\nsomething more", "answered 200"),
        (b"HTTP/1.1 2zz\r\n\r\n", "nothing that is HTTP"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "nothing that is HTTP"),
        (b"", "nothing that is HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000, "answered 200"),
    ],
)
def test_a_proxy_that_opens_no_tunnel_is_named_without_its_password(
    world, said, words, monkeypatch
) -> None:
    def behave(peer: socket.socket) -> None:
        read_head(peer)
        peer.sendall(said)

    async def story() -> None:
        async with own(world) as transport:
            outcome = await send(world, transport, request_to(f"https://{SHOP}"))
            assert isinstance(outcome, Failure)
            assert outcome.trouble is Trouble.UNREACHABLE
            assert words in outcome.reason
            assert f"127.0.0.1:{port} of HTTPS_PROXY" in outcome.reason
            assert "pass-word" not in repr(outcome)

    with serving(behave) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://someone:pass-word@127.0.0.1:{port}")
        world.play(story)


@on_each_carrier
def test_a_proxy_that_is_not_there_is_named(world, monkeypatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://someone:pass-word@127.0.0.1:1")

    async def story() -> None:
        async with own(world) as transport:
            outcome = await send(world, transport, request_to(f"https://{SHOP}"))
            assert isinstance(outcome, Failure)
            assert outcome.trouble is Trouble.UNREACHABLE
            assert "by way of the proxy 127.0.0.1:" in outcome.reason
            assert "HTTPS_PROXY" in outcome.reason
            assert "pass-word" not in repr(outcome)

    world.play(story)


@on_each_carrier
@pytest.mark.parametrize(
    "at", ["127.0.0.1:port", "[::1:1", "127.0.0.1:99999", "", "it/@127.0.0.1:1"]
)
def test_what_cannot_be_read_as_a_proxy_counts_against_no_endpoint(world, at, monkeypatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://someone:pass-word@{at}")

    async def story() -> None:
        async with own(world) as transport:
            outcome = await send(world, transport, request_to(f"https://{SHOP}"))
            assert isinstance(outcome, Failure)
            assert outcome.trouble is Trouble.LOCAL
            assert "HTTPS_PROXY is not the URL of a proxy" in outcome.reason
            assert "pass-word" not in repr(outcome)

    world.play(story)


@on_each_carrier
def test_a_silent_proxy_costs_no_more_than_connecting_may(world, monkeypatch) -> None:
    def silent(peer: socket.socket) -> None:
        while peer.recv(65_536):
            pass

    async def story() -> None:
        async with own(world) as transport:
            command = request_to(f"https://{SHOP}", connect_within=0.1, within=30.0)
            began_at = time.monotonic()
            outcome = await send(world, transport, command)
            assert isinstance(outcome, Failure)
            assert outcome.trouble is Trouble.TIMED_OUT
            assert time.monotonic() - began_at < 10.0

    with serving(silent) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        world.play(story)


@on_each_carrier
def test_what_no_proxy_names_is_asked_directly(world, authority, shop, monkeypatch) -> None:
    def here(_host: str, port: int, *_: object, **__: object):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(names.socket, "getaddrinfo", here)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "other.test,.test")

    async def story() -> None:
        async with own(world, ca_file=authority.ca_file) as transport:
            for host in (SHOP, "127.0.0.1"):
                outcome = await send(world, transport, request_to(f"https://{host}:{shop}"))
                assert body(outcome) == listed("1")

    world.play(story)


@on_each_carrier
def test_a_proxy_of_another_kind_is_refused_with_what_to_pass(world, monkeypatch) -> None:
    async def story() -> None:
        async with own(world) as transport:
            outcome = await send(world, transport, request_to(f"https://{SHOP}"))
            assert isinstance(outcome, Failure)
            assert outcome.trouble is Trouble.LOCAL
            assert "HTTPS_PROXY names a proxy of socks5" in outcome.reason
            assert "transport" in outcome.reason

    # It is not even connected to.
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:1")
    world.play(story)


@pytest.mark.parametrize("host", [SHOP, "a.shop.test", "other.test", "127.0.0.1", "localhost"])
@pytest.mark.parametrize("directly", ["", SHOP, ".shop.test", "*", "other.test, shop.test"])
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_the_rule_is_that_of_the_library_which_asks_the_vault(
    host, directly, name, monkeypatch
) -> None:
    monkeypatch.setenv(name, "http://proxy.test:3128")
    monkeypatch.setenv("NO_PROXY", f"{directly},localhost,127.0.0.1".strip(","))
    theirs = get_environ_proxies(f"https://{host}")
    assert (proxy_for(host) is None) == (not theirs)
