"""What the command's tests talk to: a service on loopback that answers what a test tells it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from typer.testing import CliRunner

from irclient.cli.app import app

TOKEN = "the-token-that-must-never-be-shown"

LIST = {
    "id": "Lists",
    "name": "Similar",
    "version": "v1.0",
    "interactionsVersion": "20230102030405",
    "items": [
        {"id": "64703", "trackingId": "t-1"},
        {"id": "a/../b?c#d é", "trackingId": "t-1"},
    ],
    "title": "People also like",
    "longTitle": "People also like",
    "titleId": 4,
    "pagingInfo": {"totalItems": 431},
    "status": "Success",
}


class Service:
    """One service endpoint over plain HTTP; `answers` maps a path's prefix to what it gets.

    That is a status and a body: a value for JSON, what makes one, or None for nothing at all.
    """

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, object]] = {"/": (200, LIST)}
        self.requests: list[tuple[str, str]] = []
        self.bodies: list[bytes] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        return {
            "IRCLIENT_PRIMARY": "contoso-a/web",
            "IRCLIENT_TPS": "100",
            "IRCLIENT_REGIONS__0__PRIMARY__URL": self.url,
            "IRCLIENT_CREDENTIAL__KIND": "token",
            "IRCLIENT_CREDENTIAL__TOKEN_ENV": "TEST_TOKEN",
            "IRCLIENT_SETTINGS__RETRIES__MAX_ATTEMPTS": "1",
            "TEST_TOKEN": TOKEN,
        }

    def answer_to(self, path: str) -> tuple[int, object]:
        best = max((each for each in self.answers if path.startswith(each)), key=len)
        return self.answers[best]


def _handler_of(service: Service) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        do_POST = do_DELETE = do_GET  # noqa: N815  (the base class's names)

        def _answer(self) -> None:
            service.requests.append((self.command, self.path))
            service.bodies.append(self.rfile.read(int(self.headers["Content-Length"] or 0)))
            status, content = service.answer_to(self.path)
            value = content() if callable(content) else content
            body = b"" if value is None else json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@contextmanager
def running(service: Service) -> Iterator[Service]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(service))
    service.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def service() -> Iterator[Service]:
    with running(Service()) as service:
        yield service


class Result:
    """What a run of the command left behind."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err
        assert TOKEN not in out + err

    @property
    def json(self):
        return json.loads(self.out)


def run(*arguments: str, env: Mapping[str, str] | None = None, stdin: str | None = None) -> Result:
    """Run the command in this process, with nothing of IRCLIENT_ in its environment but `env`."""
    clean: dict[str, str | None] = {
        name: None for name in os.environ if name.startswith("IRCLIENT_")
    }
    given = {**clean, "COLUMNS": "200", "NO_COLOR": "1", **(env or {})}
    result = CliRunner().invoke(app, list(arguments), env=given, input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Result(result.exit_code, result.stdout, result.stderr)


def run_process(
    *arguments: str, env: Mapping[str, str] | None = None, encoding: str | None = None
) -> Result:
    """Run ``python -m irclient`` in a process of its own."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("IRCLIENT_")
    }
    done = subprocess.run(
        [sys.executable, "-m", "irclient", *arguments],
        env={**inherited, **(env or {})},
        capture_output=True,
        text=True,
        encoding=encoding,
        timeout=50,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """Where the local services of these tests keep their shop, made once."""
    return tmp_path_factory.mktemp("cache")
