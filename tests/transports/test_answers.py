"""Answers without I/O: what bytes mean, however they are cut, and what they say of a connection."""

from __future__ import annotations

import gzip
import time
import tracemalloc
import zlib

import pytest

from irclient._core.protocol import Trouble
from irclient.transports.answers import LARGEST_HEAD, Answers
from irclient.transports.content_encoding import LARGEST_BODY

OK = b"HTTP/1.1 200 OK\r\n"
LIST = b'{"items":[]}'
WITH_LENGTH = OK + b"Content-Length: 12\r\n\r\n" + LIST
CHUNKED = OK + b'Transfer-Encoding: chunked\r\n\r\n4\r\n{"it\r\n8;a=b\r\nems":[]}\r\n0\r\n\r\n'


def read(*pieces: bytes, is_kept: bool = False, ends: bool = False) -> Answers:
    """What is made of bytes that come in these pieces."""
    answers = Answers()
    answers.begin(is_kept=is_kept)
    for piece in pieces:
        if piece and answers.feed(piece):
            break
    if ends and not answers.is_over:
        answers.end()
    return answers


def response(answers: Answers):
    assert answers.is_over
    assert answers.failure is None, answers.failure
    return answers.response(received_on=0.0, opened_connection=False)


def whole(data: bytes, **more):
    """The answer in these bytes, which is the same in whatever pieces they come."""
    at_once = read(data, **more)
    for size in (1, 2, 7):
        pieces = [data[at : at + size] for at in range(0, len(data), size)]
        cut = read(*pieces, **more)
        assert response(cut) == response(at_once)
        assert cut.may_be_used_again == at_once.may_be_used_again
    return response(at_once), at_once.may_be_used_again


def failure(data: bytes, **more):
    """The failure that these bytes are, in whatever pieces they come."""
    at_once = read(data, **more)
    for size in (1, 2, 7):
        cut = read(*[data[at : at + size] for at in range(0, len(data), size)], **more)
        assert cut.is_over
        assert cut.failure is not None
        assert cut.failure.trouble is at_once.failure.trouble
    assert not at_once.may_be_used_again
    return at_once.failure


@pytest.mark.parametrize("data", [WITH_LENGTH, CHUNKED])
def test_an_answer_is_read_and_its_connection_may_be_used_again(data) -> None:
    answer, may_be_used_again = whole(data)
    assert (answer.status, answer.body) == (200, LIST)
    assert may_be_used_again


def test_headers_have_small_names_and_those_that_come_twice_are_one() -> None:
    headers = b"X-A:  1 \t\r\nx-a: 2\r\nX-B:\r\nX-C: \xe9\r\nContent-Length: 0\r\n\r\n"
    answer, _ = whole(OK + headers)
    assert answer.headers == {"x-a": "1, 2", "x-b": "", "x-c": "é", "content-length": "0"}


def test_what_comes_behind_the_last_chunk_is_no_header() -> None:
    data = CHUNKED[:-2] + b"Retry-After: 9\r\nContent-Encoding: gzip\r\n\r\n"
    answer, may_be_used_again = whole(data)
    assert answer.headers == {"transfer-encoding": "chunked"}
    assert may_be_used_again


@pytest.mark.parametrize(
    "trailers",
    [
        b"Content-Encoding: gzip\r\n",
        b"Retry-After: 9\r\nContent-Encoding: gzip\r\n",
        b"Retry-After: 9\r\nContent-Encoding: gzip\r\nX-Last: 1\r\n",
    ],
)
def test_what_comes_behind_the_last_chunk_is_no_header_of_the_next_answer(trailers) -> None:
    answers = read(CHUNKED[:-2] + trailers + b"\r\n")
    assert answers.may_be_used_again
    answers.begin(is_kept=True)
    answers.feed(WITH_LENGTH)
    assert response(answers).headers == {"content-length": "12"}
    assert response(answers).body == LIST


def test_short_trailers_without_end_are_given_up_early() -> None:
    many = b"a: b\r\n" * 10_000
    answers, fed = read(CHUNKED[:-2]), 0
    while not answers.is_over:
        fed += len(many)
        answers.feed(many)
    assert answers.failure.trouble is Trouble.TOO_LARGE
    assert fed <= 3 * LARGEST_HEAD


@pytest.mark.parametrize(
    "header", [b"Content-Length: 12", b"Transfer-Encoding: chunked", b"Content-Length: 99999999"]
)
def test_an_answer_to_head_ends_with_its_head(header) -> None:
    answers = Answers()
    answers.begin(is_kept=False, method=b"HEAD"[0])
    assert answers.feed(OK + header + b"\r\n\r\n")
    assert response(answers).body == b""
    assert not answers.may_be_used_again


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
@pytest.mark.parametrize("header", [b"", b"Content-Length: 12\r\n", b"Content-Encoding: br\r\n"])
def test_an_answer_that_cannot_have_a_body_has_none(status, header) -> None:
    answer, may_be_used_again = whole(b"HTTP/1.1 " + status + b"\r\n" + header + b"\r\n")
    assert answer.body == b""
    assert may_be_used_again


def test_interim_answers_are_passed_over() -> None:
    interim = b"HTTP/1.1 100 Continue\r\nX-A: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    answer, may_be_used_again = whole(interim + WITH_LENGTH)
    assert (answer.body, answer.headers) == (LIST, {"content-length": "12"})
    assert may_be_used_again


@pytest.mark.parametrize(
    "last",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: x, Close\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 12\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 12\r\n\r\n",
    ],
)
def test_a_connection_that_the_server_will_close_is_not_used_again(last) -> None:
    answer, may_be_used_again = whole(last + LIST)
    assert answer.body == LIST
    assert not may_be_used_again


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_a_body_without_a_length_ends_as_its_connection_does(version) -> None:
    data = b"HTTP/" + version + b" 200 OK\r\n\r\n" + LIST
    answer, may_be_used_again = whole(data, ends=True)
    assert answer.body == LIST
    assert not may_be_used_again
    lost = read(data)
    assert not lost.is_over
    lost.lose("reset")
    assert lost.failure.trouble is Trouble.BROKEN


@pytest.mark.parametrize(
    "surplus",
    [
        b"\r\n",
        b"\n",
        b"\r",
        b"\r\n\r\n",
        b"x",
        b"\x00",
        b"H",
        WITH_LENGTH,
        CHUNKED,
        b"HTTP/1.1 100 \r\n\r\n",
    ],
)
def test_more_bytes_than_the_answer_cost_the_connection_and_not_the_answer(surplus) -> None:
    without_body = b"HTTP/1.1 204 No Content\r\n\r\n"
    for data in (WITH_LENGTH, CHUNKED, OK + b"Content-Length: 0\r\n\r\n", without_body):
        for cut in range(min(len(data), 12)):
            # It comes with the last few bytes, or with more.
            answers = read(data[: len(data) - cut - 1], data[len(data) - cut - 1 :] + surplus)
            assert response(answers).body in {LIST, b""}
            assert not answers.may_be_used_again
            assert read(data[: len(data) - cut], data[len(data) - cut :]).may_be_used_again
    closing = OK + b"Connection: close\r\nContent-Length: 12\r\n\r\n" + LIST
    assert response(read(closing + surplus)).body == LIST


@pytest.mark.parametrize("callback", ["_check_head", "_refuse", "_end_of_message"])
@pytest.mark.parametrize("kind", [KeyboardInterrupt, MemoryError])
def test_what_strikes_while_the_parser_calls_back_is_not_taken_for_a_broken_answer(
    kind, callback, monkeypatch
) -> None:
    def strike(*_: object) -> None:
        raise kind

    too_long = OK + b"Content-Length: %d\r\n\r\n" % (LARGEST_BODY + 1)
    if callback == "_end_of_message":
        monkeypatch.setattr(Answers, "on_message_complete", strike)
    else:
        monkeypatch.setattr(Answers, callback, strike)
    with pytest.raises(kind):
        read(too_long if callback == "_refuse" else WITH_LENGTH)


def test_many_exchanges_over_one_connection_share_nothing() -> None:
    answers, number = Answers(), 0
    for number in range(50):
        answers.begin(is_kept=number > 0)
        listed = b'{"items":[{"id":"%d"}]}' % number
        encoded = gzip.compress(listed) if number % 2 else listed
        head = OK + b"Content-Length: %d\r\nX-%d: 1\r\n" % (len(encoded), number)
        head += b"Content-Encoding: gzip\r\n\r\n" if number % 2 else b"\r\n"
        data = head + encoded
        cut = number % len(data)
        assert not (cut and answers.feed(data[:cut]))
        assert answers.feed(data[cut:])
        answer = response(answers)
        assert answer.body == listed
        assert f"x-{number}" in answer.headers
        assert f"x-{number - 1}" not in answer.headers
        assert answers.may_be_used_again


END = b"0\r\n\r\n"
SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\n"
REFUSED = {
    "nothing of HTTP": b"\x16\x03\x01\x00\xff not HTTP at all \x00\r\n\r\n",
    "a line end before it": b"\r\n" + WITH_LENGTH,
    "another protocol": b"RTSP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/2": b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/0.9": b"HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n",
    "two digits": b"HTTP/1.1 99 OK\r\nContent-Length: 0\r\n\r\n",
    "a status of nought": b"HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n",
    "bare line feeds": b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    "a folded header": OK + b"X: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    "a space before the colon": OK + b"Content-Length : 0\r\n\r\n",
    "a zero in a header": OK + b"X: a\x00b\r\nContent-Length: 0\r\n\r\n",
    "two lengths": OK + b"Content-Length: 12\r\nContent-Length: 13\r\n\r\n" + LIST,
    "a length twice": OK + b"Content-Length: 12\r\nContent-Length: 12\r\n\r\n" + LIST,
    "a length with a sign": OK + b"Content-Length: +12\r\n\r\n" + LIST,
    "a length and chunks": OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + END,
    "chunks and a length": OK + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + END,
    "another coding": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a coding to the end": OK + b"Transfer-Encoding: gzip\r\n\r\n" + gzip.compress(LIST),
    "chunks twice": OK + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "a chunk's size": OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "a chunk's sign": OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
    "a chunk without its end": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n0\r\n\r\n",
    "another protocol from now on": SWITCHING + b"Upgrade: x\r\nConnection: upgrade\r\n\r\n" + END,
    "101 without a word": SWITCHING + b"\r\n" + WITH_LENGTH,
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_answer_of_http_1_is_broken(what) -> None:
    found = failure(REFUSED[what], is_kept=True)
    assert found.trouble is Trouble.BROKEN
    assert len(found.reason) < 250
    assert found.reason.isprintable()


CUT = [data[:at] for data in (WITH_LENGTH, CHUNKED) for at in range(1, len(data))]


@pytest.mark.parametrize("is_kept", [False, True])
def test_an_end_before_the_answers_end_is_broken_once_a_byte_has_come(is_kept) -> None:
    for data in CUT:
        answers = read(data, is_kept=is_kept, ends=True)
        assert answers.failure.trouble is Trouble.BROKEN
        answers = read(data, is_kept=is_kept)
        answers.lose("reset")
        assert answers.failure.reason == "broken: reset"


def test_only_a_kept_connection_that_ends_unanswered_is_stale() -> None:
    for is_kept, trouble in ((True, Trouble.STALE_CONNECTION), (False, Trouble.BROKEN)):
        assert read(b"", is_kept=is_kept, ends=True).failure.trouble is trouble


def test_the_first_failure_is_the_one_that_is_told() -> None:
    answers = read(REFUSED["two digits"])
    answers.end()
    assert "Invalid" in answers.failure.reason


LONG = b"x" * 1_000
TOO_LARGE = {
    "one header": [OK, b"X-Much: ", *[LONG] * 200],
    "many headers": [OK, *[b"X-Some: " + LONG + b"\r\n"] * 200],
    "a first line": [b"HTTP/1.1 200 ", *[LONG] * 200],
    "interim answers": [b"HTTP/1.1 100 Continue\r\n\r\n"] * 10_000,
    "a whole head at once": [OK + b"X-Much: " + LONG * 200 + b"\r\nContent-Length: 0\r\n\r\n"],
    "a length": [OK + b"Content-Length: %d\r\n\r\n" % (LARGEST_BODY + 1)],
    "a body without a length": [OK + b"\r\n", *[LONG * 100] * 200],
    "a chunk": [OK + b"Transfer-Encoding: chunked\r\n\r\nfffffff\r\n", *[LONG * 100] * 200],
    "small chunks": [OK + b"Transfer-Encoding: chunked\r\n\r\n", *[b"1\r\nx\r\n" * 10_000] * 400],
    "a chunk's extension": [OK + b"Transfer-Encoding: chunked\r\n\r\n1;", *[LONG * 100] * 200],
    "trailers": [CHUNKED[:-2], *[b"X-Some: " + LONG * 20 + b"\r\n"] * 2_000],
    "gzip of much": [
        OK + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % 200_000,
        gzip.compress(bytes(64 << 20), 9)[:60_000],
    ],
}


@pytest.mark.parametrize("what", TOO_LARGE)
def test_what_is_larger_than_any_list_is_given_up_in_bounded_memory(what) -> None:
    pieces = TOO_LARGE[what]
    tracemalloc.start()
    try:
        found = read(*pieces).failure
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found is not None
    assert found.trouble is Trouble.TOO_LARGE
    assert peak < 2.5 * LARGEST_BODY


def test_the_largest_body_and_head_are_read() -> None:
    body = b"x" * LARGEST_BODY
    head = OK + b"Content-Length: %d\r\nX: " % len(body)
    head += b"y" * (LARGEST_HEAD - len(head) - 4) + b"\r\n\r\n"
    assert len(head) == LARGEST_HEAD
    data = head + body
    pieces = [data[at : at + 65_536] for at in range(0, len(data), 65_536)]
    assert response(read(*pieces)).body == body


ENCODED = {
    "gzip": gzip.compress(LIST),
    "x-gzip": gzip.compress(LIST),
    "deflate": zlib.compress(LIST),
    "identity": LIST,
    "GZIP ": gzip.compress(LIST),
}


@pytest.mark.parametrize("encoding", ENCODED)
def test_an_encoded_body_is_decoded(encoding) -> None:
    data, header = ENCODED[encoding], f"Content-Encoding: {encoding}\r\n".encode()
    with_length = OK + header + b"Content-Length: %d\r\n\r\n" % len(data) + data
    assert whole(with_length)[0].body == LIST
    chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data)
    assert whole(OK + header + b"Transfer-Encoding: chunked\r\n\r\n" + chunk)[0].body == LIST
    assert whole(OK + header + b"\r\n" + data, ends=True)[0].body == LIST


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("rot13", LIST),
        ("gzip", b"no gzip at all"),
        ("gzip", gzip.compress(LIST)[:-4]),
        ("deflate", b"\xff" * 20),
    ],
)
def test_a_body_that_cannot_be_decoded_is_our_own_trouble(encoding, data) -> None:
    head = f"Content-Encoding: {encoding}\r\nContent-Length: {len(data)}\r\n\r\n".encode()
    assert failure(OK + head + data).trouble is Trouble.LOCAL


def test_an_encoded_answer_without_a_body_is_empty() -> None:
    assert whole(OK + b"Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n")[0].body == b""


def test_a_megabyte_in_small_pieces_takes_little_time() -> None:
    body = b"x" * (1 << 20)
    data = OK + b"Content-Length: %d\r\n\r\n" % len(body) + body
    began_at = time.thread_time()
    assert response(read(*[data[at : at + 100] for at in range(0, len(data), 100)])).body == body
    assert time.thread_time() - began_at < 0.5
