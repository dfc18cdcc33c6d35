"""The answers that faults put in place of the right one."""

import json
import zlib

import pytest

from irclient.emulator import faults
from irclient.emulator.http.breakage import substitute


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504, 418])
def test_a_status_comes_with_the_service_s_error_body(code):
    response = substitute(faults.Status(code))
    assert response.status == code
    assert set(json.loads(response.body)["error"]) == {"code", "message"}
    assert "retry-after" not in dict(response.headers)


def test_a_gateway_answers_html_and_may_advise_to_wait():
    response = substitute(faults.Status(502, body="html", retry_after=1.5))
    assert response.body.startswith(b"<!DOCTYPE html>")
    assert dict(response.headers)["retry-after"] == "1.5"
    assert substitute(faults.Status(503, body="empty")).body == b""


def test_too_many_requests_advises_only_when_told():
    assert "retry-after" not in dict(substitute(faults.TooManyRequests()).headers)
    assert dict(substitute(faults.TooManyRequests(3)).headers)["retry-after"] == "3"


def test_garbage_says_json_and_is_none():
    response = substitute(faults.Garbage())
    assert "json" in dict(response.headers)["content-type"]
    with pytest.raises(UnicodeDecodeError):
        json.loads(response.body)


def test_the_other_wrong_answers_are_what_their_names_say():
    assert "items" not in json.loads(substitute(faults.WrongJSON()).body)
    assert substitute(faults.EmptyBody()).body == b""
    assert "html" in dict(substitute(faults.WrongType()).headers)["content-type"]
    redirect = substitute(faults.Redirect("https://localhost/x"))
    assert (redirect.status, dict(redirect.headers)["location"]) == (302, "https://localhost/x")


def test_a_bomb_is_small_and_unpacks_to_what_it_says():
    body = substitute(faults.GzipBomb(4)).body
    assert len(body) < 100_000
    assert len(zlib.decompress(body, wbits=31)) == 4 << 20


@pytest.mark.parametrize("fault", [faults.Slow(1), faults.Drip(1), faults.Reset(), faults.Down()])
def test_faults_of_the_connection_have_no_answer(fault):
    assert substitute(fault) is None
