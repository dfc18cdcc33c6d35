"""Connecting: names, addresses and handshakes, none of which may outlast its time."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import threading
import time
import warnings

import anyio
import httpx
import pytest

from irclient._core.protocol import Failure, Trouble
from irclient._runtime.threads import DaemonThreads
from irclient.transports import BlockingTransport, connecting, names, waiting
from irclient.transports.exchange import exchange
from irclient.transports.request import Origin
from irclient.transports.waiting import on_loop
from tests.certificates import Authority
from tests.stopwatch import Stopwatch
from tests.transports.carriers import (
    body,
    on_each_carrier,
    own,
    request_to,
    send,
    serving,
    unanswered,
)
from tests.weather import answer, listed, weather
from tests.worlds import ASYNC

LOCAL = "127.0.0.1"
on_each_loop = pytest.mark.parametrize("world", ASYNC, ids=lambda world: world.name)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority.made_in(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def known(monkeypatch):
    """The addresses of the names of a test; a callable is called, and may block or raise."""
    table, asked = {}, []

    def getaddrinfo(host, port, *_, **__):
        asked.append(host)
        found = table[host]
        addresses = found() if callable(found) else found
        family = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(family[":" in each], 1, 6, "", (each, port)) for each in addresses]

    monkeypatch.setattr(names.socket, "getaddrinfo", getaddrinfo)
    table["asked"] = asked
    yield table
    # What hung has been let go: another test would join it otherwise.
    while names._under_way:
        time.sleep(0.001)


def to(host: str, port: int, **more):
    """A `Send` to a name that is looked up; plain http is for loopback, so it ends so."""
    return request_to(f"http://{host}.localhost:{port}", **more)


def silent(peer) -> None:
    while peer.recv(65_536):
        pass


@pytest.mark.timing
@on_each_carrier
def test_nobody_there_is_unreachable_at_once(world) -> None:
    async def story() -> None:
        async with own(world) as transport:
            with Stopwatch() as watch:
                outcome = await send(world, transport, request_to(f"http://{LOCAL}:{free}"))
            assert outcome.trouble is Trouble.UNREACHABLE
            assert f"unreachable: {LOCAL}:{free}: " in outcome.reason
            assert watch.took < 0.5

    with socket.create_server((LOCAL, 0)) as server:
        free = server.getsockname()[1]
    world.play(story)


@on_each_carrier
def test_a_name_that_is_not_known_is_told(world, known) -> None:
    def unknown():
        raise socket.gaierror(-2, "no such host")

    async def story() -> None:
        async with own(world) as transport:
            outcome = await send(world, transport, to("nowhere", 1))
            assert outcome.trouble is Trouble.UNREACHABLE
            assert "'nowhere.localhost' is not known: [Errno -2] no such host" in outcome.reason

    known["nowhere.localhost"] = unknown
    world.play(story)


@on_each_carrier
def test_a_name_of_the_retired_service_is_told_as_one(world, known) -> None:
    host = "contoso-a-web.mir.prod.reco.microsoft.com"

    def unknown():
        raise socket.gaierror(-2, "no such host")

    async def story() -> None:
        async with own(world) as transport:
            outcome = await send(world, transport, request_to(f"https://{host}"))
            assert outcome.trouble is Trouble.UNREACHABLE
            assert "was retired: set the endpoint's url" in outcome.reason

    known[host] = unknown
    world.play(story)


@on_each_carrier
@pytest.mark.parametrize("host", ["away.localhost", "localhost"])
def test_without_tls_no_token_goes_to_a_name_that_leads_away_from_this_machine(
    world, known, host
) -> None:
    async def story() -> None:
        async with own(world) as transport:
            outcome = await send(world, transport, request_to(f"http://{host}:{server.port}"))
            assert outcome.trouble is Trouble.UNREACHABLE
            assert "leads to 192.0.2.1, not to this machine" in outcome.reason
            known[host] = ["192.0.2.1", LOCAL]
            body(await send(world, transport, request_to(f"http://{host}:{server.port}")))

    known[host] = ["192.0.2.1"]
    with weather() as server:
        world.play(story)
    assert len(server.seen) == 1


@on_each_carrier
def test_a_users_transport_is_given_no_token_for_a_name_that_may_lead_anywhere(world) -> None:
    async def story() -> None:
        outcome = await send(world, transport, request_to("http://away.localhost:1"))
        assert outcome.trouble is Trouble.LOCAL
        assert "'away.localhost'" in outcome.reason
        body(await send(world, transport, request_to("http://localhost:1")))

    def answered(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(200, json={})

    asked: list[str] = []
    transport = httpx.MockTransport(answered)
    world.play(story)
    assert asked == ["localhost"]


@on_each_carrier
def test_an_address_is_not_looked_up_and_a_name_is_for_each_new_connection(world, known) -> None:
    async def story() -> None:
        async with own(world) as transport:
            body(await send(world, transport, request_to(server.url)))
            assert known["asked"] == []
            for over_new_connection in (False, False, True):
                asked = to("moved", server.port, over_new_connection=over_new_connection)
                body(await send(world, transport, asked))

    known["moved.localhost"] = [LOCAL]
    with weather() as server:
        world.play(story)
    assert known["asked"] == ["moved.localhost"] * 2


@on_each_carrier
def test_a_new_connection_goes_where_a_name_has_moved_and_a_kept_one_stays(world, known) -> None:
    def moved_to(peer) -> None:
        peer.recv(65_536)
        peer.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\n["here"]')

    async def story() -> None:
        async with own(world) as transport:
            before = body(await send(world, transport, to("moved", server.port)))
            known["moved.localhost"] = ["127.0.0.2"]
            assert body(await send(world, transport, to("moved", server.port))) == before
            asked = to("moved", server.port, over_new_connection=True)
            assert body(await send(world, transport, asked)) == b'["here"]'

    known["moved.localhost"] = [LOCAL]
    with weather() as server, serving(moved_to, host="127.0.0.2", port=server.port):
        world.play(story)
    assert known["asked"] == ["moved.localhost"] * 2


HANGS = {
    "the name": None,
    "TCP": unanswered,
    "TLS": lambda: serving(silent),
}


@pytest.mark.timing
@on_each_carrier
@pytest.mark.parametrize("phase", HANGS)
@pytest.mark.parametrize("limit", ["within", "connect_within"])
def test_connecting_ends_by_its_time_in_any_phase(world, phase, limit, known, authority) -> None:
    go_on = threading.Event()

    async def story() -> None:
        async with own(world, ca_file=authority.ca_file) as transport:
            with Stopwatch() as watch:
                outcome = await send(world, transport, request_to(url, **{limit: 0.2}))
            assert outcome.trouble is Trouble.TIMED_OUT, outcome
            assert outcome.reason == "timed out: no connection within 0.2 s"
            assert watch.elapsed > 0.19
            assert watch.took < 0.3

    known["hangs.localhost"] = lambda: [LOCAL] if go_on.wait(5) else []
    try:
        if phase == "the name":
            url = "http://hangs.localhost:1"
            world.play(story)
        else:
            with HANGS[phase]() as port:
                url = f"http{'s' if phase == 'TLS' else ''}://{LOCAL}:{port}"
                world.play(story)
    finally:
        go_on.set()


@pytest.mark.timing
@pytest.mark.parametrize("phase", HANGS)
def test_a_hedge_looks_up_while_the_first_request_is_connecting(phase, known, authority) -> None:
    go_on = threading.Event()

    class Overtaken(Exception): ...  # noqa: N818

    def look_up() -> float:
        left = overtaken_at - time.monotonic()
        if left <= 0:
            raise Overtaken
        return left / 2

    def overtaken(url: str) -> None:
        with Stopwatch() as watch:
            outcome = exchange(transport, request_to(url), look_up=look_up)
        late = time.monotonic() - overtaken_at
        assert isinstance(outcome, Failure)
        assert 0.0 <= late < 0.1 + watch.stood
        transport.close()

    known["hangs.localhost"] = lambda: [LOCAL] if go_on.wait(5) else []
    transport = BlockingTransport(ca_file=authority.ca_file)
    overtaken_at = time.monotonic() + 0.1
    try:
        if phase == "the name":
            overtaken("http://hangs.localhost:1")
        else:
            with HANGS[phase]() as port:
                overtaken(f"http{'s' if phase == 'TLS' else ''}://{LOCAL}:{port}")
    finally:
        go_on.set()


@pytest.mark.timing
@on_each_carrier
def test_a_first_address_that_is_a_black_hole_costs_a_quarter_of_a_second_once(
    world, known
) -> None:
    async def story() -> None:
        async with own(world) as transport:
            with Stopwatch() as first:
                body(await send(world, transport, to("two", port)))
            assert first.elapsed > 0.2
            assert first.took < 0.35
            with Stopwatch() as second:
                body(await send(world, transport, to("two", port)))
            assert second.took < 0.1

    known["two.localhost"] = ["127.0.0.2", LOCAL]
    with weather() as server, unanswered("127.0.0.2", server.port) as port:
        world.play(story)
        gc.collect()


@pytest.mark.timing
@on_each_carrier
def test_an_address_that_was_overtaken_is_tried_last_by_the_next_connections(world, known) -> None:
    async def story() -> None:
        async with own(world) as transport:
            body(await send(world, transport, to("two", port)))
            with Stopwatch() as others:
                for _ in range(3):
                    again = to("two", port, over_new_connection=True)
                    body(await send(world, transport, again))
            assert others.took < 0.2

    known["two.localhost"] = ["127.0.0.2", LOCAL]
    with weather() as server, unanswered("127.0.0.2", server.port) as port:
        world.play(story)
        gc.collect()
    assert server.connections == 4


@pytest.mark.timing
@on_each_carrier
def test_a_first_address_that_refuses_costs_nothing(world, known) -> None:
    async def story() -> None:
        async with own(world) as transport:
            with Stopwatch() as watch:
                body(await send(world, transport, to("two", server.port)))
            assert watch.took < 0.2
            outcome = await send(world, transport, to("none", server.port))
            assert outcome.trouble is Trouble.UNREACHABLE
            outcome = await send(world, transport, to("empty", server.port))
            assert outcome.reason.endswith(f"localhost:{server.port}: no address is known")

    known["two.localhost"] = ["127.0.0.3", LOCAL, "127.0.0.4"]
    known["none.localhost"] = ["127.0.0.3", "127.0.0.4"]
    known["empty.localhost"] = []
    with weather() as server:
        world.play(story)


def test_families_take_turns() -> None:
    v4, v6 = socket.AF_INET, socket.AF_INET6
    rows = [(v6, "::1"), (v6, "::2"), (v6, "::1"), (v4, "1.1.1.1"), (v4, "1.1.1.2")]
    assert names._in_turn(rows) == ["::1", "1.1.1.1", "::2", "1.1.1.2"]


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")
@on_each_carrier
def test_an_address_of_the_other_family_is_an_address(world) -> None:
    async def story() -> None:
        async with own(world) as transport:
            body(await send(world, transport, request_to(f"http://[::1]:{port}")))

    def behave(peer) -> None:
        peer.recv(65_536)
        peer.sendall(answer(listed("1")))

    with serving(behave, host="::1") as port:
        world.play(story)


def test_equal_look_ups_share_one_and_those_that_hang_are_few(monkeypatch, known) -> None:
    monkeypatch.setattr(names, "_threads", DaemonThreads(2, "irclient-resolve-test"))
    go_on, outcomes = threading.Event(), []
    transport = BlockingTransport()

    def ask(host: str) -> None:
        outcomes.append(exchange(transport, to(host, 1, within=0.3)))

    for host in ("a", "b", "c"):
        known[f"{host}.localhost"] = lambda: [LOCAL] if go_on.wait(5) else []
    threads = [threading.Thread(target=ask, args=(host,)) for host in ["a"] * 20 + ["b"] * 20]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert sorted(known["asked"]) == ["a.localhost", "b.localhost"]
    assert {each.trouble for each in outcomes} == {Trouble.TIMED_OUT}
    outcome = exchange(transport, to("c", 1))
    assert outcome.trouble is Trouble.LOCAL
    assert outcome.reason == "local: no thread is free to look up the name 'c.localhost'"
    go_on.set()
    while names._under_way:
        time.sleep(0.005)
    # What could not be looked up then can be now.
    assert exchange(transport, to("c", 1)).trouble is Trouble.UNREACHABLE
    transport.close()


@on_each_loop
def test_a_look_up_that_others_wait_for_outlives_a_caller_who_goes_away(world, known) -> None:
    go_on = threading.Event()

    async def story() -> None:
        async with own(world) as transport, anyio.create_task_group() as tasks:
            outcomes = []

            async def ask() -> None:
                outcomes.append(await send(world, transport, to("slow", server.port)))

            tasks.start_soon(ask)
            with anyio.move_on_after(0.1):
                await send(world, transport, to("slow", server.port))
            go_on.set()
            while not outcomes:  # noqa: ASYNC110  (an event would have to be told by a task)
                await anyio.sleep(0.01)
            body(outcomes[0])

    known["slow.localhost"] = lambda: [LOCAL] if go_on.wait(5) else []
    with weather() as server:
        world.play(story)
    assert known["asked"] == ["slow.localhost"]


def test_a_loop_that_ends_while_a_name_is_looked_up_is_not_disturbed(known) -> None:
    go_on = threading.Event()
    known["slow.localhost"] = lambda: [LOCAL] if go_on.wait(5) else []
    origin = Origin("slow.localhost", 1, is_secure=False, is_address=False)

    async def give_up() -> None:
        with anyio.move_on_after(0.05):
            await on_loop(connecting.connected(origin, None))

    for world in ASYNC:
        world.play(give_up)
    go_on.set()
    while names._under_way:
        time.sleep(0.005)


def test_a_forked_child_looks_names_up_by_itself(known, monkeypatch) -> None:
    go_on = threading.Event()
    known["slow.localhost"] = lambda: [LOCAL] if go_on.wait(5) else []
    origin = Origin("slow.localhost", 1, is_secure=False, is_address=False)
    first = names.look_up(origin)
    assert names.look_up(origin) is first
    monkeypatch.setattr(names, "fork_count", lambda: 1)
    second = names.look_up(origin)
    assert second is not first
    go_on.set()
    assert first.result(5) == second.result(5) == [LOCAL]


@on_each_carrier
def test_a_new_connection_that_is_closed_at_once_is_broken_and_not_stale(world) -> None:
    async def story() -> None:
        async with own(world) as transport:
            outcome = await send(world, transport, request_to(f"http://{LOCAL}:{port}"))
            assert outcome.trouble is Trouble.BROKEN

    with serving(lambda peer: None) as port:
        world.play(story)


# The server's side: Python leaves a socket open whose peer had gone when it was to be secured.
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@on_each_carrier
def test_what_is_said_in_the_clear_before_the_handshake_is_never_read_as_secured(
    world, authority
) -> None:
    server = authority.server()

    def behave(peer) -> None:
        peer.sendall(answer(listed("forged")))
        with server.wrap_socket(peer, server_side=True) as secured:
            secured.sendall(answer(listed("real")))

    async def story() -> None:
        async with own(world, ca_file=authority.ca_file) as transport:
            outcome = await send(world, transport, request_to(f"https://{LOCAL}:{port}"))
            assert outcome.trouble is Trouble.UNREACHABLE, outcome
            assert f"{LOCAL}:{port}" in outcome.reason

    with serving(behave) as port:
        world.play(story)


@on_each_carrier
def test_an_end_that_tls_did_not_announce_ends_no_body(world, authority) -> None:
    """Somebody on the way can cut a connection short, but not say so within TLS (RFC 9112, 9.8)."""
    server = authority.server()

    def behave(peer, *, announced: bool) -> None:
        with server.wrap_socket(peer, server_side=True) as secured:
            secured.recv(65_536)
            secured.sendall(b"HTTP/1.1 200 OK\r\n\r\nhalf of a list")
            if announced:
                secured.unwrap()

    async def ask() -> object:
        async with own(world, ca_file=authority.ca_file) as transport:
            return await send(world, transport, request_to(f"https://{LOCAL}:{port}"))

    with serving(lambda peer: behave(peer, announced=False)) as port:
        assert world.play(ask).trouble is Trouble.BROKEN
    with serving(lambda peer: behave(peer, announced=True)) as port:
        assert body(world.play(ask)) == b"half of a list"


async def by_a_task(work) -> None:
    task = asyncio.ensure_future(work)
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def by_a_timeout(work) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await work


async def by_a_scope(work) -> None:
    with anyio.move_on_after(0.05) as scope:
        await work
    assert scope.cancelled_caught


@pytest.mark.timing
@on_each_loop
@pytest.mark.parametrize("cancelled", [by_a_task, by_a_timeout, by_a_scope])
@pytest.mark.parametrize("phase", ["TCP", "several addresses", "TLS"])
def test_a_cancellation_in_any_phase_ends_it_at_once_and_leaves_nothing(
    world, phase, cancelled, known, authority
) -> None:
    if world.name == "trio" and cancelled is not by_a_scope:
        pytest.skip("asyncio's ways to cancel")

    async def story() -> None:
        async with own(world, ca_file=authority.ca_file) as transport:
            for _ in range(3):
                with Stopwatch() as watch:
                    await cancelled(send(world, transport, asked))
                assert watch.took < 1.0

    known["two.localhost"] = [LOCAL, "127.0.0.2"]
    with HANGS["TLS" if phase == "TLS" else "TCP"]() as port, warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        asked = {
            "TCP": request_to(f"http://{LOCAL}:{port}"),
            "several addresses": to("two", port),
            "TLS": request_to(f"https://{LOCAL}:{port}"),
        }[phase]
        world.play(story)
        # A socket that nobody closed would warn about it here.
        gc.collect()


def test_a_thread_that_is_interrupted_while_it_connects_leaves_nothing(authority) -> None:
    def interrupt() -> float:
        raise KeyboardInterrupt

    transport = BlockingTransport(ca_file=authority.ca_file)
    for phase in ("TCP", "TLS"):
        with HANGS[phase]() as port:
            url = f"http{'s' if phase == 'TLS' else ''}://{LOCAL}:{port}"
            with pytest.raises(KeyboardInterrupt):
                transport.exchange(request_to(url), look_up=interrupt)
            gc.collect()


def test_a_socket_that_the_system_refuses_is_unreachable(monkeypatch) -> None:
    def refuse(*_arguments):
        raise OSError(24, "Too many open files")

    transport = BlockingTransport()
    with weather() as server:
        monkeypatch.setattr(connecting.socket, "socket", refuse)
        outcome = exchange(transport, request_to(server.url))
        monkeypatch.undo()
    place = server.url.removeprefix("http://")
    assert outcome.reason == f"unreachable: {place}: Too many open files"


def test_without_poll_select_is_asked(monkeypatch) -> None:
    monkeypatch.delattr(waiting.select, "poll")
    transport = BlockingTransport()
    with weather() as server:
        for _ in range(3):
            body(transport.exchange(request_to(server.url)))
        assert server.connections == 1
    transport.close()


def test_a_name_is_what_the_certificate_must_be_for(authority) -> None:
    transport = BlockingTransport(ca_file=authority.ca_file)
    with weather(tls=authority.server()) as server:
        outcome = exchange(transport, request_to(f"https://127.0.0.2:{server.port}"))
    assert outcome.trouble is Trouble.UNREACHABLE
    assert isinstance(ssl.HAS_ALPN, bool)
    transport.close()
