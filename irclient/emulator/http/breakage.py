"""Carrying a request's fault out: another answer, or bytes that break the connection's promise."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import sys
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from irclient.contract.error_words import ERROR_WORDS
from irclient.contract.messages import Response, json_response
from irclient.emulator.faults import (
    BlackHole,
    Drip,
    EmptyBody,
    Garbage,
    GzipBomb,
    NotHTTP,
    Redirect,
    Reset,
    Slow,
    Status,
    TooManyRequests,
    Truncated,
    WrongJSON,
    WrongType,
)

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter

    from irclient.emulator.faults import Fault

__all__ = ["reset", "send_broken", "substitute", "wait_for_end"]

_HTML: Final = b"<!DOCTYPE html><html><head><title>%s</title></head><body><h1>%s</h1></body></html>"
_JSON: Final = ("content-type", "application/json; charset=utf-8")
_HTML_TYPE: Final = ("content-type", "text/html; charset=utf-8")
#: RST instead of FIN: close at once and throw away what was not sent.
#: On and 0 s, in the form of the system's struct linger.
_NO_LINGER: Final = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


def substitute(fault: Fault) -> Response | None:
    """The whole answer that a fault puts in place of the service's, or None if it has none."""
    match fault:
        case Status(code=code, retry_after=seconds, body=body):
            return _refusal(code, body=body, retry_after=seconds)
        case TooManyRequests(retry_after=seconds):
            return _refusal(429, body="json", retry_after=seconds)
        case Redirect(location=location):
            return Response(status=302, headers=(("location", location),))
        case _:
            return _wrong_success(fault)


def _wrong_success(fault: Fault) -> Response | None:
    match fault:
        case Garbage():
            noise = random.Random(0).randbytes(512)
            return Response(status=200, headers=(_JSON,), body=b"{" + noise)
        case WrongJSON():
            return json_response(200, {"unexpected": ["not", "a", "list", "envelope"]})
        case EmptyBody():
            return Response(status=200, headers=(_JSON,))
        case WrongType():
            page = _HTML % (b"Sign in", b"Sign in")
            return Response(status=200, headers=(_HTML_TYPE,), body=page)
        case GzipBomb(mebibytes=size):
            headers = (_JSON, ("content-encoding", "gzip"))
            return Response(status=200, headers=headers, body=_bomb(size))
        case _:
            return None


def _refusal(code: int, *, body: str, retry_after: float | None) -> Response:
    name, message = ERROR_WORDS.get(code, (f"Status{code}", f"Status {code}"))
    advice = () if retry_after is None else (("retry-after", f"{retry_after:g}"),)
    if body == "json":
        content = {"error": {"code": name, "message": message}}
        return json_response(code, content, headers=advice)
    if body == "html":
        words = f"{code} {message}".encode()
        return Response(status=code, headers=(_HTML_TYPE, *advice), body=_HTML % (words, words))
    return Response(status=code, headers=advice)


@lru_cache(maxsize=2)
def _bomb(mebibytes: int) -> bytes:
    packer = zlib.compressobj(level=1, wbits=31)
    spaces = b" " * (1 << 20)
    return b"".join([*(packer.compress(spaces) for _ in range(mebibytes)), packer.flush()])


async def send_broken(
    fault: Fault, *, head: bytes, body: bytes, reader: StreamReader, writer: StreamWriter
) -> bool:
    """Send an answer in the fault's way. Returns whether the connection can go on."""
    match fault:
        case Slow(seconds=seconds):
            await asyncio.sleep(seconds)
            writer.write(head + body)
            return True
        case Drip(interval=interval, part=part):
            if part == "body":
                writer.write(head)
            return await _drip(head + body if part == "head" else body, writer, interval)
        case Truncated():
            # An empty body has no half to leave out: then the head itself is cut.
            writer.write(head + body[: len(body) // 2] if body else head[: len(head) // 2])
        case NotHTTP():
            writer.write(b"\x00\x01\xfe\xffSSH-2.0-this-is-not-http\r\n" * 4)
        case Reset():
            reset(writer)
        case BlackHole():
            await wait_for_end(reader)
        case _:
            writer.write(head + body)
            return True
    return False


async def _drip(content: bytes, writer: StreamWriter, interval: float) -> bool:
    for position in range(len(content)):
        if writer.is_closing():
            return False
        writer.write(content[position : position + 1])
        await asyncio.sleep(interval)
    return True


async def wait_for_end(reader: StreamReader) -> None:
    """Read and forget until the other side closes."""
    while await reader.read(65_536):
        pass


def reset(writer: StreamWriter) -> None:
    """Break the connection off with a TCP reset."""
    try:
        connection = writer.get_extra_info("socket")
    except AttributeError:
        # CPython 3.11: a TLS transport that was closed twice has forgotten its connection.
        connection = None
    # A descriptor of -1 is a connection that the caller has closed already.
    if connection is not None and connection.fileno() != -1:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    writer.transport.abort()
