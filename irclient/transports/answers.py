"""One HTTP/1.1 exchange without I/O: the bytes that come over a connection, read into an answer.

llhttp (by way of httptools) reads the syntax, and strictly: it refuses line ends without a
carriage return, folded headers, and lengths that contradict each other. What is decided here is
which message is the answer, where it ends, how large it may be, and whether its connection may be
used again.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from irclient._core.protocol import Trouble
from irclient._wire.responses import Response
from irclient.transports.content_encoding import LARGEST_BODY, Body
from irclient.transports.failures import BodyTooLarge, UndecodableBody, failed

if TYPE_CHECKING:
    from irclient._core.protocol import Failure

__all__ = ["LARGEST_HEAD", "Answers"]

#: Bytes before the body, interim answers included.
LARGEST_HEAD: Final = 100 * 1024
#: llhttp reads RTSP and ICE as well, and skips line ends before the first line.
_FIRST_BYTE: Final = ord("H")
_USUAL_VERSION: Final = b"HTTP/1.1 "
_VERSIONS: Final = frozenset({"1.1", "1.0"})
_FIRST_OF_HEAD: Final = ord("H")
#: Statuses whose answers have no body, whatever their headers say (RFC 9112, section 6.3).
_BODILESS: Final = frozenset({204, 304})


class Answers:
    """Reads the answers that come over one connection, one exchange after the other.

    Attributes:
        is_over: Whether the exchange is: its answer is complete, or can no longer become so.
        failure: Why there is no answer, once it is over; else there is a `response`.
        may_be_used_again: Whether another exchange may follow over the same connection.
        sent_at: When the request had been written, by the monotonic clock; its carrier says so.
    """

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        #: Called by the parser with each piece of a body, which it looked up as it was made.
        self.on_body = self._parts.append
        self._parser = HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._is_chunked = False
        self.begin(is_kept=False)

    def begin(self, *, is_kept: bool, method: int = 0) -> None:
        """Begin an exchange: what comes from now on is the answer to one request.

        Args:
            is_kept: Whether the connection was used before.
            method: The first letter of the request's method.
        """
        if self._is_chunked:
            # The parser keeps the last field behind the chunks, and would give it to this answer.
            self._parser, self._is_chunked = HttpResponseParser(self), False
        self._is_kept = is_kept
        self._is_to_head = method == _FIRST_OF_HEAD
        self.sent_at = 0.0
        self.is_over = self.may_be_used_again = False
        self.failure: Failure | None = None
        self._received = self._status = self._behind = 0
        self._is_interim = self._ends_with_connection = False
        self._body: Body | None = None
        self._whole = self._last_bytes = b""
        self._version: str | None = None

    def feed(self, data: bytes) -> bool:
        """Read what was received; True once the exchange is over."""
        if not self._received:
            if data[0] != _FIRST_BYTE:
                return self._fail(Trouble.BROKEN, "what came is not HTTP/1.1")
            # The parser would put it together anew, number by number.
            self._version = "1.1" if data.startswith(_USUAL_VERSION) else None
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            return self._fail(Trouble.BROKEN, "the server changed to another protocol")
        except HttpParserError as problem:
            self._stop(problem)
        if self.may_be_used_again and self._has_line_ends_behind(data):
            self.may_be_used_again = False
        if self._parts:
            self._take_parts()
        if self.failure is not None:
            return True
        if self.is_over:
            return self._complete()
        self._last_bytes = (self._last_bytes + data[-6:])[-6:]
        return self._is_too_large()

    def end(self) -> None:
        """Learn that the other side has ended the connection in good order."""
        if self._ends_with_connection and not self.is_over:
            self._complete()
        else:
            self.lose("the connection was closed before the answer was complete")

    def lose(self, reason: str) -> None:
        """Learn that the connection broke."""
        # Only a request that was not answered at all may be sent again (RFC 9112, section 9.3.1).
        is_stale = self._is_kept and not self._received
        self._fail(Trouble.STALE_CONNECTION if is_stale else Trouble.BROKEN, reason)

    def response(self, *, received_on: float, opened_connection: bool) -> Response:
        """Return the answer of an exchange that is over without a failure.

        Args:
            received_on: The time, as seconds since the epoch.
            opened_connection: Whether the exchange had to open a connection first.
        """
        return Response(
            self._status,
            self._answered,
            self._whole,
            received_on,
            opened_connection,
            self.sent_at,
        )

    def on_message_begin(self) -> None:
        """Begin another message: what follows a complete answer belongs to no request."""
        if self.is_over:
            self.may_be_used_again = False
            raise _Refused

    def on_header(self, raw_name: bytes, raw_value: bytes) -> None:
        """Note a header; several of one name are one, with commas (RFC 9110, section 5.3)."""
        if self._status:
            # Fields behind a body are no part of the answer (RFC 9110, section 6.5.1).
            self._behind += len(raw_name) + len(raw_value) + 4
            if self._behind > LARGEST_HEAD:
                self._refuse(Trouble.TOO_LARGE, f"more than {LARGEST_HEAD:,} bytes of trailers")
            return
        name, value = _in_lower_case(raw_name), raw_value.decode("latin-1").strip(" \t")
        headers = self._headers
        if name in headers:
            # Cookies alone cannot be joined by commas, which their dates hold.
            value = ("\n" if name == "set-cookie" else ", ").join((headers[name], value))
        headers[name] = value

    def on_headers_complete(self) -> None:
        """Know what kind of message this is."""
        status, headers = self._parser.get_status_code(), self._headers
        self._headers = {}
        if 100 <= status < 200:
            # Any number of interim answers may come before the answer (RFC 9110, section 15.2).
            self._is_interim, self._version = True, None
            return
        self._status, self._answered = status, headers
        self._check_head(status, headers)
        if status in _BODILESS:
            return
        if self._is_to_head:
            # The parser would wait for the body that these headers tell of, and that never comes
            # (RFC 9110, section 9.3.2).
            self.is_over = True
            raise _Refused
        length = headers.get("content-length")
        # Without a length the body ends as the connection does (RFC 9112, section 6.3).
        self._ends_with_connection = length is None and not self._is_chunked
        if length is not None and int(length) > LARGEST_BODY:
            self._refuse(Trouble.TOO_LARGE, f"Content-Length is {length[:30]}")
        encoding = headers.get("content-encoding")
        if encoding is not None:
            try:
                self._body = Body(encoding)
            except UndecodableBody as problem:
                self._refuse(Trouble.LOCAL, str(problem))

    def _check_head(self, status: int, headers: dict[str, str]) -> None:
        if self._version is None:
            self._version = self._parser.get_http_version()
        if status < 200 or self._version not in _VERSIONS:
            self._refuse(Trouble.BROKEN, "what came is not an answer of HTTP/1.1")
        coding = headers.get("transfer-encoding")
        self._is_chunked = coding is not None
        if coding is not None and coding.lower() != "chunked":
            # Others may not be sent without being asked for (RFC 9112, section 7.4).
            self._refuse(Trouble.BROKEN, f"Transfer-Encoding {coding[:40]!r} was not asked for")
        # Nearly always the head came with so little else that it need not be measured.
        if self._received > LARGEST_HEAD:
            size = sum(len(name) + len(value) + 4 for name, value in headers.items())
            if size > LARGEST_HEAD:
                self._refuse(Trouble.TOO_LARGE, f"more than {LARGEST_HEAD:,} bytes of headers")

    def on_message_complete(self) -> None:
        """End the answer; an interim one is not what was waited for."""
        if self._is_interim:
            self._is_interim = False
            return
        self.is_over = True
        # What HTTP/1.0 says of the length of a body and of a connection kept, the software between
        # here and there often got wrong (RFC 9112, sections 6.1 and C.2.2).
        self.may_be_used_again = self._version == "1.1" and self._parser.should_keep_alive()

    def _has_line_ends_behind(self, data: bytes) -> bool:
        # The parser skips them, but they are more than was asked for.
        if self._parts and not self._is_chunked:
            part = self._parts[-1]
            # A body of nothing but line ends looks the same.
            return part[0] in b"\r\n" or not data.endswith(part)
        last = (self._last_bytes + data[-6:])[-6:]
        return not last.endswith(b"\r\n\r\n") or last == b"\r\n\r\n\r\n"

    def _take_parts(self) -> None:
        parts = self._parts
        if self.is_over and self._body is None and len(parts) == 1:
            self._whole = parts.pop()
            return
        if self._body is None:
            self._body = Body(None)
        try:
            self._body.take(b"".join(parts))
        except BodyTooLarge as problem:
            self._fail(Trouble.TOO_LARGE, str(problem))
        except UndecodableBody as problem:
            self._fail(Trouble.LOCAL, str(problem))
        finally:
            parts.clear()

    def _complete(self) -> bool:
        self.is_over = True
        if self._body is not None:
            try:
                self._whole = self._body.whole()
            except UndecodableBody as problem:
                self._fail(Trouble.LOCAL, str(problem))
        return True

    def _is_too_large(self) -> bool:
        if not self._status and self._received > LARGEST_HEAD:
            return self._fail(Trouble.TOO_LARGE, f"more than {LARGEST_HEAD:,} bytes of headers")
        if self._received > LARGEST_HEAD + LARGEST_BODY:
            return self._fail(Trouble.TOO_LARGE, f"more than {LARGEST_BODY:,} bytes")
        return False

    def _fail(self, trouble: Trouble, reason: str) -> bool:
        # The first failure is the cause of those that follow from it.
        self.failure = self.failure or failed(trouble, reason)
        self.is_over, self.may_be_used_again = True, False
        return True

    def _stop(self, problem: HttpParserError) -> None:
        if not isinstance(problem.__context__, _Refused | None):
            # Not of the parser's own: Ctrl-C, for one, that struck as it called back.
            raise problem.__context__ from None
        if not self.is_over:
            self._fail(Trouble.BROKEN, f"what came is not HTTP/1.1: {problem}")
        self.may_be_used_again = False

    def _refuse(self, trouble: Trouble, reason: str) -> None:
        self._fail(trouble, reason)
        raise _Refused


class _Refused(Exception):  # noqa: N818  (it ends the parsing, and is never seen outside)
    """Stop parsing: why is known."""


@lru_cache(maxsize=512)
def _in_lower_case(name: bytes) -> str:
    return name.decode("latin-1").lower()
