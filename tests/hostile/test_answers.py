"""Honest and damaged answers through ours and through h11: where both accept, they agree.

llhttp and h11 have nothing in common but the RFC. Where one of them accepts what the other does
not, the reason is listed here.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from random import Random

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irclient._core.protocol import Failure, Trouble
from irclient._wire.responses import Response
from irclient.transports.answers import Answers
from tests.hostile.messages import message

SEED = int(os.environ.get("HOSTILE_SEED", "1"))
MESSAGES = int(os.environ.get("HOSTILE_MESSAGES", "40000"))
PARTS = 8

#: What we refuse and h11 takes.
STRICTER = {
    "Content-Length can't be present with Transfer-Encoding": "it may be two answers in one",
    "Transfer-Encoding can't be present with Content-Length": "it may be two answers in one",
    "Duplicate Content-Length": "h11 takes it where both are equal (RFC 9112, 6.3, allows both)",
    "Invalid character in Content-Length": "h11 takes a list of equal lengths",
    "Invalid header value char": "h11 takes control characters (RFC 9110, 5.5, allows both)",
    "Missing expected CR after": "h11 takes bare line feeds (RFC 9112, 2.2, allows both)",
    "Missing expected LF after": "h11 takes bare line feeds, and so what follows one",
    "Unexpected whitespace after header value": "h11 unfolds folded headers (RFC 9112, 5.2)",
    "Invalid header field char": "h11 takes the head to be over at a bare line feed",
    "Invalid header token": "h11 takes the head to be over at a bare line feed",
    "not an answer of HTTP/1.1": "h11 takes any version",
    "Invalid HTTP version": "h11 takes any version",
    "Invalid character in chunk": "h11 takes any extension of a chunk",
    "Data after `Connection: close`": "an interim answer of HTTP/1.0 says that it is the last",
    "Invalid response status": "h11 takes a bare line feed after the status",
}
#: What h11 refuses and we take.
LAXER = {
    "illegal status line": "the reason phrase is not looked at, nor the protocol's name behind an "
    "interim answer",
}


def ours(data: bytes, random: Random) -> Response | Failure | None:
    """What we make of it, in pieces of any size; None if it must not be used again."""
    answers, at = Answers(), 0
    answers.begin(is_kept=False)
    while at < len(data) and not answers.is_over:
        end = at + random.choice((1, 10, 100_000))
        answers.feed(data[at:end])
        at = end
    if not answers.is_over:
        answers.end()
    if answers.failure is not None:
        assert not answers.may_be_used_again
        return answers.failure
    response = answers.response(received_on=0.0, opened_connection=False)
    # The bytes that were not fed would be found by who takes the connection.
    response.opened_connection = answers.may_be_used_again and at >= len(data)
    return response


def theirs(data: bytes) -> Response | str:
    """What h11 makes of it, or its words."""
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=100 * 1024)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    connection.send(h11.EndOfMessage())
    status, body, headers = 0, b"", {}
    try:
        connection.receive_data(data)
        while True:
            match connection.next_event():
                case h11.NEED_DATA:
                    connection.receive_data(b"")
                case h11.Response(status_code=status, headers=pairs):
                    for raw_name, raw_value in pairs:
                        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
                        headers[name] = f"{headers[name]}, {value}" if name in headers else value
                case h11.Data(data=piece):
                    body += bytes(piece)
                case h11.EndOfMessage():
                    is_quiet = connection.their_state is h11.DONE
                    is_quiet = is_quiet and connection.trailing_data == (b"", False)
                    return Response(status, headers, body, 0.0, is_quiet)
                case h11.InformationalResponse():
                    pass
                case h11.ConnectionClosed() | h11.PAUSED as other:
                    return repr(other)
    except h11.RemoteProtocolError as problem:
        return str(problem)


def normal(headers) -> dict[str, str]:
    """Without the case of a coding and the doubles of a length, which h11 takes away."""
    return {name: value.lower() for name, value in headers.items()}


@pytest.mark.parametrize("part", range(PARTS))
def test_where_both_accept_they_agree_and_where_one_does_not_it_is_known_why(part) -> None:
    seen: Counter[str] = Counter()
    for number in range(part, MESSAGES, PARTS):
        random = Random(f"{SEED}-{number}")
        data = message(random)
        a, b = ours(data, random), theirs(data)
        try:
            seen[compared(a, b)] += 1
        except AssertionError as problem:
            problem.add_note(f"seed {SEED}, message {number}: {data!r}\n{a!r}\n{b!r}")
            raise
    share = {what: count / seen.total() for what, count in seen.items()}
    # A generator that damages all, or nothing, would prove nothing.
    assert share["both"] > 0.3
    assert share["neither"] > 0.2
    assert share["theirs"] > 0.02
    assert share.get("ours", 0) < 0.02


def compared(a: Response | Failure, b: Response | str) -> str:
    if isinstance(a, Response) and isinstance(b, Response):
        assert (a.status, a.body, normal(a.headers)) == (b.status, b.body, normal(b.headers))
        # That it may be used again is what matters: to close one too many harms nobody.
        assert not a.opened_connection or b.opened_connection
        return "both"
    if isinstance(a, Failure) and isinstance(b, str):
        assert a.trouble in {Trouble.BROKEN, Trouble.LOCAL}
        return "neither"
    if isinstance(a, Failure):
        assert any(words in a.reason for words in STRICTER)
        return "theirs"
    assert any(words in str(b) for words in LAXER)
    return "ours"


@settings(max_examples=500)
@given(
    pieces=st.lists(
        st.sampled_from(
            [
                b"HTTP/1.1 ",
                b"200",
                b"\r\n",
                b"\n",
                b"Content-Length: 1",
                b":",
                b"chunked",
                b"0",
                b"x",
            ]
        )
        | st.binary(max_size=20),
        min_size=1,
        max_size=20,
    )
)
def test_any_bytes_are_an_answer_or_a_failure_with_short_words(pieces) -> None:
    answers = Answers()
    answers.begin(is_kept=True)
    for piece in pieces:
        if piece and answers.feed(piece):
            break
    answers.end() if not answers.is_over else None
    assert answers.is_over
    if answers.failure is not None:
        assert len(answers.failure.reason) < 250
        assert answers.failure.reason.isprintable()


def test_a_hundred_thousand_heads_take_bounded_time() -> None:
    random = Random(SEED)
    data = [message(random) for _ in range(1_000)]
    began_at = time.thread_time()
    for number in range(100_000):
        answers = Answers()
        answers.feed(data[number % 1_000] or b"H")
    assert time.thread_time() - began_at < 20
