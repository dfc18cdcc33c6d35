"""Damaged headers through the reading of Retry-After, and through the verdict on a 429."""

from __future__ import annotations

import math
import os
import time
from email.utils import formatdate
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from irclient._core.verdict import Meaning, judge
from irclient._wire.responses import Response, retry_after
from irclient.queries import Popular

SEED = int(os.environ.get("HOSTILE_SEED", "1"))
HEADERS = int(os.environ.get("HOSTILE_HEADERS", "20000"))
NOW = 1_800_000_000.0
DAY = 86_400.0

_GOOD = (
    "1", "0", "2.5", "120", "86400", formatdate(NOW + 30, usegmt=True), formatdate(NOW - 30),
    "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
)  # fmt: skip
_JUNK = (
    "-", "+", "e308", "inf", "nan", "0x10", "١٢", "²", "9" * 400, "9" * 5_000, ":", "::::", ",",
    ";",
    " ", "\t", "\x00", "GMT", "+9999", "-2400", "é", "\u2028", "31 Feb 2027", "99:99:99", "0" * 40,
    "(" * 500, '"', "\\", "Mon, " * 200,
)  # fmt: skip
_NAMES = ("retry-after", "retry-after-ms", "x-ms-retry-after-ms", "date")


def _mutated(random: Random) -> str:
    text = random.choice(_GOOD)
    for _ in range(random.choice((0, 1, 1, 2, 4))):
        begin = random.randrange(len(text) + 1)
        end = min(begin + random.choice((0, 1, 5)), len(text))
        piece = random.choice((random.choice(_JUNK), chr(random.randrange(256)), ""))
        text = text[:begin] + piece + text[end:]
    return text


def check(headers: dict[str, str]) -> float | None:
    """Advice is a number of seconds that somebody can wait, or there is none."""
    response = Response(429, headers, b"", NOW)
    advice = retry_after(response)
    assert advice is None or (math.isfinite(advice) and 0 <= advice <= DAY)
    verdict = judge(Popular(), response)
    assert (verdict.meaning, verdict.retry_after) == (Meaning.THROTTLED, advice)
    return advice


def test_damaged_headers_give_sensible_advice_or_none_in_bounded_time() -> None:
    understood = 0
    for number in range(HEADERS):
        random = Random(f"{SEED}-{number}")
        names = random.sample(_NAMES, random.choice((1, 1, 2, 4)))
        headers = {name: _mutated(random) for name in names}
        began_at = time.thread_time()
        try:
            understood += check(headers) is not None
        except Exception as problem:
            problem.add_note(f"seed {SEED}, headers {number}: {headers!r}")
            raise
        assert time.thread_time() - began_at < 0.05, f"seed {SEED}, headers {number}: {headers!r}"
    assert 0.1 < understood / HEADERS < 0.9


def test_the_longest_header_that_a_transport_lets_through_is_read_in_bounded_time() -> None:
    for piece in ("9", "Mon, ", "(", ":", " ", "1 ", "Jan ", "+1 ", "-", "\\"):
        for name in _NAMES:
            began_at = time.thread_time()
            check({"retry-after": "1 Jan 2030 00:00:00 GMT", name: piece * (100_000 // len(piece))})
            assert time.thread_time() - began_at < 0.5, (name, piece)


@settings(max_examples=500)
@given(st.dictionaries(st.sampled_from(_NAMES), st.text(max_size=60), min_size=1))
@example({"retry-after": ""})
@example({"retry-after": " "})
@example({"retry-after": "1 Jan 0001 00:00:00 +2359"})
@example({"retry-after": "31 Dec 9999 23:59:59 -2359"})
def test_any_text_gives_sensible_advice_or_none(headers) -> None:
    check(headers)
