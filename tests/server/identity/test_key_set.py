"""Fetching an issuer's keys over HTTP, and answers that are not what they should be."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from irclient.server.configuration import Issuer
from irclient.server.identity.key_set import fetch_key_set
from tests.server.identity.test_tokens import KEY, public


class Web:
    """A web server on loopback that answers what a test puts under its paths."""

    def __init__(self):
        self.pages = {}
        pages = self.pages

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                status, body, headers = pages.get(self.path, (404, b"", {}))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def put(self, path, content, *, status=200, **headers):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.pages[path] = (status, body, headers)

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def web():
    own = Web()
    yield own
    own.close()


def issuer(web, **table):
    return Issuer(issuer=f"{web.url}/tenant", audiences=("a",), **table)


def test_keys_are_found_through_the_openid_configuration_and_only_public_ones_taken(web):
    about = {"issuer": f"{web.url}/tenant", "jwks_uri": f"{web.url}/keys"}
    web.put("/tenant/.well-known/openid-configuration", about)
    own = public(KEY)
    others = [{"kty": "oct", "k": "AAAA"}, public(KEY, use="enc"), "nonsense"]
    web.put("/keys", {"keys": [own, *others]})
    assert fetch_key_set(issuer(web)) == [own]


def test_the_configuration_may_name_them(web):
    web.put("/mine", {"keys": [public(KEY)]})
    assert len(fetch_key_set(issuer(web, jwks_uri=f"{web.url}/mine"))) == 1


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        ({"keys": 5}, {}, "answered no keys"),
        ([], {}, "no JSON object"),
        (b"<html>", {}, "Expecting value"),
        ({"keys": []}, {"status": 500}, "answered 500"),
        ({"keys": []}, {"status": 302, "Location": "http://127.0.0.1:1/"}, "answered 302"),
        (b" " * 2_000_000, {}, "more than"),
    ],
)
def test_what_is_no_key_set_is_refused(web, content, options, said):
    web.put("/keys", content, **options)
    with pytest.raises(ValueError, match=said):
        fetch_key_set(issuer(web, jwks_uri=f"{web.url}/keys"))


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"issuer": "https://another.example"}, "is of the issuer 'https://another.example'"),
        ({"issuer": "{url}/tenant", "jwks_uri": "http://another.example/keys"}, "is not https"),
        ({"issuer": "{url}/tenant", "jwks_uri": "file:///etc/passwd"}, "is not https"),
        ({"issuer": "{url}/tenant"}, "is not https"),
    ],
)
def test_an_openid_configuration_that_leads_elsewhere_is_refused(web, about, said):
    filled = {name: value.replace("{url}", web.url) for name, value in about.items()}
    web.put("/tenant/.well-known/openid-configuration", filled)
    with pytest.raises(ValueError, match=said):
        fetch_key_set(issuer(web))
