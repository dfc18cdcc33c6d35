"""What callers may do to it: half-sent requests, floods, nonsense, and ten thousand of those."""

import random
import socket
import string
import time
from pathlib import Path

import pytest

from tests.server.conftest import KEY
from tests.server.test_supervisor import eventually, workers_of

AUTHORIZED = f"Host: x\r\nAuthorization: Bearer {KEY}\r\n"
LIMITS = "slow_after = 1\nidle_after = 3\nconnections = 40\nhead_bytes = 4096\nbody_bytes = 4096"
QUIET = 'access_log = "off"'


def send(server, raw, *, within=10.0):
    """What comes back for some bytes, until the server closes or falls silent."""
    with socket.create_connection(server.address, timeout=within) as connection:
        connection.sendall(raw)
        try:
            return connection.recv(65_536)
        except (TimeoutError, ConnectionResetError):
            return None


def _drip(connection, text):
    for letter in text:
        connection.sendall(letter.encode())
        time.sleep(0.1)


def _ask_and_never_read(connection, requests):
    for _ in range(200):
        connection.sendall(requests)
        time.sleep(0.05)


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /reco/v1.0/new HTTP/1.1\r\nHost: x\r\nX-Half:",
        b"GET",
        f"POST /reco/v1.0/personalization?userId=u HTTP/1.1\r\n{AUTHORIZED}"
        "Content-Length: 100\r\n\r\n{".encode(),
        f"POST /reco/v1.0/personalization?userId=u HTTP/1.1\r\n{AUTHORIZED}"
        "Transfer-Encoding: chunked\r\n\r\n5\r\n{".encode(),
    ],
    ids=["half a head", "a word", "half a body", "half a chunk"],
)
def test_a_half_sent_request_is_ended(serving, raw):
    server = serving(limits=LIMITS, top=QUIET)
    with socket.create_connection(server.address, timeout=10) as connection:
        connection.sendall(raw)
        assert connection.recv(100) == b""


@pytest.mark.parametrize(
    "rest",
    [
        "GET /reco/v1.0/new?count=1 HTTP/1.1\r\n{head}\r\nGET /reco/v1.0/new HTTP/1.1\r\nHost:",
        "GET /reco/v1.0/new?count=1 HTTP/1.1\r\n{head}Content-Length: 9\r\n\r\nhalf",
        "POST /Control/V1.0/Model HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf",
    ],
    ids=["half a next head", "half a body that nobody needs", "half a body without a key"],
)
def test_what_is_left_of_an_answered_request_or_begun_of_the_next_must_come_soon(serving, rest):
    server = serving(limits=LIMITS.replace("idle_after = 3", "idle_after = 60"), top=QUIET)
    with socket.create_connection(server.address, timeout=20) as connection:
        connection.sendall(rest.format(head=AUTHORIZED).encode())
        while connection.recv(65_536):
            pass


@pytest.mark.parametrize("header", [f"Authorization: Bearer {KEY}", "Host: y"])
def test_a_host_or_a_key_that_is_there_twice_is_refused(serving, header):
    server = serving(top=QUIET)
    request = f"GET /reco/v1.0/new?count=1 HTTP/1.1\r\n{AUTHORIZED}{header}\r\n\r\n"
    assert send(server, request.encode()).startswith(b"HTTP/1.1 400")


def test_a_head_that_drips_and_a_connection_that_says_nothing_are_ended(serving):
    server = serving(limits=LIMITS, top=QUIET)
    with (
        socket.create_connection(server.address, timeout=10) as silent,
        socket.create_connection(server.address, timeout=10) as dripping,
    ):
        began_at = time.monotonic()
        with pytest.raises(OSError):
            _drip(dripping, "GET /reco/v1.0/new HTTP/1.1\r\n" * 10)
        assert time.monotonic() - began_at < 10
        assert silent.recv(100) == b""


def test_a_caller_that_does_not_take_its_answers_is_ended(serving):
    server = serving(limits=LIMITS, top=QUIET, workers=1)
    request = f"GET /reco/v1.0/new?count=30 HTTP/1.1\r\n{AUTHORIZED}\r\n".encode()
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.settimeout(10)
        connection.connect(server.address)
        with pytest.raises(OSError):
            _ask_and_never_read(connection, request * 50)
    assert server.get("/health/live").status_code == 200


def test_heads_bodies_ids_and_filters_have_limits(serving):
    limits = f"{LIMITS}\nid_length = 40\nfilters = 3\nseeds = 2\ncandidates = 2\ncount = 5"
    server = serving(limits=limits, top=QUIET)
    assert b" 431 " in send(server, b"GET / HTTP/1.1\r\nX: " + b"x" * 5_000 + b"\r\n\r\n")
    assert b" 431 " in send(server, b"GET /" + b"x" * 9_000)
    with server.client() as client:
        body = client.post("/reco/v1.0/personalization?userId=u", content=b"x" * 5_000)
        assert (body.status_code, body.json()["error"]["code"]) == (413, "RequestEntityTooLarge")
        for path, named in (
            ("similar/" + "x" * 41, "40 characters"),
            ("picks?userId=" + "x" * 41, "40 characters"),
            ("new?a=1&a=2&b=3&c=4", "3 filters"),
            ("new?color=" + "x" * 41, "40 characters"),
            ("cart/items?seedItemIds=a,b,c", "2 seed items"),
        ):
            answer = client.get(f"/reco/v1.0/{path}")
            assert (answer.status_code, named in answer.text) == (400, True), path
        many = client.post(
            "/reco/v1.0/personalization?userId=u",
            json={"PersonalizationCandidates": ["a", "b", "c"]},
        )
        assert many.status_code == 400
        assert len(client.get("/reco/v1.0/new?count=25").json()["items"]) == 5


def test_connections_beyond_the_limit_are_turned_away_and_room_comes_back(serving):
    server = serving(limits=LIMITS, top=QUIET, workers=1)
    held = [socket.create_connection(server.address, timeout=10) for _ in range(40)]
    try:
        time.sleep(0.3)
        assert not send(server, b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
    finally:
        for each in held:
            each.close()
    eventually(lambda: server.get("/health/live").status_code == 200)


def nonsense(random):
    """A request that somebody might send to see what happens."""
    letters = string.printable + "%00%0d%0aé\ud7ff"
    text = "".join(random.choice(letters) for _ in range(random.randint(0, 40)))
    path = random.choice(
        [
            "/reco/v1.0/similar/{}",
            "/reco/v1.0/cart/items?seedItemIds={}",
            "/reco/v1.0/picks?userId={}&count={}",
            "/reco/v1.0/new?{}={}&skipItems={}",
            "/reco/v1.0/personalization?userId={}",
            "/reco/v1.0/discovery/similar/selectors/{}",
            "/control/v1.0/model?modeling={}",
            "/{}",
            "{}",
            "/metrics/{}",
            "/health/{}",
            "http://{}/reco/v1.0/new",
            "/reco/v1.0/popular?count=99999999999999999999&{}",
        ]
    )
    target = path.replace("{}", text)
    method = random.choice(
        ["GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "get", "", "CONNECT"]
    )
    version = random.choice(["HTTP/1.1"] * 8 + ["HTTP/1.0", "HTTP/9.9", ""])
    token = random.choice([KEY, KEY, KEY, text, "", "a.b.c", "." * 50])
    headers = [f"Host: {random.choice(['x', text, '[::1', ''])}", f"Authorization: Bearer {token}"]
    headers += random.sample(
        [
            f"X-{text}: {text}",
            "Content-Length: 5",
            "Content-Length: -1",
            "Content-Length: 99999999999999999999999",
            "Transfer-Encoding: chunked",
            "Connection: upgrade",
            "Upgrade: websocket",
            "Expect: 100-continue",
        ],
        random.randint(0, 3),
    )
    body = random.choice(
        ["", text, '{"PersonalizationCandidates": ["\\ud800", 1, null, [[]]]}', "[" * 3_000, "{}"]
    )
    content = f"{method} {target} {version}\r\n" + "\r\n".join(headers) + f"\r\n\r\n{body}"
    raw = content.encode("utf-8", "replace")
    if random.random() < 0.2:
        raw = bytes(random.choices(raw, k=len(raw)))
    return raw


def memory_of(process_id):
    for line in Path(f"/proc/{process_id}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    return 0


@pytest.mark.timeout(300)
def test_ten_thousand_requests_of_nonsense_give_no_500_and_no_growth(serving):
    server = serving(top=QUIET, limits="slow_after = 1")
    source = random.Random(5)
    statuses = {}

    def fuzz(count):
        for _ in range(count):
            raw = nonsense(source)
            with socket.create_connection(server.address, timeout=10) as connection:
                try:
                    connection.sendall(raw)
                    connection.shutdown(socket.SHUT_WR)
                    answer = connection.recv(65_536)
                except (ConnectionResetError, BrokenPipeError):
                    answer = b""
            status = answer[9:12].decode("latin-1") if answer else "closed"
            statuses[status] = statuses.get(status, 0) + 1

    fuzz(1_000)
    workers = workers_of(server.process)
    before = sum(map(memory_of, workers))
    fuzz(9_000)
    assert workers_of(server.process) == workers
    assert not [each for each in statuses if each.startswith("5")], statuses
    assert {"200", "400", "401", "404", "405"} <= set(statuses), statuses
    grown = sum(map(memory_of, workers)) - before
    assert grown < 8_000, f"{grown} kB"
    assert "Traceback" not in (server.folder / "log.txt").read_text()
