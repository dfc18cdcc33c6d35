"""The end of the server as its callers meet it: who has connected is answered."""

import signal
import socket
import threading

from irclient.server.worker import _accepted
from tests.server.conftest import KEY
from tests.server.test_supervisor import eventually

REQUEST = (
    f"GET /reco/v1.0/new?count=1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n\r\n"
).encode()


def is_closed(address):
    with socket.socket() as attempt:
        return attempt.connect_ex(address) != 0


def answered(address):
    """The status of a request on a connection of its own; None where nobody listens."""
    try:
        connection = socket.create_connection(address, timeout=20)
    except ConnectionRefusedError:
        return None
    with connection:
        connection.sendall(REQUEST)
        return connection.recv(65_536)[9:12]


def test_a_caller_who_has_connected_and_not_asked_yet_is_answered(serving):
    server = serving(top='access_log = "off"')
    with socket.create_connection(server.address, timeout=20) as connection:
        server.process.send_signal(signal.SIGTERM)
        eventually(lambda: is_closed(server.address))
        connection.sendall(REQUEST)
        assert connection.recv(65_536)[9:12] == b"200"
    assert server.process.wait(timeout=20) == 0


def test_callers_without_end_are_answered_or_turned_away_when_it_ends(serving):
    server = serving(top='access_log = "off"')
    statuses, failed = [], []

    def ask():
        try:
            while (status := answered(server.address)) is not None:
                statuses.append(status)
        except OSError as problem:
            failed.append(problem)

    callers = [threading.Thread(target=ask) for _ in range(8)]
    for each in callers:
        each.start()
    eventually(lambda: len(statuses) > 100)
    server.process.send_signal(signal.SIGTERM)
    for each in callers:
        each.join(timeout=30)
    assert failed == []
    assert set(statuses) == {b"200"}
    assert server.process.wait(timeout=20) == 0


def test_who_waits_in_a_listening_socket_is_taken_out_before_it_is_closed():
    listening = socket.create_server(("127.0.0.1", 0))
    address = listening.getsockname()
    callers = [socket.create_connection(address) for _ in range(3)]
    taken = _accepted(listening)
    assert {each.getpeername() for each in taken} == {each.getsockname() for each in callers}
    assert is_closed(address)
    for each in (*callers, *taken):
        each.close()
