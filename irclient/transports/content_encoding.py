"""A body as it arrives: decoded piece by piece, within one bound before and after decoding.

What is asked for in `Accept-Encoding` is what can be decoded here: gzip and deflate always, brotli
and Zstandard where a library is installed that can be told when to stop.
"""

from __future__ import annotations

import zlib
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Protocol

from irclient.transports.failures import BodyTooLarge, UndecodableBody

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["LARGEST_BODY", "Body", "accepted_encodings"]

#: Bytes; a list of a hundred thousand items stays below it.
LARGEST_BODY: Final = 16 * 1024 * 1024
#: Members of one gzip body: each costs a little, and a body can hold a million empty ones.
_MOST_MEMBERS: Final = 1_000
#: Zstandard frames that need more than 8 MiB are not for HTTP (RFC 9659, section 3).
_LARGEST_ZSTD_WINDOW_LOG: Final = 23


class _Decoder(Protocol):
    """Takes a body's encoding off."""

    def decode(self, data: bytes, room: int) -> bytes:
        """Decode the next piece, into a limited number of bytes."""
        ...

    @property
    def is_whole(self) -> bool:
        """Whether the encoded body has come to its end."""
        ...


class Body:
    """Collects a body, and stops where it is larger than any list could be.

    Args:
        content_encoding: The header, or None.

    Raises:
        UndecodableBody: The encoding was not asked for.
    """

    def __init__(self, content_encoding: str | None) -> None:
        self._decoder = _decoder_of(content_encoding)
        self._parts: list[bytes] = []
        self._size = self._encoded_size = 0

    def take(self, data: bytes) -> None:
        """Take the next piece.

        Raises:
            BodyTooLarge: That is too much, before or after decoding.
            UndecodableBody: It is not what its encoding says.
        """
        if self._decoder is not None and data:
            self._encoded_size += len(data)
            _check(self._encoded_size)
            # One byte more than may be is enough to know that it is too much.
            data = self._decoder.decode(data, LARGEST_BODY + 1 - self._size)
        self._size += len(data)
        _check(self._size)
        self._parts.append(data)

    def whole(self) -> bytes:
        """The decoded body.

        Raises:
            UndecodableBody: The encoded body has not come to its end.
        """
        if self._decoder is not None and self._encoded_size and not self._decoder.is_whole:
            raise UndecodableBody("the compressed body is truncated")
        parts = self._parts
        return parts[0] if len(parts) == 1 else b"".join(parts)


def _check(size: int) -> None:
    if size > LARGEST_BODY:
        raise BodyTooLarge(f"more than {LARGEST_BODY:,} bytes")


def accepted_encodings() -> str:
    """What the header ``Accept-Encoding`` says: what can be decoded within the bound."""
    return ", ".join(["gzip", "deflate", *_optional_decoders()])


def _decoder_of(content_encoding: str | None) -> _Decoder | None:
    name = "" if content_encoding is None else content_encoding.strip().lower()
    match name:
        case "" | "identity":
            return None
        case "gzip" | "x-gzip":  # the same (RFC 9110, section 8.4.1.3)
            return _Members(_gzip_member, b"\x1f\x8b", zlib.error)
        case "deflate":
            return _Deflate()
        case _:
            make = _optional_decoders().get(name)
            if make is None:
                raise UndecodableBody(f"Content-Encoding {name[:40]!r} was not asked for")
            return make()


class _Inflate(Protocol):
    """What zlib's and Zstandard's decompressors have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Members:
    """One member or several, one behind the other; what follows the last one is padding.

    Gzip calls them members (RFC 1952, section 2.2), Zstandard frames (RFC 8878, section 3.1).
    """

    def __init__(self, make: Callable[[], _Inflate], magic: bytes, error: type[Exception]) -> None:
        self._make = make
        self._magic = magic
        self._error = error
        self._member = make()
        self._members = 1
        self._behind = b""
        self._is_padding = False

    @property
    def is_whole(self) -> bool:
        return self._member.eof

    def decode(self, data: bytes, room: int) -> bytes:
        pieces: list[bytes] = []
        while data and room > 0 and not self._is_padding:
            if self._member.eof:
                data, self._behind = self._behind + data, b""
                if not self._begins_another(data):
                    break
            try:
                piece = self._member.decompress(data, room)
            except self._error as problem:
                raise UndecodableBody(str(problem)) from None
            pieces.append(piece)
            room -= len(piece)
            data = self._member.unused_data
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _begins_another(self, data: bytes) -> bool:
        if not data.startswith(self._magic):
            # Too little to tell, or not looked at any more: zlib would copy all that it has kept
            # of what follows with each piece.
            self._is_padding = not self._magic.startswith(data)
            self._behind = b"" if self._is_padding else data
            return False
        self._members += 1
        if self._members > _MOST_MEMBERS:
            raise UndecodableBody(f"more than {_MOST_MEMBERS:,} compressed members")
        self._member = self._make()
        return True


def _gzip_member() -> _Inflate:
    return zlib.decompressobj(16 + zlib.MAX_WBITS)


class _Deflate:
    """zlib's format, as the standard says, or raw, as some servers send it (RFC 9110, 8.4.1.2)."""

    def __init__(self) -> None:
        self._inflate: _Inflate | None = None
        self._head = b""

    @property
    def is_whole(self) -> bool:
        return self._inflate is not None and self._inflate.eof

    def decode(self, data: bytes, room: int) -> bytes:
        if self._inflate is None:
            self._head += data
            if len(self._head) < 2:
                return b""
            data = self._head
            # The two bytes that zlib's format begins with (RFC 1950, section 2.2).
            is_zlib = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
            self._inflate = zlib.decompressobj(zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS)
        if self._inflate.eof:
            return b""
        try:
            return self._inflate.decompress(data, room)
        except zlib.error as problem:
            raise UndecodableBody(str(problem)) from None


class _Brotli:
    def __init__(self, library: Any) -> None:  # noqa: ANN401  (it has no types)
        self._decompressor = library.Decompressor()
        self._error: type[Exception] = library.error

    @property
    def is_whole(self) -> bool:
        return bool(self._decompressor.is_finished())

    def decode(self, data: bytes, room: int) -> bytes:
        pieces: list[bytes] = []
        process = self._decompressor.process
        try:
            while room > 0 and not self.is_whole:
                pieces.append(process(data, output_buffer_limit=room))
                room -= len(pieces[-1])
                data = b""
                if self._decompressor.can_accept_more_data():
                    break
        except self._error as problem:
            raise UndecodableBody(str(problem)) from None
        return b"".join(pieces)


@cache
def _optional_decoders() -> Mapping[str, Callable[[], _Decoder]]:
    """The decoders of installed libraries, by the name of their encoding."""
    found: dict[str, Callable[[], _Decoder]] = {}
    brotli = _first_of("brotli", "brotlicffi")
    # Older ones decode all of what they are given, which may be a thousand times as much.
    if brotli is not None and hasattr(brotli.Decompressor, "can_accept_more_data"):
        found["br"] = lambda: _Brotli(brotli)
    zstd = _first_of("compression.zstd", "backports.zstd")
    if zstd is not None:
        options = {zstd.DecompressionParameter.window_log_max: _LARGEST_ZSTD_WINDOW_LOG}
        member = partial(zstd.ZstdDecompressor, options=options)
        found["zstd"] = lambda: _Members(member, b"\x28\xb5\x2f\xfd", zstd.ZstdError)
    return found


def _first_of(*names: str) -> Any:  # noqa: ANN401  (modules of libraries without types)
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            continue
    return None
