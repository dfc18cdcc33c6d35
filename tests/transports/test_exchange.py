"""One exchange: what goes over the wire, and how much may come back."""

from __future__ import annotations

import json
import re
import time
import tracemalloc

import anyio.lowlevel
import httpx
import pytest
import respx

from irclient import ServiceEndpoint, errors, queries
from irclient._core.protocol import Failure, Send, Trouble
from irclient._values.secret import Secret
from irclient._version import __version__
from irclient._wire.requests import Request
from irclient.settings import Retries, Timeouts
from irclient.transports.content_encoding import accepted_encodings
from irclient.transports.exchange import exchange_async
from tests import weather as bad
from tests.stopwatch import Stopwatch
from tests.weather import echoed, listed, weather
from tests.worlds import ASYNC, TOKEN, in_each_world, options

SEGMENT = "a%2F..%2Fb%3Fc%23d%20%C3%A9"
ID = "a/../b?c#d é"
A = ServiceEndpoint("a", "web", tps=10_000)


def own(world):
    return httpx.HTTPTransport() if world.is_sync else httpx.AsyncHTTPTransport()


async def closed(world, transport) -> None:
    await world.ask(transport.close() if world.is_sync else transport.aclose())


@in_each_world
@pytest.mark.parametrize("transport", ["default", "a user's httpx"])
@pytest.mark.parametrize(
    ("item", "segment"),
    [(ID, SEGMENT), ("..", "%2E%2E"), (".", "%2E"), ("%2F", "%252F"), ("a'b(c)*~;=+,", None)],
)
def test_an_id_is_one_segment_byte_for_byte(world, transport, item, segment) -> None:
    async def story() -> None:
        chosen = None if transport == "default" else own(world)
        async with world.client(server.endpoint("a"), transport=chosen) as ir:
            await world.ask(ir.similar(item, count=2))
            await world.ask(ir.selectors(item)) if segment == SEGMENT else None
        if chosen is not None:
            await closed(world, chosen)

    def either(peer, seen) -> None:
        body = b'{"value": []}' if "selectors" in seen.target else echoed(seen)
        peer.send(bad.answer(body))

    with weather(either) as server:
        world.play(story)
    first = server.seen[0].target
    if segment is not None:
        assert first == f"/reco/v1.0/similar/{segment}?count=2"
    else:
        assert re.fullmatch(r"/reco/v1\.0/similar/[A-Za-z0-9%~'()*;=+,]+\?count=2", first)
        assert "/" not in first.removeprefix("/reco/v1.0/similar/")
    if segment == SEGMENT:
        assert server.seen[1].target == f"/reco/v1.0/discovery/similar/selectors/{SEGMENT}"


@in_each_world
def test_headers_are_few_and_the_personalize_body_is_json(world) -> None:
    async def story() -> None:
        async with world.client(server.endpoint("a")) as ir:
            await world.ask(ir.popular())
            await world.ask(ir.personalize("user", ["1", "zwei", ID]))

    with weather() as server:
        world.play(story)
    get, post = server.seen
    assert get.headers == {
        "host": server.url.removeprefix("http://"),
        "accept": "application/json",
        "accept-encoding": accepted_encodings(),
        "user-agent": f"irclient/{__version__}",
        "authorization": f"Bearer {TOKEN}",
    }
    assert (post.method, post.headers["content-type"]) == ("POST", "application/json")
    assert json.loads(post.body) == {"PersonalizationCandidates": ["1", "zwei", ID]}
    assert post.query == {"userId": ["user"]}


@in_each_world
@pytest.mark.parametrize("bomb", [bad.gzip_bomb, bad.endless, bad.endless_after_gzip])
def test_too_large_an_answer_takes_little_memory(world, bomb) -> None:
    async def story() -> None:
        settings = options(retries=Retries(max_attempts=1))
        async with world.client(server.endpoint("a"), settings=settings) as ir:
            tracemalloc.start()
            try:
                error = await world.error(ir.popular)
                _, peak = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
        assert isinstance(error, errors.UnexpectedAnswer)
        # The limit of 16 MiB, and what was being read.
        assert peak < 40 * 1024 * 1024

    with weather(bomb) as server:
        world.play(story)


@in_each_world
def test_a_compressed_body_without_its_end_is_not_trusted(world) -> None:
    async def story() -> None:
        settings = options(retries=Retries(max_attempts=1))
        async with world.client(server.endpoint("a"), settings=settings) as ir:
            error = await world.error(ir.popular)
        assert "truncated" in str(error)

    with weather(bad.gzip_without_its_end) as server:
        world.play(story)


@pytest.mark.timing
@in_each_world
def test_a_users_own_http_transport_ends_within_one_read_of_a_dripping_body(world) -> None:
    async def story() -> None:
        transport = own(world)
        settings = options(timeouts=Timeouts(deadline=0.5, attempt=5, connect=5))
        async with world.client(server.endpoint("a"), transport=transport, settings=settings) as ir:
            with Stopwatch() as watch:
                assert isinstance(await world.error(ir.popular), errors.DeadlineExceeded)
            assert watch.took < 0.5 + 0.3
            server.now = bad.ok
            assert (await world.ask(ir.similar("1"))).ids == ["1"]
        await closed(world, transport)

    with weather(bad.drip_body) as server:
        world.play(story)


@in_each_world
def test_a_mock_transport_of_httpx_is_a_transport(world) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"items": [{"id": 7}]})

    async def story() -> None:
        async with world.client(A, transport=httpx.MockTransport(answer)) as ir:
            assert (await world.ask(ir.fetch(queries.Trending()))).ids == ["7"]

    world.play(story)


class SoftTimeLimitExceeded(Exception):  # noqa: N818  (Celery's name)
    """What Celery raises in the middle of a task whose time is up."""


@in_each_world
def test_a_task_whose_time_is_up_is_told_and_its_call_not_tried_again(world) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        raise SoftTimeLimitExceeded

    async def story() -> None:
        async with world.client(A, transport=httpx.MockTransport(answer)) as ir:
            with pytest.raises(SoftTimeLimitExceeded):
                await world.ask(ir.fetch(queries.Trending()))
            assert len(asked) == 1

    world.play(story)


class _Texts(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body of a user's own transport, of the wrong type."""

    def __iter__(self):
        yield '{"items":[]}'

    async def __aiter__(self):
        yield '{"items":[]}'


@in_each_world
def test_a_body_of_text_is_a_failure_of_the_call(world) -> None:
    async def story() -> None:
        transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=_Texts()))
        async with world.client(A, transport=transport) as ir:
            with pytest.raises(errors.Unavailable, match="TypeError"):
                await world.ask(ir.fetch(queries.Trending()))

    world.play(story)


@in_each_world
def test_respx_mocks_the_default_transport(world) -> None:
    async def story() -> None:
        async with world.client(A) as ir:
            answer = await world.ask(ir.similar(ID, count=3))
            assert answer.ids == ["64702"]
            error = await world.error(ir.popular)
            assert error.attempts[0].status == 404

    with respx.mock(assert_all_called=True) as mock:
        similar = mock.get(f"{A.url}/reco/v1.0/similar/{SEGMENT}", params={"count": "3"}).respond(
            200, content=listed("64702")
        )
        mock.get(f"{A.url}/reco/v1.0/popular").respond(404)
        world.play(story)
        assert similar.calls.last.request.headers["authorization"] == f"Bearer {TOKEN}"


@in_each_world
def test_respx_mocks_the_default_transport_by_base_url_and_with_errors(world) -> None:
    async def story() -> None:
        async with world.client(A) as ir:
            assert (await world.ask(ir.popular())).served.attempts == 2
            answer = await world.ask(ir.personalize("user", ["1"]))
            assert answer.ids == ["2"]

    with respx.mock(base_url=f"{A.url}/reco/v1.0") as mock:
        mock.get("/popular").side_effect = [
            httpx.ConnectError("down"),
            httpx.Response(200, content=listed("1")),
        ]
        mock.post("/personalization").mock(httpx.Response(200, content=listed("2")))
        world.play(story)


@pytest.mark.parametrize("world", ASYNC, ids=lambda world: world.name)
def test_an_answer_that_is_too_large_is_closed_and_not_read_on(world) -> None:
    class Endless(httpx.AsyncByteStream):
        """It is read without a pause, in which a cancellation could come."""

        is_open, parts = True, 0

        async def __aiter__(self):
            while self.is_open:
                self.parts += 1
                yield bytes(1 << 20)

        async def aclose(self) -> None:
            self.is_open = False

    async def story() -> None:
        transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=body))
        outcome = await exchange_async(
            transport, Send(A, Request("GET", "/x", None), Secret("t"), 5.0, 5.0)
        )
        assert isinstance(outcome, Failure)
        assert outcome.trouble is Trouble.TOO_LARGE

    body = Endless()
    world.play(story)
    assert body.parts == 17


@pytest.mark.parametrize("world", ASYNC, ids=lambda world: world.name)
def test_a_body_that_is_late_between_two_reads_is_ended_and_not_dropped(world) -> None:
    ended: list[bool] = []

    class Slow(httpx.AsyncByteStream):
        async def __aiter__(self):
            try:
                for _ in range(3):
                    yield b"a"
                    await anyio.lowlevel.checkpoint()
                    # The whole thread is late, so that no timer can have come first.
                    time.sleep(0.02)  # noqa: ASYNC251
            finally:
                ended.append(True)

    async def story() -> None:
        transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=Slow()))
        send = Send(A, Request("GET", "/x", None), Secret("t"), 0.01, 0.01)
        outcome = await exchange_async(transport, send)
        assert isinstance(outcome, Failure)
        assert outcome.trouble is Trouble.TIMED_OUT
        assert ended == [True]

    world.play(story)
