"""Messages of HTTP/1.1, honest and damaged, for parsers of answers.

All chance comes from the `random.Random` that is passed in, so a seed gives the same messages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

__all__ = ["message"]

_LINES = (
    b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK", b"HTTP/1.1 200", b"HTTP/1.1 200 ",
    b"HTTP/1.0 200 OK", b"HTTP/1.1 204 No Content", b"HTTP/1.1 304 Not Modified",
    b"HTTP/1.1 429 Too Many Requests", b"HTTP/1.1 503 Service Unavailable", b"HTTP/1.1 404 \xe9",
    b"HTTP/1.1 100 Continue", b"HTTP/1.1 103 Early Hints", b"HTTP/1.1 101 Switching Protocols",
)  # fmt: skip
_DAMAGED_LINES = (
    b"HTTP/1.2 200 OK", b"HTTP/2.0 200 OK", b"HTTP/0.9 200 OK", b"http/1.1 200 OK",
    b"HTTP/1.1  200 OK", b"HTTP/1.1 20 OK", b"HTTP/1.1 2000 OK", b"HTTP/1.1 600 OK",
    b"HTTP/1.1 000 OK", b"HTTP/1.1\t200 OK", b"ICY 200 OK", b"RTSP/1.0 200 OK",
    b"HTTP/1.1 200 a\x00b", b"HTTP/11 200 OK", b"HTTP/1.1200 OK", b"",
)  # fmt: skip
_HEADERS = (
    b"Content-Type: application/json", b"Server: x", b"Date: Fri, 27 Nov 2026 03:29:28 GMT",
    b"X-Empty:", b"X-Spaces:   a b  ", b"x-lower: 1", b"X-High: \xe9", b"Retry-After: 9",
    b"Connection: keep-alive", b"Connection: close", b"Vary: a", b"Vary: b",
)  # fmt: skip
_DAMAGED_HEADERS = (
    b"Content-Length: 5", b"Content-Length: 5, 5", b"Content-Length: -1", b"Content-Length: 0x5",
    b"Content-Length: +5", b"Content-Length:", b"Content-Length: 5 5",
    b"Content-Length: 99999999999999999999999", b"Content-Length : 5",
    b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip",
    b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: chunked, gzip",
    b"Transfer-Encoding: xchunked", b"Transfer-Encoding:\x0bchunked",
    b"Transfer-Encoding: identity", b" folded: 1", b"\tfolded", b"no colon", b": no name",
    b"X bad: 1", b"X-\x00: 1", b"X: a\x00b", b"X: a\rb", b"X: \x7f", b"X: \x01", b"X\xe9: 1",
    b"(x): 1", b"Connection: upgrade", b"Upgrade: h2c",
)  # fmt: skip
_ENDS = (b"\r\n", b"\r\n", b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"\r\r\n", b"")
_BODIES = (
    b"",
    b"{}",
    b'{"items":[{"id":"1"}]}',
    b"x" * 300,
    b"\r\n\r\n",
    b"0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n",
)


def message(random: Random) -> bytes:
    """Interim answers, an answer, and now and then something behind it; damaged or not."""
    is_damaged = random.random() < 0.6
    parts = [_interim(random)] if random.random() < 0.1 else []
    parts.append(_answer(random, is_damaged=is_damaged))
    if random.random() < 0.1:
        parts.append(random.choice((b"\r\n", b"x", b"H", b"\x00", parts[-1])))
    data = b"".join(parts)
    if is_damaged and random.random() < 0.4:
        data = _flipped(data, random)
    return data


def _interim(random: Random) -> bytes:
    return random.choice(_LINES[-3:]) + b"\r\n" + random.choice((b"", b"Link: x\r\n")) + b"\r\n"


def _answer(random: Random, *, is_damaged: bool) -> bytes:
    line = random.choice(_DAMAGED_LINES if is_damaged and random.random() < 0.2 else _LINES[:-3])
    headers = random.sample(_HEADERS, random.randrange(4))
    body = random.choice(_BODIES)
    match random.randrange(4):
        case 0:
            pass
        case 1 | 2:
            headers.insert(random.randrange(len(headers) + 1), b"Content-Length: %d" % len(body))
        case _:
            headers.append(
                random.choice((b"Transfer-Encoding: chunked", b"transfer-encoding:Chunked"))
            )
            body = _chunked(body, random, is_damaged=is_damaged)
    for _ in range(random.choice((0, 1, 2)) if is_damaged else 0):
        headers.insert(random.randrange(len(headers) + 1), random.choice(_DAMAGED_HEADERS))
    end = random.choice(_ENDS) if is_damaged and random.random() < 0.2 else b"\r\n"
    return line + b"\r\n" + b"".join(each + end for each in headers) + b"\r\n" + body


def _chunked(body: bytes, random: Random, *, is_damaged: bool) -> bytes:
    size, pieces = random.choice((1, 5, 1000)), []
    for at in range(0, len(body), size):
        piece = body[at : at + size]
        shown = random.choice((b"%x", b"%X", b"0%x")) % len(piece)
        if is_damaged and random.random() < 0.1:
            shown = random.choice(
                (b"", b"g", b"-1", b"0x1", b" 1", b"1 ", b"f" * 17, b"1;", b"1;\x00")
            )
        extension = random.choice((b"", b"", b"", b";a=b", b';a="b;c"', b";a"))
        pieces.append(shown + extension + b"\r\n" + piece + b"\r\n")
    trailers = random.choice((b"", b"", b"", b"X-Trailer: 1\r\n", b"Content-Length: 3\r\n"))
    return b"".join(pieces) + b"0\r\n" + trailers + b"\r\n"


def _flipped(data: bytes, random: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 2))):
        at = random.randrange(len(changed))
        match random.randrange(3):
            case 0:
                changed[at] ^= 1 << random.randrange(8)
            case 1:
                del changed[at]
            case _:
                changed.insert(at, random.choice(b"\r\n\t \x00:;0a\xff"))
        if not changed:
            return b"H"
    return bytes(changed)
