"""aiohttp as a transport: the same contract as the default one, and what is its own."""

from __future__ import annotations

import asyncio
import gc
import pickle
import subprocess
import sys
import threading
import time

import anyio
import httpx
import pytest

from irclient import AsyncIRClient, Pair, StaticToken, errors
from irclient._core.protocol import Failure, Send
from irclient._wire import Request
from irclient.settings import Retries
from irclient.transports import ssl_context
from irclient.transports.exchange import exchange_async
from tests import test_clients_in_bad_weather as clients
from tests import test_clients_under_load as load
from tests import weather as bad
from tests.certificates import Authority
from tests.transports import test_exchange as exchanges
from tests.transports.test_lanes import descriptors
from tests.weather import answer, echoed, listed, weather
from tests.worlds import TOKEN, World, options

pytest.importorskip("aiohttp", reason="needs the extra aiohttp")
pytest.importorskip("httpx_aiohttp", reason="needs the extra aiohttp")

from irclient.transports import AiohttpTransport


class OverAiohttp(World):
    """asyncio, where each client that is given no transport gets one of aiohttp's."""

    def make(self, endpoints, **arguments):
        if arguments.get("transport") is None:
            arguments["transport"] = AiohttpTransport()
        return super().make(endpoints, **arguments)

    async def close(self, ir) -> None:
        await super().close(ir)
        if isinstance(ir._driver.transport, AiohttpTransport):
            await ir._driver.transport.aclose()


OVER_AIOHTTP = OverAiohttp("asyncio")


@pytest.fixture(scope="module")
def good():
    with weather() as server:
        yield server


@pytest.mark.parametrize("name", [*bad.BAD_AT_ONCE, "refused"])
def test_the_pair_answers_at_once_when_the_primary_fails(name, good) -> None:
    clients.test_the_pair_answers_at_once_when_the_primary_fails(OVER_AIOHTTP, name, good)


@pytest.mark.parametrize("name", bad.BAD_IN_TIME)
def test_an_account_that_hangs_costs_one_attempt_and_no_deadline(name, good) -> None:
    held = clients.test_the_pair_answers_after_one_attempt_and_at_once_when_the_account_is_known_to_hang  # noqa: E501
    held(OVER_AIOHTTP, name, good)
    clients.test_the_deadline_holds_whatever_the_server_does(OVER_AIOHTTP, name)


SEGMENTS = [(exchanges.ID, exchanges.SEGMENT), ("..", "%2E%2E"), (".", "%2E"), ("%2F", "%252F")]
HELD = {
    "traffic goes home": clients.test_traffic_goes_home_by_itself_and_gradually,
    "drips end": lambda world, _: clients.test_several_drips_in_a_row_end_by_the_deadline(world),
    "no redirect is followed": lambda world, _: clients.test_a_redirect_is_never_followed(world),
    "few headers, and JSON": lambda world, _: (
        exchanges.test_headers_are_few_and_the_personalize_body_is_json(world)
    ),
    "truncated gzip": lambda world, _: (
        exchanges.test_a_compressed_body_without_its_end_is_not_trusted(world)
    ),
    "forks": lambda world, _: load.test_forked_children_and_their_parent_get_each_their_own_answers(
        world
    ),
    "several loops": lambda world, _: load.test_a_client_made_before_a_loop_outlives_several(world),
    "cancel churn": lambda world, _: load.test_after_thousands_of_cancelled_calls_every_call_works(
        world
    ),
    **{
        f"reads {behaviour.__name__}": lambda world, _, behaviour=behaviour: (
            clients.test_what_http_allows_is_read(world, behaviour)
        )
        for behaviour in (bad.gzipped, bad.deflated, bad.close_after)
    },
    **{
        f"bounded {bomb.__name__}": lambda world, _, bomb=bomb: (
            exchanges.test_too_large_an_answer_takes_little_memory(world, bomb)
        )
        for bomb in (bad.gzip_bomb, bad.endless, bad.endless_after_gzip)
    },
    **{
        f"one segment {item}": lambda world, _, item=item, segment=segment: (
            exchanges.test_an_id_is_one_segment_byte_for_byte(world, "default", item, segment)
        )
        for item, segment in SEGMENTS
    },
}


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.parametrize("claim", HELD)
def test_the_contract_of_the_default_transport_holds(claim, good) -> None:
    HELD[claim](OVER_AIOHTTP, good)


async def get(transport, server, path="/x", **more) -> bytes:
    """Through httpx's interface, and so by way of httpx-aiohttp."""
    timeout = dict.fromkeys(("connect", "read", "write", "pool"), 5.0)
    request = httpx.Request("GET", server.url + path, extensions={"timeout": timeout}, **more)
    response = await transport.handle_async_request(request)
    try:
        return b"".join([chunk async for chunk in response.stream])
    finally:
        await response.aclose()


def test_a_client_of_httpx_can_send_through_it_byte_for_byte() -> None:
    async def story() -> None:
        transport = AiohttpTransport()
        async with httpx.AsyncClient(transport=transport) as client:
            answer = await client.get(f"{server.url}/similar/%2E%2E?q=%2B&userId=a%2Fb")
            assert answer.json()["title"].startswith("%2E%2E")
            posted = await client.post(f"{server.url}/p", json={"PersonalizationCandidates": []})
            assert posted.status_code == 200

    with weather() as server:
        asyncio.run(story())
    first, second = server.seen
    assert first.target == "/similar/%2E%2E?q=%2B&userId=a%2Fb"
    assert second.body == b'{"PersonalizationCandidates":[]}'


KINDS = {
    "reset": httpx.ReadError,
    "truncated": httpx.HTTPError,
    "garbage": httpx.RemoteProtocolError,
    "huge headers": httpx.RemoteProtocolError,
}


@pytest.mark.parametrize("name", KINDS)
def test_a_failure_has_the_name_of_its_kind_and_one_line(name) -> None:
    async def story() -> None:
        transport = AiohttpTransport()
        with pytest.raises(KINDS[name]) as caught:
            await get(transport, server)
        assert not isinstance(caught.value, httpx.TimeoutException)
        assert "\n" not in str(caught.value)
        await transport.aclose()

    with weather(bad.BAD_AT_ONCE[name]) as server:
        asyncio.run(story())
    assert len(server.seen) == 1


def test_a_cookie_is_not_kept() -> None:
    async def story() -> None:
        transport = AiohttpTransport()
        await get(transport, server)
        await get(transport, server)
        await transport.aclose()

    with weather(bad.saying("200 OK", headers=("Set-Cookie: a=b; Path=/",))) as server:
        asyncio.run(story())
    assert "cookie" not in server.seen[1].headers


def test_a_request_is_sent_again_once_and_only_over_an_idle_connection() -> None:
    async def story() -> None:
        settings = options(retries=Retries(max_attempts=1))
        async with OVER_AIOHTTP.client(server.endpoint("a"), settings=settings) as ir:
            with pytest.raises(errors.Unavailable):
                await ir.popular()
            assert len(server.seen) == 1
            server.now = bad.ok
            await ir.popular()
            server.now = bad.reset
            with pytest.raises(errors.Unavailable):
                await ir.popular()
            assert len(server.seen) == 4
            server.now = bad.ok
            await ir.personalize("user", ["1"])
            server.now = bad.reset
            with pytest.raises(errors.Unavailable):
                await ir.personalize("user", ["1"])
            assert len(server.seen) == 6

    with weather(bad.reset) as server:
        asyncio.run(story())


def test_what_comes_behind_an_answer_is_nobodys_answer() -> None:
    def forging(peer, seen) -> None:
        peer.send(answer(echoed(seen)))
        was_answered.wait(5)
        peer.send(answer(listed("another's")))
        was_forged.set()

    async def story() -> None:
        transport = AiohttpTransport()
        for n in range(6):
            was_answered.clear()
            was_forged.clear()
            assert f'"{n}"'.encode() in await get(transport, server, f"/{n}")
            was_answered.set()
            # Sometimes the loop has read it by the next request, and sometimes it is too busy.
            assert was_forged.wait(5)
            await asyncio.sleep(0.02 * (n % 2))
        await transport.aclose()

    was_answered, was_forged = threading.Event(), threading.Event()
    with weather(forging) as server:
        asyncio.run(story())
    assert server.connections == 6


def test_it_tells_whether_a_connection_had_to_be_opened() -> None:
    async def story() -> list[bool]:
        transport = AiohttpTransport()
        told = [await opened(transport) for _ in range(3)]
        await transport.aclose()
        return told

    async def opened(transport) -> bool:
        sent = await transport.open(a_send(server))
        assert [chunk async for chunk in sent.stream]
        await sent.close()
        return sent.opened_connection

    with weather() as server:
        assert asyncio.run(story()) == [True, False, False]


def a_send(server, within: float = 5.0) -> Send:
    request = Request("GET", "/reco/v1.0/popular")
    return Send(server.endpoint("a"), request, "token", within, within)


#: aiohttp takes 0 for no limit, and rounds what is above five seconds.
TIMES = [*((within, bad.drip_headers) for within in (0.0, 0.2, 5.3)), (0.2, bad.drip_body)]


@pytest.mark.parametrize(("within", "hostile"), [*TIMES, (0.0, bad.hang), (0.2, bad.hang)])
def test_an_attempt_ends_on_time_and_closes_its_connection(within, hostile) -> None:
    async def story() -> None:
        transport = AiohttpTransport()
        began_at = time.monotonic()
        outcome = await exchange_async(transport, a_send(server, within))
        assert isinstance(outcome, Failure)
        assert outcome.reason.startswith("timed out: no complete answer")
        assert within <= time.monotonic() - began_at < within + 0.4
        server.now = bad.ok
        assert (await exchange_async(transport, a_send(server))).status == 200
        await transport.aclose()

    with weather(hostile) as server:
        asyncio.run(story())


@pytest.mark.parametrize("hostile", [bad.hang, bad.drip_headers, bad.drip_body])
def test_an_exchange_that_is_cancelled_from_outside_ends_at_once(hostile) -> None:
    async def story() -> None:
        transport = AiohttpTransport()
        with anyio.move_on_after(0.1) as scope:
            await exchange_async(transport, a_send(server))
        assert scope.cancelled_caught
        task = asyncio.ensure_future(exchange_async(transport, a_send(server)))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        server.now = bad.ok
        assert (await exchange_async(transport, a_send(server))).status == 200
        await transport.aclose()

    with weather(hostile) as server:
        asyncio.run(story())
        # What nobody closed would warn about it here.
        gc.collect()


def test_a_cancelled_request_gives_its_connection_up() -> None:
    async def story() -> None:
        transport = AiohttpTransport()
        await get(transport, server)
        server.now = bad.drip_body
        with anyio.move_on_after(0.1):
            await get(transport, server)
        server.now = bad.ok
        assert b'"y"' in await get(transport, server, "/y")
        await transport.aclose()

    with weather() as server:
        asyncio.run(story())
    assert server.connections == 2


@pytest.mark.parametrize("ended", ["closed", "dropped", "left to the loop"])
def test_it_leaves_nothing_open_however_it_ends(ended) -> None:
    async def story() -> AiohttpTransport | None:
        transport = AiohttpTransport()
        await get(transport, server)
        if ended == "closed":
            await transport.aclose()
            await transport.aclose()
            # It can still be used.
            await get(transport, server)
            await transport.aclose()
        elif ended == "dropped":
            del transport
            return None
        return transport

    with weather() as server:
        asyncio.run(story())
        before = descriptors()
        for _ in range(5):
            asyncio.run(story())
            # What nobody closed would warn about it here.
            gc.collect()
        assert descriptors() <= before


def test_two_loops_in_two_threads_share_no_connection() -> None:
    transport = AiohttpTransport()
    bodies: list[list[bytes]] = []

    def run(name: str) -> None:
        async def story() -> list[bytes]:
            return [await get(transport, server, f"/{name}{n}") for n in range(30)]

        bodies.append(asyncio.run(story()))

    with weather() as server:
        threads = [threading.Thread(target=run, args=(name,)) for name in ("a", "b")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    for found in bodies:
        name = "a" if b'"a0"' in found[0] else "b"
        assert all(f'"{name}{n}"'.encode() in body for n, body in enumerate(found))
    assert (len(bodies), server.connections) == (2, 2)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_fork_while_connections_are_open_takes_none_of_them_from_the_parent() -> None:
    transport = AiohttpTransport()

    def in_the_child() -> None:
        # A loop of its own, as a worker has; what it inherits of the parent's goes.
        asyncio.events._set_running_loop(None)
        assert b'"child"' in asyncio.run(get(transport, server, "/child"))
        gc.collect()

    async def story() -> None:
        await get(transport, server)
        assert load.exit_code(load.in_a_child(in_the_child)) == 0
        for n in range(3):
            with anyio.fail_after(2):
                assert f'"{n}"'.encode() in await get(transport, server, f"/{n}")
        await transport.aclose()

    with weather() as server:
        asyncio.run(story())
    assert server.connections == 2


def test_whom_it_trusts_is_said_by_its_ca_file(tmp_path) -> None:
    authority = Authority.made_in(tmp_path)

    async def story() -> None:
        knows, knows_not = AiohttpTransport(ca_file=authority.ca_file), AiohttpTransport()
        pair = Pair(server.endpoint("a"), good.endpoint("b"))
        async with OVER_AIOHTTP.client(pair, transport=knows) as ir:
            assert (await ir.popular()).served.account == "a"
            assert (await ir.similar("1")).served.account == "a"
        async with OVER_AIOHTTP.client(pair, transport=knows_not) as ir:
            assert (await ir.popular()).served.account == "b"
        async with OVER_AIOHTTP.client(server.endpoint("a"), transport=knows_not) as ir:
            error = await OVER_AIOHTTP.error(ir.popular)
            assert {each.outcome for each in error.attempts} == {"unreachable"}
            assert "certificate" in str(error)

    with weather(tls=authority.server()) as server, weather() as good:
        asyncio.run(story())
    assert server.connections >= 2
    assert len(server.seen) == 2
    assert ssl_context() is ssl_context()


def test_it_can_be_pickled_and_shows_no_more_than_its_file(tmp_path) -> None:
    transport = AiohttpTransport(ca_file=tmp_path / "ca.pem")
    again = pickle.loads(pickle.dumps(transport))
    assert repr(again) == repr(transport)
    assert "ca.pem" in repr(transport)


def test_under_trio_it_says_what_to_do() -> None:
    async def story() -> None:
        async with AsyncIRClient(
            server.endpoint("a"), credential=StaticToken(TOKEN), transport=AiohttpTransport()
        ) as ir:
            with pytest.raises(errors.IRError, match=r"asyncio only: leave transport= out"):
                await ir.popular()

    with weather() as server:
        anyio.run(story, backend="trio")
    assert server.seen == []


def loaded_after(statement: str, *, without: str = "") -> str:
    hidden = f"sys.modules[{without!r}] = None\n" if without else ""
    code = f"import sys\n{hidden}{statement}\nprint('aiohttp' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=50, check=False
    )
    return done.stdout + done.stderr


def test_aiohttp_is_loaded_with_the_first_use_of_its_name() -> None:
    load_it = "from irclient.transports import AiohttpTransport"
    assert loaded_after("import irclient.transports, irclient.aclient").strip() == "False"
    assert loaded_after(load_it).strip() == "True"


@pytest.mark.parametrize("missing", ["aiohttp", "httpx_aiohttp"])
def test_without_the_extra_the_error_says_what_to_install(missing) -> None:
    said = loaded_after("from irclient.transports import AiohttpTransport", without=missing)
    assert "ConfigurationError" in said
    assert "pip install 'irclient[aiohttp]'" in said


def test_a_name_that_the_package_does_not_have_is_told() -> None:
    with pytest.raises(ImportError, match="Curl"):
        from irclient.transports import Curl  # type: ignore[attr-defined]  # noqa: F401, PLC0415
