"""The listener over real sockets: HTTP, TLS, and every fault as a client feels it."""

import asyncio
import contextlib
import socket
import ssl
import threading
import time

import httpx
import pytest

from irclient.contract.messages import json_response
from irclient.emulator import faults
from irclient.emulator.http.certificates import make_contexts
from irclient.emulator.http.listener import Listener
from irclient.emulator.http.loop_thread import LoopThread


def echo(request):
    if request.segments == ("bug",):
        raise RuntimeError("a bug")
    content = {"segments": request.segments, "query": request.query, "sent": len(request.body)}
    return json_response(200, content)


async def wait_and_echo(request):
    return echo(request)


class Server:
    """A listener on a thread, and a client that trusts it and keeps connections."""

    def __init__(self, thread, contexts, handle=echo, **options):
        self.thread = thread
        self.listener = Listener(
            "contoso-a", handle=handle, host="127.0.0.1", contexts=contexts, **options
        )
        thread.call(self.listener.listen)
        self.trust = ssl.create_default_context(cafile=contexts.ca_file) if contexts else True
        self.client = httpx.Client(verify=self.trust, base_url=self.listener.url, trust_env=False)

    def put(self, fault):
        self.thread.run(self.listener.put_fault(faults.parse(fault) if fault else None))

    def close(self):
        self.client.close()
        self.thread.run(self.listener.close())


@pytest.fixture(scope="module")
def thread():
    thread = LoopThread(name="test-listener")
    yield thread
    thread.close()


@pytest.fixture(scope="module")
def contexts(tmp_path_factory):
    return make_contexts(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def server(thread, contexts):
    server = Server(thread, contexts)
    yield server
    server.close()


@pytest.fixture
def plain_server(thread):
    server = Server(thread, None, handle=wait_and_echo)
    yield server
    server.close()


def ask_raw(server, *parts):
    with socket.create_connection(("127.0.0.1", server.listener.port), timeout=5) as raw:
        for part in parts:
            raw.sendall(part)
        return raw.recv(100)


def test_it_speaks_http_over_tls(server):
    response = server.client.get("/reco/a%2Fb?x=1")
    assert response.json() == {"segments": ["reco", "a/b"], "query": [["x", "1"]], "sent": 0}
    assert response.headers["date"]


def test_connections_are_kept(server):
    ports = {
        server.client.get("/a").extensions["network_stream"].get_extra_info("client_addr")[1]
        for _ in range(3)
    }
    assert len(ports) == 1


def test_it_speaks_plain_http_and_waits_for_services_that_wait(plain_server):
    assert plain_server.listener.url.startswith("http://127.0.0.1:")
    assert plain_server.client.post("/a", content=b"x" * 100_000).json()["sent"] == 100_000


def test_head_has_no_body(server):
    response = server.client.head("/a")
    assert (response.status_code, response.content) == (200, b"")
    assert int(response.headers["content-length"]) > 0
    assert server.client.get("/a").status_code == 200


def test_a_bug_of_a_service_is_a_500_and_the_server_goes_on(server):
    assert server.client.get("/bug").status_code == 500
    assert server.client.get("/a").status_code == 200


def test_nonsense_is_refused(plain_server):
    assert ask_raw(plain_server, b"this is not http\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_too_large_a_body_is_refused(plain_server):
    head = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1100000\r\n\r\n"
    assert ask_raw(plain_server, head, b"x" * 1_100_000).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "begun",
    [
        b"G",
        b"GET /a HTTP/1.1\r\nhost:",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nx",
    ],
    ids=["a letter", "half a head", "half a body"],
)
def test_a_half_sent_request_ends_and_a_silent_connection_stays(thread, begun):
    server = Server(thread, None, handle=wait_and_echo, request_within=0.2)
    try:
        with socket.create_connection(("127.0.0.1", server.listener.port), timeout=5) as silent:
            assert ask_raw(server, begun) == b""
            silent.sendall(b"GET /a HTTP/1.1\r\nhost: a\r\n\r\n")
            assert silent.recv(100).startswith(b"HTTP/1.1 200 ")
    finally:
        server.close()


def test_a_port_that_is_taken_is_named(server, contexts):
    port = server.listener.port
    other = Listener("entra", handle=echo, host="127.0.0.1", port=port, contexts=contexts)
    with pytest.raises(OSError, match=f"entra cannot take 127.0.0.1:{port}"):
        other.bind()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("down", httpx.ConnectError),
        # Over TLS, Python's ssl may read a reset as an end.
        ("reset", (httpx.ReadError, httpx.RemoteProtocolError)),
        ("reset:accept", httpx.ConnectError),
        ("expired-certificate", httpx.ConnectError),
        ("truncated", httpx.RemoteProtocolError),
        ("not-http", httpx.RemoteProtocolError),
        ("black-hole", httpx.ReadTimeout),
        ("black-hole:accept", httpx.ConnectTimeout),
        ("slow:5", httpx.ReadTimeout),
    ],
)
def test_a_kept_connection_feels_the_fault_and_recovers_when_it_ends(server, fault, error):
    assert server.client.get("/a").status_code == 200
    server.put(fault)
    for _ in range(2):
        with pytest.raises(error):
            server.client.get("/a", timeout=0.2)
    server.put(None)
    assert server.client.get("/a").status_code == 200


def test_down_keeps_the_port(server):
    port = server.listener.port
    server.put("down")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)
    server.put(None)
    assert server.listener.port == port
    assert server.client.get("/a").status_code == 200


def test_down_breaks_off_a_request_that_waits(server):
    server.put("slow:30")
    errors = []

    def ask():
        try:
            server.client.get("/a", timeout=10)
        except httpx.TransportError as problem:
            errors.append(problem)

    asking = threading.Thread(target=ask)
    asking.start()
    while not server.thread.call(server.listener.requests).total:
        time.sleep(0.001)
    server.put("down")
    asking.join(5)
    assert len(errors) == 1


@pytest.mark.parametrize("part", ["body", "head"])
def test_a_drip_sends_the_right_answer_byte_by_byte(server, part):
    server.put(f"drip:0.0005,part={part}")
    with server.client.stream("GET", "/a") as response:
        chunks = list(response.iter_raw())
    assert len(chunks) > 20
    assert b"".join(chunks).startswith(b"{")


def test_a_bomb_goes_off_in_the_client(server):
    server.put("gzip-bomb:2")
    assert len(server.client.get("/a").content) == 2 << 20


def test_a_redirect_names_another_place(server):
    server.put("redirect")
    assert server.client.get("/a").headers["location"] == "/moved"


def test_a_limit_heals_the_listener(server):
    server.put("status:503,limit=2")
    assert [server.client.get("/a").status_code for _ in range(3)] == [503, 503, 200]


@pytest.mark.parametrize("fault", ["reset", "reset:accept"])
def test_a_reset_is_a_reset_and_no_end(plain_server, fault):
    plain_server.put(fault)
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        ask_raw(plain_server, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")


def test_outcomes_are_counted(server):
    server.client.get("/a")
    server.put("truncated,limit=1")
    with pytest.raises(httpx.RemoteProtocolError):
        server.client.get("/a")
    server.client.get("/a")
    requests = server.thread.call(server.listener.requests)
    assert (requests.total, dict(requests.by_status)) == (3, {200: 2, "truncated": 1})


def test_a_connection_that_is_broken_off_as_it_opens_leaves_its_descriptor_to_others(server):
    address = "localhost", server.listener.port

    async def broken_off_after(steps):
        client = asyncio.create_task(asyncio.open_connection(*address, ssl=server.trust))
        for _ in range(steps):
            await asyncio.sleep(0)
        await server.listener.put_fault(faults.Down())
        with contextlib.suppress(OSError):
            _, writer = await client
            writer.transport.abort()
        await server.listener.put_fault(None)

    async def asked():
        reader, writer = await asyncio.open_connection(*address, ssl=server.trust)
        writer.write(b"GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n")
        status = await reader.readline()
        writer.transport.abort()
        return status

    for steps in range(60):
        server.thread.run(broken_off_after(steps))
        assert server.thread.run(asked()) == b"HTTP/1.1 200 \r\n"
