"""A TLS server on loopback that plays Entra and a vault by script, and counts what it is asked."""

from __future__ import annotations

import json
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from irclient.auth import azure, rotation
from irclient.auth.exchange import persistently
from irclient.emulator.http.certificates import make_contexts

SECRET = "s3cret~of-the.app_1"


@dataclass
class Reply:
    """One answer; `body` is JSON unless it is bytes."""

    status: int = 200
    body: object = field(default_factory=dict)
    headers: dict = field(default_factory=dict)


@dataclass
class Loopback:
    """A scripted Entra and vault at one address.

    `token` and `secret` are lists of replies, the last of which is repeated; `None` breaks the
    connection. A reply may also be a function of the request's body.
    """

    url: str = ""
    ca_file: str = ""
    discovery: list = field(default_factory=list)
    token: list = field(default_factory=list)
    secret: list = field(default_factory=list)
    asked: Counter = field(default_factory=Counter)
    bodies: list = field(default_factory=list)

    def reply(self, kind, body):
        self.asked[kind] += 1
        self.bodies.append(body)
        script = getattr(self, kind)
        reply = script.pop(0) if len(script) > 1 else script[0]
        return reply(body) if callable(reply) else reply

    def reset(self):
        tenant = f"{self.url}/tenant-1"
        endpoints = {
            "issuer": f"{tenant}/v2.0",
            "authorization_endpoint": f"{tenant}/oauth2/v2.0/authorize",
            "token_endpoint": f"{tenant}/oauth2/v2.0/token",
        }
        self.discovery = [Reply(body=endpoints)]
        self.token = [token_reply("token-1")]
        self.secret = [secret_reply(SECRET)]
        self.asked.clear()
        self.bodies.clear()


def token_reply(token, lives_for=3600, **more):
    return Reply(
        body={"token_type": "Bearer", "access_token": token, "expires_in": lives_for, **more}
    )


def refusal(code, error="invalid_client", status=401):
    words = f"AADSTS{code}: Words of Entra's. Trace ID: 1 Correlation ID: 2"
    return Reply(status, {"error": error, "error_description": words})


def secret_reply(value):
    return Reply(body={"value": value, "id": "https://localhost/secrets/ir-web/v1"})


def vault_error(status, code, words, **more):
    return Reply(status, {"error": {"code": code, "message": words, **more}})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        loopback = self.server.loopback
        if self.path.startswith("/secrets/"):
            if "Authorization" not in self.headers:
                challenge = (
                    f'Bearer authorization="{loopback.url}/tenant-1", '
                    'resource="https://vault.azure.net"'
                )
                self._send(Reply(401, {}, {"WWW-Authenticate": challenge}))
                return
            self._send(loopback.reply("secret", self.path))
        else:
            self._send(loopback.reply("discovery", self.path))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._send(self.server.loopback.reply("token", body.decode()))

    def _send(self, reply):
        self.close_connection = True
        if reply is None:
            return
        content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments):
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def finish_request(self, request, client_address):
        # The handshake belongs to the connection's thread: a client that refuses the
        # certificate must not stop the server.
        try:
            with self.context.wrap_socket(request, server_side=True) as wrapped:
                super().finish_request(wrapped, client_address)
        except OSError:
            pass


@contextmanager
def _serving(folder):
    contexts = make_contexts(folder)
    server = _Server(("127.0.0.1", 0), _Handler)
    server.context = contexts.valid
    loopback = Loopback(f"https://localhost:{server.server_port}", str(contexts.ca_file))
    server.loopback = loopback
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield loopback
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="session")
def _served(tmp_path_factory):
    with _serving(tmp_path_factory.mktemp("tls")) as loopback:
        yield loopback


@pytest.fixture
def loopback(_served):
    _served.reset()
    return _served


@pytest.fixture
def naps(monkeypatch):
    """The waits between tries, noted instead of slept."""
    slept: list[float] = []
    for module in (rotation, azure):
        monkeypatch.setattr(module, "persistently", partial(persistently, sleep=slept.append))
    return slept
