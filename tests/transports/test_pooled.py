"""The pool of threads: reuse, time, and names that are looked up slowly."""

from __future__ import annotations

import socket
import ssl
import threading
import time

import httpcore
import httpx
import pytest

from irclient.transports import Pooled, pooled
from tests import weather as bad
from tests.weather import answer, echoed, weather


def get(transport: Pooled, url: str, *, within: float = 5.0, body: bytes | None = None) -> bytes:
    timeout = dict.fromkeys(("connect", "read", "write", "pool"), within)
    request = httpx.Request(
        "POST" if body else "GET", url, content=body, extensions={"timeout": timeout}
    )
    response = transport.handle_request(request)
    try:
        return b"".join(response.stream)
    finally:
        response.close()


def test_a_connection_is_used_again() -> None:
    transport = Pooled()
    with weather() as server:
        for _ in range(5):
            get(transport, f"{server.url}/x")
        transport.close()
        transport.close()
        assert server.connections == 1
        # It can still be used.
        get(transport, f"{server.url}/x")
        transport.close()
    assert repr(transport) == "Pooled(no connections)"


def test_an_idle_connection_that_the_server_closed_is_replaced_unseen() -> None:
    transport = Pooled()
    with weather(bad.close_after) as server:
        for n in range(5):
            assert f'"{n}"'.encode() in get(transport, f"{server.url}/{n}")
        assert server.connections == 5
    transport.close()


def test_what_comes_behind_an_answer_is_nobodys_answer() -> None:
    transport = Pooled()
    with weather(lambda peer, seen: peer.send(answer(echoed(seen)) + answer(b"forged"))) as server:
        for n in range(5):
            assert f'"{n}"'.encode() in get(transport, f"{server.url}/{n}")
        assert server.connections == 5
    transport.close()


def test_a_server_that_closes_every_connection_is_not_asked_for_ever() -> None:
    transport = Pooled()
    with weather() as server:
        get(transport, f"{server.url}/x")
        server.now = lambda peer, seen: False
        with pytest.raises(Exception, match="disconnected"):
            get(transport, f"{server.url}/x")
        assert len(server.seen) == 3
    transport.close()


def test_a_server_that_resets_everything_gets_a_request_twice_however_many_are_idle() -> None:
    transport = Pooled()
    with weather(bad.after(0.1)) as server:
        threads = [
            threading.Thread(target=get, args=(transport, f"{server.url}/x")) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.connections > 3
        server.seen.clear()
        server.now = bad.reset
        with pytest.raises(httpcore.NetworkError):
            get(transport, f"{server.url}/x")
        assert len(server.seen) == 2
    transport.close()


def test_what_may_not_be_sent_twice_is_sent_once() -> None:
    transport = Pooled()
    with weather() as server:
        get(transport, f"{server.url}/x", body=b"{}")
        server.now = lambda peer, seen: False
        with pytest.raises(Exception, match="disconnected"):
            get(transport, f"{server.url}/x", body=b"{}")
        assert len(server.seen) == 2
    transport.close()


def test_a_body_that_the_server_takes_slowly_ends_on_time() -> None:
    transport = Pooled()

    def sip() -> None:
        taken, _ = listener.accept()
        with taken:
            while taken.recv(16384):
                time.sleep(0.01)

    with socket.socket() as listener:
        # A small buffer, so that many sends are needed, each of them soon done.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=sip)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        began_at = time.monotonic()
        with pytest.raises(httpcore.WriteTimeout):
            get(transport, url, within=0.3, body=b"x" * 8_000_000)
        assert time.monotonic() - began_at < 0.7
        transport.close()
        thread.join(10)


def test_a_read_that_begins_after_the_end_of_the_attempt_times_out() -> None:
    transport = Pooled()
    timeout = dict.fromkeys(("connect", "read", "write", "pool"), 0.2)
    with weather(bad.drip_body) as server:
        request = httpx.Request("GET", f"{server.url}/x", extensions={"timeout": timeout})
        response = transport.handle_request(request)
        time.sleep(0.25)
        with pytest.raises(httpcore.ReadTimeout, match="time passed"):
            list(response.stream)
        response.close()
    transport.close()


def test_a_name_that_is_looked_up_slowly_is_waited_for_only_so_long(monkeypatch) -> None:
    released = []

    def slowly(*arguments, **more):
        time.sleep(0.5)
        released.append(True)
        raise socket.gaierror(-2, "no such host")

    monkeypatch.setattr(pooled.socket, "getaddrinfo", slowly)
    transport = Pooled()
    began_at = time.monotonic()
    with pytest.raises(Exception, match="not resolved in time"):
        get(transport, "http://slow.localhost:1/x", within=0.1)
    assert time.monotonic() - began_at < 0.4
    assert not released
    transport.close()


def test_a_name_that_is_not_known_is_told(monkeypatch) -> None:
    def unknown(*arguments, **more):
        raise socket.gaierror(-2, "no such host")

    monkeypatch.setattr(pooled.socket, "getaddrinfo", unknown)
    transport = Pooled()
    with pytest.raises(Exception, match=r"'nowhere\.localhost' is not known.*no such host"):
        get(transport, "http://nowhere.localhost:1/x")
    transport.close()


def test_every_address_of_a_name_is_tried(monkeypatch) -> None:
    transport = Pooled()
    with weather() as server:
        addresses = ["127.0.0.2", "127.0.0.1"]
        infos = [(socket.AF_INET, 1, 6, "", (each, server.port)) for each in addresses]
        monkeypatch.setattr(pooled.socket, "getaddrinfo", lambda *args, **more: infos)
        assert b"items" in get(transport, f"http://two.localhost:{server.port}/x")
    transport.close()


def test_a_connection_that_is_secured_while_the_pool_closes_is_closed_as_well() -> None:
    class Secured(httpcore.MockStream):
        is_closed = False

        def close(self) -> None:
            self.is_closed = True

    class Slow(httpcore.MockStream):
        def start_tls(self, *arguments: object, **named: object) -> httpcore.NetworkStream:
            network.shut_down()  # just now, on another thread
            return secured

        def get_extra_info(self, info: str) -> object:
            return plain

    class Backend(httpcore.MockBackend):
        def connect_tcp(self, *arguments: object, **named: object) -> httpcore.NetworkStream:
            return Slow([])

    secured = Secured([])
    network = pooled._OnTime(Backend([]), pooled._TimeLeft())
    opened = network.connect_tcp("127.0.0.1", 1, 5.0)
    with socket.socket() as plain, pytest.raises(httpcore.ConnectError, match="closed"):
        opened.start_tls(ssl.create_default_context(), "localhost", 5.0)
    assert secured.is_closed
