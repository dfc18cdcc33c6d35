"""No traceback shows a token or a secret, also where it shows the locals of every frame."""

from __future__ import annotations

import copy
import pickle
import time
import traceback
from contextlib import asynccontextmanager

import anyio
import httpx
import pytest

from irclient import IRClient, StaticToken, errors
from irclient._values.secret import Secret
from irclient.auth.exchange import TokenUnanswered
from irclient.auth.tokens import TokenRecord
from irclient.configuration import Configuration
from irclient.errors import ConfigurationError
from irclient.queries import Popular, Similar
from irclient.settings import Fallback, Hedging, Retries, Timeouts
from irclient.topology import Pair
from tests import weather as bad
from tests.weather import saying, weather
from tests.worlds import ASYNC, SYNC, TOKEN, in_each_world, options

QUICK = options(
    timeouts=Timeouts(deadline=1.0, attempt=0.5, connect=0.5), retries=Retries(max_attempts=2)
)


def echoing(status: str):
    """Whatever was sent comes back: in a header, in the words of an error, and in the list."""

    def behave(peer, seen) -> None:
        sent = seen.headers["authorization"]
        body = f'{{"error": {{"code": "X", "message": "{sent}"}}, "details": "{sent}"}}'
        peer.send(bad.answer(body.encode(), status=status, headers=(f"X-Echo: {sent}",)))

    return behave


WEATHERS = {
    "reset": bad.reset,
    "garbage": bad.garbage,
    "hang": bad.hang,
    "drip": bad.drip_body,
    "no list": saying("200 OK", b"[]"),
    "not ready": saying("200 OK", bad.WAITING),
    "401": saying("401 Unauthorized"),
    "403": saying("403 Forbidden"),
    "429": saying("429 Too Many Requests"),
    "503": saying("503 Service Unavailable", bad.ERROR),
    **{f"echoes with {status[:3]}": echoing(status) for status in ("200 OK", "400 Bad", "500 Oh")},
}


def shown(error: BaseException) -> str:
    """What a tool prints that prints locals."""
    found = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join(found.format())


async def error_of(world, method, *arguments) -> BaseException:
    """What a call ends in, with the frames between."""
    try:
        await world.ask(method(*arguments))
    except BaseException as error:  # noqa: BLE001  (interrupts as well)
        return error
    raise AssertionError("no error")


@asynccontextmanager
async def client_of(world, endpoints, kind: str, **arguments):
    """A client over its own transport, or over httpx's."""
    if kind == "its own":
        async with world.client(endpoints, **arguments) as ir:
            yield ir
    elif world.is_sync:
        with httpx.HTTPTransport() as transport:
            async with world.client(endpoints, transport=transport, **arguments) as ir:
                yield ir
    else:
        async with (
            httpx.AsyncHTTPTransport() as transport,
            world.client(endpoints, transport=transport, **arguments) as ir,
        ):
            yield ir


@in_each_world
@pytest.mark.parametrize("transport", ["its own", "httpx's"])
@pytest.mark.parametrize("name", WEATHERS)
def test_no_error_of_a_call_shows_the_token(world, transport, name) -> None:
    async def story() -> BaseException:
        async with client_of(world, server.endpoint("a"), transport, settings=QUICK) as ir:
            return await error_of(world, ir.popular)

    with weather(WEATHERS[name]) as server:
        error = world.play(story)
    assert isinstance(error, errors.IRError)
    assert len(server.seen) > 0
    text = shown(error)
    assert "<irclient._core.call_state.CallState" in text, "locals are shown"
    assert TOKEN not in text


@in_each_world
@pytest.mark.parametrize("transport", ["its own", "httpx's"])
def test_no_error_of_a_hedged_call_shows_the_token(world, transport) -> None:
    settings = QUICK.model_copy(update={"hedging": Hedging(enabled=True, after=0.01)})

    async def story() -> BaseException:
        pair = Pair(server.endpoint("a"), other.endpoint("b"))
        async with client_of(world, pair, transport, settings=settings) as ir:
            return await error_of(world, ir.popular)

    with weather(bad.hang) as server, weather(bad.after(0.1, bad.reset)) as other:
        error = world.play(story)
    assert isinstance(error, errors.IRError)
    assert TOKEN not in shown(error)


@in_each_world
def test_no_error_shows_the_token_where_nobody_listens_or_the_client_is_closed(world) -> None:
    async def story() -> list[BaseException]:
        fallback = Fallback(queries=[Similar("1")])
        ir = world.make(server.endpoint("a"), settings=QUICK, fallback=fallback)
        found = [
            await error_of(world, ir.popular),
            await error_of(world, ir.fetch_many, [Popular()]),
        ]
        await world.close(ir)
        return [*found, await error_of(world, ir.popular)]

    with weather() as server:
        pass
    for error in world.play(story):
        assert isinstance(error, errors.IRError)
        assert TOKEN not in shown(error)


class Interrupts(httpx.BaseTransport, httpx.AsyncBaseTransport):
    def handle_request(self, request):
        raise KeyboardInterrupt

    async def handle_async_request(self, request):
        raise KeyboardInterrupt


@in_each_world
def test_an_interrupt_shows_no_token(world) -> None:
    async def story() -> BaseException:
        async with world.client(server.endpoint("a"), transport=Interrupts()) as ir:
            return await error_of(world, ir.popular)

    with weather() as server:
        error = world.play(story)
    assert isinstance(error, KeyboardInterrupt)
    assert TOKEN not in shown(error)


@pytest.mark.parametrize("world", ASYNC, ids=lambda world: world.name)
@pytest.mark.parametrize("transport", ["its own", "httpx's"])
def test_a_cancelled_call_shows_no_token(world, transport) -> None:
    found: list[str] = []

    async def story() -> None:
        async with client_of(world, server.endpoint("a"), transport) as ir:
            with anyio.move_on_after(0.1):
                error = await error_of(world, ir.popular)
                found.append(shown(error))
                raise error

    with weather(bad.hang) as server:
        world.play(story)
    assert "Send(a/web" in found[0], "it was under way"
    assert TOKEN not in found[0]


def test_an_own_transport_that_is_interrupted_while_it_reads_shows_no_token(monkeypatch) -> None:
    # As Ctrl-C does, between two reads of an answer.
    def interrupted(*_):
        raise KeyboardInterrupt

    async def story() -> BaseException:
        async with SYNC.client(server.endpoint("a")) as ir:
            await SYNC.ask(ir.popular())
            monkeypatch.setattr("irclient.transports.answers.Answers.feed", interrupted)
            return await error_of(SYNC, ir.popular)

    with weather() as server:
        error = SYNC.play(story)
    assert isinstance(error, KeyboardInterrupt)
    text = shown(error)
    assert "outgoing" in text
    assert TOKEN not in text


def keeps_the_header(request: httpx.Request) -> httpx.Response:
    kept = request.headers["authorization"]
    raise RuntimeError(f"a bug, with a header of {len(kept)} characters")


@in_each_world
def test_a_bug_of_a_users_transport_is_chained_without_frames_that_hold_the_token(world) -> None:
    async def story() -> BaseException:
        with weather() as server:
            transport = world.transport(keeps_the_header)
            async with world.client(
                server.endpoint("a"), transport=transport, settings=QUICK
            ) as ir:
                return await error_of(world, ir.popular)

    error = world.play(story)
    assert isinstance(error.__cause__, RuntimeError)
    text = shown(error)
    assert "a bug, with a header" in text
    assert TOKEN not in text


def raises(error: Exception):
    def exchange(_occasion, _tell):
        raise error

    return exchange


def test_no_error_of_a_token_fetch_shows_the_token_that_it_was_to_replace() -> None:
    class Unanswered:
        def get_token(self, *_):
            held = TOKEN
            raise OSError(f"nobody takes what is {len(held)} long")

    with weather() as server, IRClient(server.endpoint("a"), credential=Unanswered()) as ir:
        try:
            ir.popular()
        except errors.AuthenticationError as error:
            text = shown(error)
    assert "nobody takes" in text
    assert TOKEN not in text


def test_a_record_that_holds_a_token_shows_it_to_nobody() -> None:
    record = TokenRecord(raises(TokenUnanswered("no")))
    static = StaticToken(TOKEN)
    for held in (record, static, static.read(0.0), static.read(time.monotonic()).token):
        assert TOKEN not in repr(held)
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(Secret(TOKEN))
    with pytest.raises(TypeError, match="pickled"):
        copy.deepcopy(Secret(TOKEN))


def test_a_secret_equals_its_text_and_shows_nothing() -> None:
    secret = Secret(TOKEN)
    assert secret == Secret(TOKEN) == TOKEN
    assert secret != Secret("another")
    assert len({secret, Secret(TOKEN)}) == 1
    assert (repr(secret), str(secret), f"{secret}") == ("Secret(…)",) * 3
    assert secret.hidden_in(f"a {TOKEN} b") == "a … b"
    assert Secret("abc").hidden_in("abcd") == "abcd"


def error_from(read) -> BaseException:
    """What a function raises, with no frame but its own: what a caller holds is the caller's."""
    try:
        read()
    except ConfigurationError as error:
        return error
    raise AssertionError("no error")


ENVIRONMENT = {
    "IRCLIENT_PRIMARY": "a/web",
    "IRCLIENT_TPS": "many",
    "IRCLIENT_TOKEN": TOKEN,
}


@pytest.mark.parametrize("read", [Configuration.from_env, IRClient.from_env])
@pytest.mark.parametrize("wrong", [{}, {"IRCLIENT_TPS": "1", "IRCLIENT_TOKEN": f"{TOKEN} {TOKEN}"}])
def test_no_error_of_a_configuration_shows_the_environment(monkeypatch, read, wrong) -> None:
    for name, value in (ENVIRONMENT | wrong).items():
        monkeypatch.setenv(name, value)
    text = shown(error_from(read))
    assert "IRCLIENT_T" in text
    assert TOKEN not in text
