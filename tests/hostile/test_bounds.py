"""The costliest bodies that fit in the largest answer: what they may take of time and memory.

Each is judged in a process of its own, because most of its memory is not Python's to trace.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from irclient._wire import Malformed, error_message, read_list
from irclient.transports.exchange import LARGEST_BODY

#: How a body begins, what it repeats until it is as large as may be, and how it ends.
COSTLY = {
    "numbers for items": (b'{"items":[', b"1,", b"1]}"),
    "items of nothing but an id": (b'{"items":[', b'{"id":1},', b'{"id":1}]}'),
    "items with unreadable fields": (b'{"items":[', b'{"id":1,"trackingId":[]},', b'{"id":1}]}'),
    "empty items": (b'{"items":[', b"{},", b'{"id":1}]}'),
    "arrays for items": (b'{"items":[', b"[],", b'{"id":1}]}'),
    "an array that only opens": (b'{"items":', b"[", b""),
    "selectors of broken values": (b'{"value":[{"keyName":"a","values":[', b"[],", b"1]}]}"),
    "one long id": (b'{"items":[{"id":"', b"a", b'"}]}'),
    "one long escaped id": (b'{"items":[{"id":"', rb"\u0041", b'"}]}'),
    "a long explanation": (b'{"items":[],"status":"WaitingForData","details":"', b"x", b'"}'),
    "an error without end": (b'{"error":[', b"[],", b"1]}"),
    "one long number": (b'{"items":[{"id":', b"9", b"}]}"),
    "nothing but spaces": (b"", b" ", b""),
    "nothing but zeros": (b"", b"\x00", b""),
}
#: The same with a number of repetitions: as many values as are read at all.
LEGAL = {
    "items of nothing but an id": (b'{"items":[', b'{"id":1},', b'{"id":1}]}', 199_000),
    "items with unreadable fields":
        (b'{"items":[', b'{"id":1,"trackingId":[]},', b'{"id":1}]}', 99_000),
    "honest items": (
        b'{"items":[', b'{"id":"1234567","trackingId":"00000000-0000-0000-0000-000000000003"},',
        b'{"id":"1"}]}', 99_999,
    ),
}  # fmt: skip

_MEASURE = """
import json, resource, sys, time
from irclient._core.verdict import judge
from irclient._wire import Response
from irclient.queries import ItemSelectors, Popular
asked = [(Popular(), 200), (ItemSelectors("1"), 200), (Popular(), 503)][: int(sys.argv[1])]
body = sys.stdin.buffer.read()
kilobytes = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for query, status in asked:
    judge(query, Response(status, {}, b"{}", 0.0))
began_at, before, words = time.thread_time(), kilobytes(), 0
for query, status in asked:
    words = max(words, len(judge(query, Response(status, {}, body, 0.0)).reason))
print(json.dumps([time.thread_time() - began_at, kilobytes() - before, words]))
"""


def measure(body: bytes, *, verdicts: int) -> tuple[float, float, int]:
    """Seconds and kilobytes that the verdicts on a body take, and their longest words."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, str(verdicts)],
        input=body, capture_output=True, timeout=50, check=True,
    )  # fmt: skip
    seconds, kilobytes, words = json.loads(done.stdout)
    return seconds, kilobytes, words


@pytest.mark.parametrize("what", COSTLY)
def test_a_costly_body_is_turned_down_at_little_cost(what) -> None:
    begin, piece, end = COSTLY[what]
    body = begin + piece * ((LARGEST_BODY - len(begin + end)) // len(piece)) + end
    seconds, kilobytes, words = measure(body, verdicts=3)
    assert words <= 240
    assert seconds < 2.0
    assert kilobytes < 200_000


@pytest.mark.parametrize("what", LEGAL)
def test_the_longest_lists_are_read_at_a_bounded_cost(what) -> None:
    begin, piece, end, times = LEGAL[what]
    seconds, kilobytes, words = measure(begin + piece * times + end, verdicts=1)
    assert words == len("served")
    # Two at most on an idle machine; the bound is for a busy one.
    assert seconds < 6.0
    assert kilobytes < 300_000


def test_a_list_of_a_hundred_thousand_items_is_read_and_a_longer_one_is_not() -> None:
    row = b'{"id":"1","trackingId":"3"}'
    assert len(read_list(b'{"items":[' + b",".join([row] * 100_000) + b"]}")) == 100_000
    with pytest.raises(Malformed, match="more values than any list has"):
        read_list(b'{"items":[' + b",".join([row] * 140_000) + b"]}")


def test_an_error_is_only_looked_for_where_it_could_be() -> None:
    assert error_message(b'{"error":{"code":"X"}}') == "'X'"
    assert error_message(b'{"error":{"code":"X"},"more":"' + b"x" * 70_000 + b'"}') is None
