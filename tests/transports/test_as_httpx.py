"""Our transports used with httpx, by who wants them."""

from __future__ import annotations

import gzip
import socket

import httpx
import pytest

from tests import weather as bad
from tests.transports.carriers import on_each_carrier, own
from tests.weather import answer, listed, weather


def client_of(world, transport, **more):
    kind = httpx.Client if world.is_sync else httpx.AsyncClient
    return kind(transport=transport, timeout=5.0, **more)


@on_each_carrier
def test_a_client_of_httpx_works_over_our_transport(world) -> None:
    def behave(peer, seen) -> None:
        echo = seen.body or b"nothing"
        encoded = gzip.compress(echo)
        peer.send(answer(encoded, headers=("Content-Encoding: gzip", "X-A: 1")))

    async def story() -> None:
        async with own(world) as transport:
            client = client_of(world, transport)
            for sent in (b"", b"hello"):
                asked = client.post(f"{server.url}/a%2Fb?c=d", content=sent, headers={"X-B": "2"})
                response = await world.ask(asked)
                assert (response.status_code, response.content) == (200, sent or b"nothing")
                assert response.headers["x-a"] == "1"
                assert "content-encoding" not in response.headers
            response = await world.ask(client.get(server.url))
            assert response.content == b"nothing"
            await world.ask(client.close() if world.is_sync else client.aclose())

    with weather(behave) as server:
        world.play(story)
    assert server.connections == 1
    first = server.seen[0]
    assert (first.method, first.target, first.headers["x-b"]) == ("POST", "/a%2Fb?c=d", "2")
    assert first.headers["content-length"] == "0"


@on_each_carrier
def test_a_client_of_httpx_closes_it_with_its_block(world) -> None:
    async def sync() -> None:
        async with own(world) as transport:
            with client_of(world, transport) as client:
                assert client.get(server.url).status_code == 200

    async def tasks() -> None:
        async with own(world) as transport:
            async with client_of(world, transport) as client:
                assert (await client.get(server.url)).status_code == 200
            assert repr(transport).endswith("(0 idle)")

    with weather() as server:
        world.play(sync if world.is_sync else tasks)


@on_each_carrier
def test_an_answer_to_head_is_there_with_its_headers_and_not_waited_for(world) -> None:
    def behave(peer, seen) -> None:
        head, body = answer(listed("1")).split(b"\r\n\r\n", 1)
        peer.send(head + b"\r\n\r\n" + (b"" if seen.method == "HEAD" else body))

    async def story() -> None:
        async with own(world) as transport:
            client = client_of(world, transport)
            response = await world.ask(client.head(server.url))
            assert (response.status_code, response.content) == (200, b"")
            assert int(response.headers["content-length"]) == len(listed("1"))
            assert (await world.ask(client.get(server.url))).content == listed("1")
            await world.ask(client.close() if world.is_sync else client.aclose())

    with weather(behave) as server:
        world.play(story)


@on_each_carrier
def test_each_cookie_is_a_header_of_its_own(world) -> None:
    dated = "a=1; Expires=Wed, 21 Oct 2065 07:28:00 GMT; Path=/"

    def behave(peer, seen) -> None:
        cookies = (f"Set-Cookie: {dated}", "Set-Cookie: b=2; Path=/")
        peer.send(answer(listed("1"), headers=cookies))

    async def story() -> None:
        async with own(world) as transport:
            client = client_of(world, transport)
            response = await world.ask(client.get(server.url))
            assert response.headers.get_list("set-cookie") == [dated, "b=2; Path=/"]
            assert dict(client.cookies) == {"a": "1", "b": "2"}
            await world.ask(client.close() if world.is_sync else client.aclose())

    with weather(behave) as server:
        world.play(story)


FAILURES = {
    httpx.ReadTimeout: bad.hang,
    httpx.RemoteProtocolError: bad.garbage,
    httpx.DecodingError: bad.endless,
}


@on_each_carrier
@pytest.mark.parametrize("kind", FAILURES)
def test_a_failure_is_an_error_of_httpx(world, kind) -> None:
    async def story() -> None:
        async with own(world) as transport:
            client = client_of(world, transport)
            timeout = 0.1 if kind is httpx.ReadTimeout else 5.0
            with pytest.raises(kind) as caught:
                await world.ask(client.get(server.url, timeout=timeout))
            assert caught.value.request.url == server.url
            await world.ask(client.close() if world.is_sync else client.aclose())

    with weather(FAILURES[kind]) as server:
        world.play(story)


@on_each_carrier
def test_nobody_there_is_an_error_of_httpx(world) -> None:
    async def story() -> None:
        async with own(world) as transport:
            client = client_of(world, transport)
            with pytest.raises(httpx.ConnectError):
                await world.ask(client.get(f"http://127.0.0.1:{free}"))
            await world.ask(client.close() if world.is_sync else client.aclose())

    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    world.play(story)


TWO = "a\r\n\r\nGET / HTTP/1.1"
FORBIDDEN = {
    "a header's value": {"headers": {"x-bad": TWO}},
    "a header's name": {"headers": {f"x-bad: {TWO}": "1"}},
    "a name with a blank": {"headers": {"x bad": "1"}},
    "the method": {"method": f"GET / HTTP/1.1\r\nX: {TWO}"},
    "a length that is too small": {"content": b"hello", "headers": {"content-length": "2"}},
    "a length that is too large": {"content": b"hello", "headers": {"content-length": "9"}},
    "another scheme": {"url": "ftp://127.0.0.1"},
}


@on_each_carrier
@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_request_of_httpx_is_sent_as_two(world, what) -> None:
    async def story() -> None:
        async with own(world) as transport:
            client = client_of(world, transport)
            asked = {"method": "GET", "url": server.url, **FORBIDDEN[what]}
            with pytest.raises((httpx.LocalProtocolError, httpx.UnsupportedProtocol)):
                await world.ask(client.request(**asked))
            await world.ask(client.close() if world.is_sync else client.aclose())

    with weather(lambda peer, seen: peer.send(answer(listed("1")))) as server:
        world.play(story)
    assert server.seen == []
