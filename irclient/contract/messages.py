"""What one HTTP exchange is to the emulated services: a request value in, a response value out."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias, cast
from urllib.parse import parse_qsl, unquote

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Handler",
    "Request",
    "Response",
    "json_answer",
    "json_of",
    "json_response",
    "json_text",
    "read_request",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A complete request.

    Attributes:
        method: The HTTP method, in upper case.
        target: The path and query as they were sent.
        segments: The path's segments. Each was percent-decoded on its own, so that an encoded
            slash stays inside its segment.
        query: The decoded query pairs, in their order.
        headers: The headers; names in lower case.
        body: The body.
    """

    method: str
    target: str
    segments: tuple[str, ...]
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A complete answer. The listener adds the length and the date."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


#: A text as JSON writes it, quoted.
json_text: Final[Callable[[str], str]] = json.encoder.encode_basestring

#: A service of the emulator. Most decide at once; the listener does the waiting of the others.
Handler: TypeAlias = Callable[[Request], Response | Awaitable[Response]]


def read_request(
    method: str, target: str, *, headers: Mapping[str, str], body: bytes = b""
) -> Request:
    """Take a request apart."""
    path, _, query = target.partition("?")
    return Request(
        method=method.upper(),
        target=target,
        segments=tuple(unquote(segment) for segment in path.split("/") if segment),
        query=tuple(parse_qsl(query, keep_blank_values=True)),
        headers=headers,
        body=body,
    )


def json_response(
    status: int, content: object, *, headers: Sequence[tuple[str, str]] = ()
) -> Response:
    """An answer with a JSON body."""
    return json_answer(status, json_of(content), headers=headers)


def json_of(content: object) -> str:
    """A value as JSON, as short as it can be."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False, default=_plain)


def json_answer(status: int, body: str, *, headers: Sequence[tuple[str, str]] = ()) -> Response:
    """An answer whose body is JSON already."""
    return Response(
        status=status,
        headers=(("content-type", "application/json; charset=utf-8"), *headers),
        # Half a surrogate pair, which JSON can say and UTF-8 cannot, becomes its JSON escape.
        body=body.encode("utf-8", "backslashreplace"),
    )


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, object]", value))
    raise TypeError(f"{type(value).__name__} has no JSON form")
