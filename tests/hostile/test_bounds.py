"""The costliest bodies that fit in the largest answer: what they may take of time and memory.

Each is judged in a process of its own, because most of its memory is not Python's to trace.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from pydantic_core import from_json

from irclient._core.verdict import judge
from irclient._wire import reading as _reading
from irclient._wire.malformed import Malformed
from irclient._wire.reading import read_answer, read_list
from irclient._wire.responses import Response, error_message
from irclient.queries import ItemSelectors, Personalize, Popular
from irclient.transports.content_encoding import LARGEST_BODY

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
#: The same with a number of repetitions: as much as is read at all.
LEGAL = {
    "items of nothing but an id": (b'{"items":[', b'{"id":1},', b'{"id":1}]}', 14_990),
    "items, and then one that is unreadable": (
        b'{"items":[', b'{"id":"1","trackingId":"t"},', b'{"id":1,"trackingId":[]}]}', 9_990,
    ),
    "items with unreadable fields": (
        b'{"items":[', b'{"id":1,"trackingId":[],"x":"' + b"x" * 4_000 + b'"},', b'{"id":1}]}', 999,
    ),
    "honest items": (
        b'{"items":[', b'{"id":"1234567","trackingId":"00000000-0000-0000-0000-000000000003"},',
        b'{"id":"1"}]}', 9_998,
    ),
    "honest items with much around": (
        b'{"items":[', b'{"id":"1","trackingId":"t"},' + b" " * 390, b'{"id":"1"}]}', 9_998,
    ),
    "fields of an envelope": (
        b'{"title":[],"items":[{"id":1,"trackingId":[]}]', b"".join(
            b',"%0120d":"\\u00e9"' % number for number in range(29_900)
        ), b"}", 1,
    ),
    "one long escaped id": (b'{"items":[{"id":"', rb"\u0041" * 690_000, b'"}]}', 1),
}  # fmt: skip

_MEASURE = """
import json, resource, sys, time
from irclient._core.verdict import judge
from irclient._wire.responses import Response
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
    # A hundredth on an idle machine; three verdicts, in time of the processor.
    assert seconds < 0.3
    assert kilobytes < 100_000


@pytest.mark.parametrize("what", LEGAL)
def test_the_longest_lists_are_read_at_a_bounded_cost(what) -> None:
    begin, piece, end, times = LEGAL[what]
    seconds, kilobytes, words = measure(begin + piece * times + end, verdicts=1)
    assert words == len("served")
    # At most 0.06 of the processor's time on an idle machine, and twice as much on a busy one.
    assert seconds < 0.2
    assert kilobytes < 100_000


ROW = b'{"id":"1","trackingId":"3"}'


def listed(rows: int) -> bytes:
    """A list that is long enough to be looked at first."""
    return b'{"items":[' + b",".join([ROW] * rows) + b'],"more":"' + b"x" * 70_000 + b'"}'


@pytest.mark.parametrize(
    ("asked", "most"),
    [(None, 10_000), (1, 2_000), (100, 2_000), (200, 4_000), (500, 10_000), (9_000, 10_000),
     (12_000, 12_000), (15_000, 15_000), (100_000, 15_000)],
)  # fmt: skip
def test_how_long_a_list_may_be_depends_on_what_was_asked_for(asked, most) -> None:
    # Two of its marks are the envelope's.
    assert len(read_list(listed(most - 1), asked=asked)) == most - 1
    with pytest.raises(Malformed, match=f"more values than {most} items have"):
        read_list(listed(most + 1), asked=asked)


def test_a_query_tells_how_long_its_list_may_be() -> None:
    many = Personalize("u", ["1"] * 12_000)
    for query in (Popular(count=12_000), many):
        assert len(read_answer(query, listed(11_000))) == 11_000
    for query in (Popular(), Popular(count=12), ItemSelectors("1"), Personalize("u", ["1"])):
        with pytest.raises(Malformed, match="more values than"):
            read_answer(query, listed(11_000))


def test_a_body_is_no_longer_than_four_mebibytes() -> None:
    most = 4 * 1024 * 1024
    begin, end = b'{"items":[],"x":"', b'"}'
    body = begin + b"x" * (most - len(begin + end)) + end
    assert read_list(body).ids == []
    with pytest.raises(Malformed, match="longer than any list is: '"):
        read_list(body + b" ")


@pytest.mark.parametrize("before", range(0, 300, 37))
def test_a_number_of_five_hundred_digits_is_not_read_wherever_it_stands(before) -> None:
    for digits, is_read in ((250, True), (512, False)):
        number = b"9" * digits
        body = b'{"items":[{"id":' + number + b'}],"x":"' + b"x" * (70_000 + before) + b'"}'
        padded = b" " * before + body
        if is_read:
            assert read_list(padded).ids == [number.decode()]
        else:
            with pytest.raises(Malformed, match="more digits than any has"):
                read_list(padded)


def test_rows_that_cannot_be_read_are_made_readable_up_to_a_thousand() -> None:
    wrong = b'{"id":"1","trackingId":[]}'
    for wrongs, is_read in ((1_000, True), (1_001, False)):
        body = b'{"items":[' + b",".join([ROW] * 500 + [wrong] * wrongs) + b"]}"
        if is_read:
            assert len(read_list(body)) == 1_500
        else:
            with pytest.raises(Malformed, match="more rows that cannot be read"):
                read_list(body)


def test_a_body_is_read_once_whatever_is_wrong_with_it(monkeypatch) -> None:
    reads: list[bytes] = []

    def counted(body: bytes) -> object:
        reads.append(body)
        return from_json(body)

    monkeypatch.setattr(_reading, "from_json", counted)
    verdict = judge(Popular(), Response(200, {}, b'{"id": "secret-of-ann"}', 0.0),
                    hide=lambda: ["secret-of-ann"])  # fmt: skip
    assert verdict.reason == "200, no 'items' in it: '{\"id\": \"...\"}'"
    assert len(reads) == 1


def test_an_error_is_only_looked_for_where_it_could_be() -> None:
    assert error_message(b'{"error":{"code":"X"}}') == "'X'"
    assert error_message(b'{"error":{"code":"X"},"more":"' + b"x" * 70_000 + b'"}') is None
