"""An entry packed for others: what was packed is read, nothing else is, and nobody is named."""

from __future__ import annotations

import json
import pickle
import zlib

import pytest

from irclient._core.entry import Entry
from irclient._core.packed_entry import pack, unpack
from irclient._wire.reading import read_list, read_selectors
from irclient.queries import ItemSelectors, Picks, Similar

SHORT = b'{"items":[{"id":"1","trackingId":"t"}],"title":"New"}'
LONG = json.dumps({"items": [{"id": str(at), "trackingId": "t"} for at in range(100)]}).encode()
QUERY = Similar("64702", user_id="user-1")


def entry(body: bytes = SHORT) -> Entry:
    answer = read_list(body)
    answer.note_served("a/web", "a", "blue", 2, 0.25)
    return Entry(answer, 50.0, ("a", "adw"), "20220713231250", ("user-1",), ("64702",))


@pytest.mark.parametrize("body", [SHORT, LONG], ids=["short", "long"])
def test_what_was_packed_is_read_with_what_the_query_says(body: bytes) -> None:
    packed = pack(entry(body))
    assert packed is not None
    assert unpack(packed, QUERY, stored_at=50.0) == entry(body)


def test_what_is_long_becomes_short() -> None:
    packed = pack(entry(LONG))
    assert packed is not None
    assert len(packed) < len(LONG) / 3


def test_neither_the_user_nor_the_seed_is_in_it() -> None:
    packed = pack(entry())
    assert packed is not None
    assert b"user-1" not in packed
    assert b"64702" not in packed


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        b"\x01",
        b"\x02",
        b"\x01nonsense",
        b"\x02nonsense",
        b"\x01[]\n{}",
        b"\x03" + SHORT,
        pickle.dumps(SHORT),
        b"\x02" + zlib.compress(b"nonsense"),
        b"\x02" + zlib.compress(b" " * (2 << 20)),
    ],
)
def test_what_is_no_entry_is_none(data: bytes) -> None:
    assert unpack(data, QUERY, stored_at=0.0) is None


def test_a_truncated_entry_is_none() -> None:
    packed = pack(entry(LONG))
    assert packed is not None
    assert all(unpack(packed[:at], QUERY, stored_at=0.0) is None for at in range(len(packed)))


def test_an_answer_of_another_kind_than_the_query_asks_for_is_none() -> None:
    packed = pack(entry())
    assert packed is not None
    assert unpack(packed, ItemSelectors("64702"), stored_at=0.0) is None
    selectors = pack(entry()._replace(answer=read_selectors(b'{"value":[]}')))
    assert selectors is not None
    assert unpack(selectors, Picks("user-1"), stored_at=0.0) is None
    assert unpack(selectors, ItemSelectors("64702"), stored_at=0.0) is not None


def test_what_is_larger_than_any_list_should_be_is_not_packed() -> None:
    body = json.dumps({"items": [], "title": "x" * (1 << 20)}).encode()
    assert pack(entry(body)) is None
