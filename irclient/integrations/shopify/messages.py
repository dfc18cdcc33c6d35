"""Requests and responses as the app proxy sees them, whatever framework carries them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Request", "Response"]

#: The most bytes of a webhook's body; a product with all its variants has about a tenth of it.
MOST_BODY: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What Shopify sent.

    Attributes:
        method: The HTTP method.
        path: The path, as it arrived; only its end is looked at.
        query: The query string as it arrived, still encoded. It is signed: never log it.
        headers: The headers; the case of their names does not matter.
        body: The body as it arrived.
    """

    method: str
    path: str
    query: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    body: bytes = field(default=b"", repr=False)

    @classmethod
    def from_environ(cls, environ: Mapping[str, Any], *, body: bytes | None = None) -> Self:
        """Read the request of a WSGI application: Flask's ``request.environ``, Django's ``META``.

        Args:
            environ: The WSGI environment.
            body: The body where the framework has read it already; it is read here when left out.
        """
        headers = {
            name[5:].replace("_", "-"): value
            for name, value in environ.items()
            if name.startswith("HTTP_") and isinstance(value, str)
        }
        return cls(
            method=environ.get("REQUEST_METHOD", "GET"),
            path=environ.get("PATH_INFO", ""),
            query=environ.get("QUERY_STRING", ""),
            headers=headers,
            body=_body_of(environ) if body is None else body,
        )


def _body_of(environ: Mapping[str, Any]) -> bytes:
    length = str(environ.get("CONTENT_LENGTH") or "0")
    if not (length.isascii() and length.isdecimal() and len(length) < 19):
        return b""
    # One byte more than may be read is enough to see that it is too much.
    body: bytes = environ["wsgi.input"].read(min(int(length), MOST_BODY + 1))
    return body


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What to answer.

    Attributes:
        status: The HTTP status.
        headers: The headers; ``Content-Length`` is left to the server.
        body: The body.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""

    @classmethod
    def of_json(cls, value: object, *, status: int = 200, cache_control: str = "no-store") -> Self:
        """A JSON body with the `Cache-Control` that it may be kept by."""
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Cache-Control": cache_control,
            "X-Content-Type-Options": "nosniff",
        }
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return cls(status=status, headers=headers, body=body.encode("utf-8", "replace"))

    @classmethod
    def of_text(cls, status: int, text: str, **headers: str) -> Self:
        """A short text for people."""
        every = {
            "Content-Type": "text/plain; charset=utf-8",
            "Cache-Control": "no-store",
            **headers,
        }
        return cls(status=status, headers=every, body=text.encode())
