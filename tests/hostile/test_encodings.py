"""Damaged transfers: bodies compressed, damaged, cut into pieces and mislabelled on their way."""

from __future__ import annotations

import gzip
import os
import time
import tracemalloc
import zlib
from collections import Counter
from random import Random
from typing import TYPE_CHECKING

import pytest

from irclient._core.protocol import Failure, Trouble
from irclient._core.verdict import judge
from irclient.queries import Popular
from irclient.transports.answers import Answers
from irclient.transports.content_encoding import LARGEST_BODY
from tests.hostile.mutations import SEEDS, mutated

if TYPE_CHECKING:
    from irclient._wire.responses import Response

SEED = int(os.environ.get("HOSTILE_SEED", "1"))
TRANSFERS = int(os.environ.get("HOSTILE_TRANSFERS", "10000"))

_ENCODERS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "identity": bytes,
    "": bytes,
    "GZIP ": gzip.compress,
    "br": bytes,
    "gzip, gzip": lambda body: gzip.compress(gzip.compress(body)),
    "é" + "x" * 500: bytes,
}


def receive(encoding: str | None, pieces: list[bytes]) -> Response | Failure:
    """What an exchange makes of a body that comes in pieces, each of them a chunk."""
    answers = Answers()
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
    if encoding is not None:
        head += b"Content-Encoding: " + encoding.encode("latin-1") + b"\r\n"
    answers.feed(head + b"\r\n")
    for piece in pieces:
        if answers.is_over:
            break
        answers.feed(b"%x\r\n%b\r\n" % (len(piece), piece))
    if not answers.is_over:
        answers.feed(b"0\r\n\r\n")
    assert answers.is_over
    return answers.failure or answers.response(received_on=0.0, opened_connection=False)


def cut(body: bytes, random: Random) -> list[bytes]:
    size = random.choice((1, 7, 100, 65_536))
    return [body[at : at + size] for at in range(0, len(body), size)]


def transfer(random: Random) -> tuple[str | None, list[bytes]]:
    encoding = random.choice((None, *_ENCODERS))
    encode = _ENCODERS[encoding] if encoding is not None else bytes
    body = encode(mutated(random)[:20_000])
    if random.random() < 0.5:
        at = random.randrange(len(body) + 1)
        damage = random.choice((b"", random.randbytes(3), gzip.compress(b"{}"), b"\x00" * 100))
        rest = random.choice((b"", body[at:], body[at + 1 :]))
        body = body[:at] + damage + rest
    if random.random() < 0.1:
        encoding = random.choice((None, *_ENCODERS))  # mislabelled
    return encoding, cut(body, random)


def test_a_damaged_transfer_is_a_body_or_a_local_failure_with_short_words() -> None:
    seen: Counter[str] = Counter()
    for number in range(TRANSFERS):
        encoding, pieces = transfer(Random(f"{SEED}-{number}"))
        try:
            outcome = receive(encoding, pieces)
            if isinstance(outcome, Failure):
                assert outcome.trouble is Trouble.LOCAL
                assert outcome.cause is None
            verdict = judge(Popular(), outcome)
            assert len(verdict.reason) <= 240
            assert verdict.reason.isprintable()
        except Exception as problem:
            problem.add_note(f"seed {SEED}, transfer {number}: {encoding!r}, {pieces[:3]!r}")
            raise
        seen[type(outcome).__name__] += 1
    assert min(seen["Response"], seen["Failure"]) > TRANSFERS / 10


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "identity"])
@pytest.mark.parametrize("size", [1, 13, 65_536])
def test_an_undamaged_transfer_arrives_whole_however_it_is_cut(encoding, size) -> None:
    for body in SEEDS:
        whole = _ENCODERS[encoding](body)
        pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
        assert receive(encoding, pieces).body == body


def test_a_bomb_costs_no_more_memory_than_the_largest_body() -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b" " * (1 << 20)) for _ in range(64)) + packer.flush()
    tracemalloc.start()
    try:
        outcome = receive("gzip", [bomb])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(outcome, Failure)
    assert outcome.trouble is Trouble.TOO_LARGE
    assert peak < 3 * LARGEST_BODY


def test_what_follows_a_complete_compressed_body_costs_next_to_nothing() -> None:
    began_at = time.thread_time()
    # zlib copies all that it keeps of it with each piece: seconds for a few mebibytes.
    outcome = receive("gzip", [gzip.compress(b'{"items":[]}'), *[b"x" * 1024] * 8_000])
    assert time.thread_time() - began_at < 1.0
    assert outcome.body == b'{"items":[]}'
