"""An entry as bytes: what was written is read, and nothing else is."""

from __future__ import annotations

import json
import math

import pytest

from irclient._core.entry import Entry
from irclient._wire.reading import read_list, read_selectors
from irclient.results import RecommendationList, Served

BODY = b'{"items":[{"id":"1","trackingId":"t"},{"id":2}],"title":"New","more":[1]}'


def entry(**changes) -> Entry:
    answer = read_list(BODY)
    answer.note_served("a/web", "a", "blue", 2, 0.25)
    whole = Entry(answer, 1.5e9, ("a", "adw"), "20220713231250", ("u1", "ü 2"), ("64702",))
    return whole._replace(**changes)


def test_what_was_written_is_read() -> None:
    again = Entry.from_bytes(entry().to_bytes())
    assert again == entry()
    assert again.answer.raw == json.loads(BODY)
    assert again.answer.served == Served(
        endpoint="a/web", account="a", variant="blue", attempts=2, elapsed=0.25
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"data_set": ("a", None), "version": None, "user_ids": (), "seeds": ()},
        {"answer": read_selectors(b'{"value":[{"keyName":"color","values":["red"]}]}')},
        {"answer": read_list(b"\xef\xbb\xbf" + BODY)},
        {"answer": read_list(BODY.replace(b",", b"\n,\n"))},
    ],
    ids=["nothing known", "selectors", "a byte order mark", "a body of several lines"],
)
def test_every_answer_has_a_form(changes) -> None:
    written = entry(**changes)
    again = Entry.from_bytes(written.to_bytes())
    assert again == written
    assert again.to_bytes() == written.to_bytes()


def test_the_longest_answer_has_a_form_too() -> None:
    body = b'{"items":[' + b",".join([b'{"id":"1","trackingId":"t"}'] * 14_000) + b"]}"
    long = read_list(body, asked=15_000)
    assert len(Entry.from_bytes(entry(answer=long).to_bytes()).answer) == 14_000


def test_the_form_is_what_other_programs_can_read() -> None:
    head, body = entry().to_bytes().split(b"\n", 1)
    assert json.loads(head)["irclient"] == 1
    assert body == BODY


HEAD = json.loads(entry().to_bytes().split(b"\n", 1)[0])


def written(body: bytes = BODY, **changes) -> bytes:
    return json.dumps({**HEAD, **changes}).encode() + b"\n" + body


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94.",
        b"[" * 100_000,
        b"[]\n" + BODY,
        BODY,
        written()[:-10],
        written(b"null"),
        written(b'{"value": []}'),
        written(irclient=2),
        written(kind="module"),
        written(kind=["list"]),
        written(stored_at="now"),
        written(stored_at=math.nan),
        written(stored_at=math.inf),
        written(stored_at=None),
        written(account=None),
        written(modeling=1),
        written(version=["1"]),
        written(user_ids=None),
        written(user_ids=[1]),
        written(seeds=[["x"]]),
        written(served=None),
        written(served={}),
        written(served={**HEAD["served"], "attempts": math.inf}),
        written(served={**HEAD["served"], "elapsed": "0"}),
        written(served={**HEAD["served"], "endpoint": 1}),
    ],
    ids=lambda data: repr(data[:20]),
)
def test_what_is_no_entry_is_refused(data) -> None:
    with pytest.raises(ValueError, match="not an entry"):
        Entry.from_bytes(data)


def test_an_answer_of_ones_own_has_no_body_to_be_read_from() -> None:
    with pytest.raises(ValueError, match="not an entry"):
        Entry.from_bytes(entry(answer=RecommendationList(items=())).to_bytes())
