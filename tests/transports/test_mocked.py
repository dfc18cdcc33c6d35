"""respx answers for the default transports, however it is used, and costs production nothing."""

from __future__ import annotations

import gzip
import inspect
import subprocess
import sys

import httpx
import pytest
import respx

from irclient import AsyncIRClient, IRClient, ServiceEndpoint, StaticToken
from irclient.transports import mocked
from irclient.transports.own import OwnAsyncTransport, OwnTransport
from tests.transports.carriers import body, on_each_carrier, own, request_to, send
from tests.weather import listed, weather
from tests.worlds import TOKEN, options

A = ServiceEndpoint("a", "web", tps=10_000)
POPULAR = f"{A.url}/reco/v1.0/popular"
LIST = {"items": [{"id": "1"}]}


@respx.mock
def test_the_decorator() -> None:
    route = respx.get(POPULAR).respond(json=LIST)
    with IRClient(A, credential=StaticToken(TOKEN)) as ir:
        assert ir.popular().ids == ["1"]
    assert route.calls.last.request.headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
@respx.mock
async def test_the_decorator_of_a_coroutine(anyio_backend) -> None:
    respx.get(POPULAR).respond(json=LIST)
    async with AsyncIRClient(A, credential=StaticToken(TOKEN)) as ir:
        assert (await ir.popular()).ids == ["1"]


def test_the_fixture(respx_mock) -> None:
    respx_mock.get(POPULAR).respond(json=LIST)
    with IRClient(A, credential=StaticToken(TOKEN)) as ir:
        assert ir.popular().ids == ["1"]


def test_a_client_made_before_the_mock_and_used_after_it() -> None:
    with weather() as server:
        settings = options()
        with IRClient(server.endpoint("a"), credential=StaticToken("t"), settings=settings) as ir:
            assert ir.popular().ids == ["popular"]
            with respx.mock as router:
                router.get(path="/reco/v1.0/popular").respond(json=LIST)
                assert ir.popular().ids == ["1"]
            assert ir.popular().ids == ["popular"]
        assert server.connections == 1


@on_each_carrier
def test_mocks_may_be_nested_and_pass_through(world) -> None:
    async def story() -> None:
        async with own(world) as transport:
            with respx.mock(assert_all_called=False) as outer:
                outer.get(f"{server.url}/x").respond(404)
                with respx.mock(base_url=server.url) as inner:
                    inner.post("/real").pass_through()
                    assert (await send(world, transport, request_to(server.url))).status == 404
                    asked = request_to(server.url, "/real", body=b"{}")
                    assert b'"real"' in body(await send(world, transport, asked))
                assert (await send(world, transport, request_to(server.url))).status == 404
            body(await send(world, transport, request_to(server.url)))

    with weather() as server:
        world.play(story)
    assert [seen.target for seen in server.seen] == ["/real", "/x"]
    assert server.seen[0].body == b"{}"


@on_each_carrier
def test_what_no_route_expects_is_told_with_the_assertion(world) -> None:
    async def story() -> None:
        async with own(world) as transport:
            with respx.mock:
                outcome = await send(world, transport, request_to(A.url))
            assert "RESPX" in outcome.reason
            assert isinstance(outcome.cause, AssertionError)

    world.play(story)


@on_each_carrier
def test_an_encoded_answer_and_an_error_of_a_mock_are_what_they_would_be(world) -> None:
    async def story() -> None:
        async with own(world) as transport:
            with respx.mock as router:
                route = router.get(url=f"{A.url}/x")
                route.side_effect = [
                    httpx.Response(
                        200,
                        headers={"Content-Encoding": "gzip"},
                        stream=httpx.ByteStream(gzip.compress(listed("7"))),
                    ),
                    httpx.ReadTimeout("slow"),
                ]
                assert body(await send(world, transport, request_to(A.url))) == listed("7")
                outcome = await send(world, transport, request_to(A.url, within=0.5))
                assert outcome.reason == "timed out: no complete answer within 0.5 s"

    world.play(story)


def test_nothing_stands_in_the_way_while_nobody_mocks() -> None:
    kinds = (OwnTransport, OwnAsyncTransport)
    assert tuple(kind.exchange for kind in kinds) == mocked._OURS
    for kind in kinds:
        assert "respx" not in inspect.getsource(kind.exchange)
    with respx.mock:
        assert tuple(kind.exchange for kind in kinds) == mocked._OURS_MOCKED
    assert tuple(kind.exchange for kind in kinds) == mocked._OURS


def test_without_the_plugin_and_with_a_transport_that_is_older_than_respx() -> None:
    code = f"""
from irclient import IRClient, ServiceEndpoint, StaticToken
import sys
assert "respx" not in sys.modules
endpoint = ServiceEndpoint("a", "web", tps=10_000)
before = IRClient(endpoint, credential=StaticToken("token"))
import respx
with IRClient(endpoint, credential=StaticToken("token")) as ir, respx.mock:
    respx.get("{POPULAR}").respond(json={LIST!r})
    print(ir.popular().ids, before.popular().ids)
before.close()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=50, check=False
    )
    assert done.stdout.strip() == "['1'] ['1']", done.stderr
