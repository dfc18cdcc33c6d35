"""Encoded bodies: every form that is asked for, in any pieces, and never more than a list."""

from __future__ import annotations

import gzip
import os
import time
import tracemalloc
import zlib

import pytest

from irclient.transports import content_encoding
from irclient.transports.content_encoding import LARGEST_BODY, Body, accepted_encodings
from irclient.transports.failures import BodyTooLarge, UndecodableBody

LIST = b'{"items":[' + b",".join(b'{"id":"%d"}' % n for n in range(500)) + b"]}"


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def brotli(data: bytes) -> bytes:
    return pytest.importorskip("brotli").compress(data)


def zstd(data: bytes) -> bytes:
    return pytest.importorskip("backports.zstd").compress(data)


FORMS = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("X-GZIP", gzip.compress),
    "gzip of several members": (
        "gzip",
        lambda data: b"".join(gzip.compress(data[at : at + 99]) for at in range(0, len(data), 99)),
    ),
    "gzip and padding": ("gzip", lambda data: gzip.compress(data) + bytes(100)),
    "zlib's deflate": ("deflate", zlib.compress),
    "zlib's deflate, not compressed": ("deflate", lambda data: zlib.compress(data, 0)),
    "raw deflate": ("deflate", raw_deflate),
    "brotli": ("br", brotli),
    "zstd": ("zstd", zstd),
    "zstd of two frames": ("zstd", lambda data: zstd(data[:99]) + zstd(data[99:])),
    "identity": ("identity", bytes),
    "nothing": (None, bytes),
}


def decoded(encoding: str | None, data: bytes, size: int) -> bytes:
    body = Body(encoding)
    for at in range(0, len(data), size):
        body.take(data[at : at + size])
    return body.whole()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", [1, 2, 13, 1 << 20])
def test_every_form_is_decoded_in_pieces_of_any_size(form, size) -> None:
    encoding, encode = FORMS[form]
    for data in (LIST, b"", b"x"):
        assert decoded(encoding, encode(data), size) == data


@pytest.mark.parametrize("form", FORMS)
def test_what_is_cut_short_is_not_trusted(form) -> None:
    encoding, encode = FORMS[form]
    whole = encode(LIST).rstrip(b"\0")
    if encoding in {None, "identity"}:
        return
    for missing in (1, 4, len(whole) // 2):
        with pytest.raises(UndecodableBody, match="truncated"):
            decoded(encoding, whole[:-missing], 1 << 20)


@pytest.mark.parametrize("form", FORMS)
def test_a_bomb_costs_no_more_than_the_largest_body(form) -> None:
    encoding, encode = FORMS[form]
    bomb = encode(bytes(4 * LARGEST_BODY)) if "several" not in form else b""
    bomb = bomb or b"".join(gzip.compress(bytes(LARGEST_BODY // 3)) for _ in range(8))
    tracemalloc.start()
    try:
        with pytest.raises(BodyTooLarge):
            decoded(encoding, bomb, 65_536)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * LARGEST_BODY


def test_the_largest_body_is_read() -> None:
    for encoding, encode in (FORMS[form] for form in ("gzip", "raw deflate", "brotli", "zstd")):
        assert len(decoded(encoding, encode(bytes(LARGEST_BODY)), 65_536)) == LARGEST_BODY
    body = Body(None)
    body.take(bytes(LARGEST_BODY))
    with pytest.raises(BodyTooLarge):
        body.take(b"x")


def test_what_cannot_be_compressed_is_bounded_too() -> None:
    noise = os.urandom(LARGEST_BODY)
    with pytest.raises(BodyTooLarge):
        decoded("gzip", gzip.compress(noise, 1), 65_536)


def test_a_million_empty_members_are_too_many() -> None:
    with pytest.raises(UndecodableBody, match="1,000 compressed members"):
        decoded("gzip", gzip.compress(b"") * 2_000, 65_536)


def test_what_follows_a_complete_body_costs_next_to_nothing() -> None:
    for form in ("gzip", "raw deflate", "zlib's deflate", "brotli"):
        encoding, encode = FORMS[form]
        body = Body(encoding)
        body.take(encode(LIST))
        began_at = time.thread_time()
        for _ in range(8_000):
            body.take(b"x" * 1024)
        assert time.thread_time() - began_at < 1.0
        assert body.whole() == LIST


@pytest.mark.parametrize("encoding", ["compress", "gzip, gzip", "é"])
def test_what_was_not_asked_for_is_refused(encoding) -> None:
    with pytest.raises(UndecodableBody, match="not asked for"):
        Body(encoding)


@pytest.mark.parametrize("form", ["gzip", "zlib's deflate", "brotli", "zstd"])
def test_damage_is_undecodable_or_changes_nothing(form) -> None:
    encoding, encode = FORMS[form]
    whole = encode(LIST)
    refused = 0
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 0x55
        try:
            decoded(encoding, bytes(damaged), 100)
        except (UndecodableBody, BodyTooLarge):
            refused += 1
    # The last two have no checksum here.
    assert refused > len(whole) * (0.8 if form in {"gzip", "zlib's deflate"} else 0.3)


def test_libraries_that_are_not_there_are_not_asked_for(monkeypatch) -> None:
    def missing(name):
        raise ImportError(name)

    content_encoding._optional_decoders.cache_clear()
    with monkeypatch.context() as bare:
        bare.setattr(content_encoding, "import_module", missing)
        assert accepted_encodings() == "gzip, deflate"
        with pytest.raises(UndecodableBody, match="'br' was not asked for"):
            Body("br")
    content_encoding._optional_decoders.cache_clear()
    pytest.importorskip("brotli")
    pytest.importorskip("backports.zstd")
    assert accepted_encodings() == "gzip, deflate, br, zstd"


def test_a_brotli_that_cannot_be_bounded_is_not_asked_for(monkeypatch) -> None:
    class Old:
        class Decompressor: ...

    content_encoding._optional_decoders.cache_clear()
    with monkeypatch.context() as old:
        found = {"brotli": Old}
        old.setattr(content_encoding, "_first_of", lambda *names: found.get(names[0]))
        assert accepted_encodings() == "gzip, deflate"
    content_encoding._optional_decoders.cache_clear()
