"""The example applications under their real servers: loaded, and stopped within a request.

The emulator's accounts refuse what goes over their TPS, so that four workers that each took the
whole of it would be seen here.
"""

from __future__ import annotations

import math
import socket
import threading
import time
from dataclasses import dataclass, field

import pytest

from tests.integrations.serving import serving
from tests.stopwatch import Stopwatch

Emulator = pytest.importorskip("irclient.emulator").Emulator
FakeCooked = pytest.importorskip("tests.emulator.fake_data").FakeCooked

pytestmark = [pytest.mark.emulator, pytest.mark.timing, pytest.mark.timeout(90)]

#: Of each account; low enough for this machine to reach it.
TPS = 12
LOAD_FOR = 2.0
CONNECTIONS = 8


@dataclass(frozen=True)
class Case:
    """An example and a server for it."""

    folder: str
    command: tuple[str, ...]
    path: str = "/similar/64702?count={}"
    workers: int = 1
    #: What a server itself is known to say.
    environment: dict[str, str] = field(default_factory=dict)


UVICORN = ("uvicorn", "--port", "{port}")
GUNICORN = ("gunicorn", "--bind", "127.0.0.1:{port}")
CASES = {
    "fastapi, uvicorn": Case("fastapi_app", (*UVICORN, "app:app")),
    "fastapi, uvicorn with 4 workers": Case(
        "fastapi_app", (*UVICORN, "--workers", "4", "app:app"), workers=4
    ),
    "django, gunicorn sync": Case("django_app", (*GUNICORN, "shop.wsgi"), workers=2),
    "django, uvicorn": Case(
        "django_app", (*UVICORN, "shop.asgi:application"), path="/asimilar/64702?count={}"
    ),
    "flask, gunicorn gthread": Case(
        "flask_app", (*GUNICORN, "--threads", "8", "app:create_app()"), workers=2
    ),
}


@pytest.fixture(scope="module")
def running():
    with Emulator(cook=FakeCooked, tps=TPS) as emulator:
        yield emulator


@pytest.fixture
def emulator(running):
    yield running
    for name in ("contoso-a", "contoso-b"):
        running.account(name).heal()
    running.key_vault.heal()


@pytest.fixture
def served(emulator, tmp_path):
    def start(case):
        environment = emulator.environment() | {
            "WEB_CONCURRENCY": str(case.workers),
            "IRCLIENT_SHARE": "auto",
            # Generous, so that a busy machine does not decide.
            "IRCLIENT_DEADLINE": "8",
            "IRCLIENT_SETTINGS__TIMEOUTS__ATTEMPT": "2",
            # A load that is too much waits for its turn, instead of being refused.
            "IRCLIENT_SETTINGS__THROTTLING__MAX_WAIT": "2",
            **case.environment,
        }
        return serving(
            *case.command, folder=case.folder, environment=environment, log=tmp_path / "log"
        )

    return start


def throttles(emulator) -> int:
    names = ("contoso-a", "contoso-b")
    return sum(emulator.account(name).requests.by_status.get(429, 0) for name in names)


def arrivals(emulator) -> int:
    return sum(emulator.account(name).requests.total for name in ("contoso-a", "contoso-b"))


@pytest.mark.parametrize("name", CASES)
def test_every_request_of_a_load_is_answered_below_the_tps(name, served, emulator) -> None:
    case, throttled, asked = CASES[name], throttles(emulator), arrivals(emulator)
    with served(case) as server, Stopwatch() as watch:
        server.load(case.path, seconds=0.5, connections=CONNECTIONS)
        found = server.load(case.path, seconds=LOAD_FOR, connections=CONNECTIONS)
        took = server.stop()
    assert set(found) == {200}, found
    assert arrivals(emulator) - asked > CONNECTIONS
    # The emulator is in this process: what arrives while that stands still, it counts afterwards.
    assert throttles(emulator) - throttled <= math.ceil(watch.stood * TPS)
    assert server.complaints() == []
    assert took < 3


@pytest.mark.parametrize("name", CASES)
def test_a_server_stops_in_the_middle_of_a_request_and_answers_it(name, served, emulator) -> None:
    case, answers = CASES[name], []
    with served(case) as server:
        # So that no worker spends the request on its first token.
        server.load(case.path, seconds=0.5, connections=CONNECTIONS)
        for account in ("contoso-a", "contoso-b"):
            emulator.account(account).fail("slow:0.6")
        asking = threading.Thread(
            target=lambda: answers.append(server.get(case.path.format(199))), daemon=True
        )
        before = arrivals(emulator)
        asking.start()
        until = time.monotonic() + 5
        while arrivals(emulator) == before and time.monotonic() < until:
            time.sleep(0.02)
        took = server.stop()
        asking.join(5)
    assert [status for status, _ in answers] == [200]
    assert took < 3
    assert server.complaints() == []


@pytest.mark.parametrize("name", ["fastapi, uvicorn with 4 workers", "flask, gunicorn gthread"])
def test_a_vault_that_is_late_keeps_no_worker_from_starting(name, served, emulator) -> None:
    case = CASES[name]
    emulator.key_vault.fail("slow:4")
    with served(case) as server:
        found = server.load(case.path, seconds=LOAD_FOR, connections=CONNECTIONS)
        # Late, it is ready all the same.
        assert server.get(case.path.format(198))[0] == 200
        server.stop()
    assert set(found) <= {200, 503}, found
    assert server.complaints() == []


@pytest.mark.parametrize("name", ["fastapi, uvicorn", "django, uvicorn"])
def test_a_sender_who_goes_away_ends_the_call(name, served, emulator) -> None:
    case = CASES[name]
    with served(case) as server:
        for account in ("contoso-a", "contoso-b"):
            emulator.account(account).fail("slow:6")
        before = arrivals(emulator)
        with socket.create_connection(("127.0.0.1", server.port)) as gone:
            gone.sendall(f"GET {case.path.format(4)} HTTP/1.1\r\nHost: shop\r\n\r\n".encode())
            until = time.monotonic() + 5
            while arrivals(emulator) == before and time.monotonic() < until:
                time.sleep(0.02)
        took = server.stop()
    # The server waits for what is under way: a call that went on would have two seconds.
    assert took < 1.5
    assert server.complaints() == []
