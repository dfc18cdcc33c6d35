"""The tolerant reader: any answer becomes a result or a finding, and nothing else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irclient._wire.malformed import Malformed, excerpt
from irclient._wire.reading import read_answer, read_list, read_selectors
from irclient._wire.responses import error_message
from irclient.queries import (
    ItemSelectors,
    Similar,
)
from irclient.results import RecommendationList, Selectors
from tests.scenarios.scenario import SAMPLES


@pytest.mark.parametrize(
    ("name", "size", "total", "version", "status"),
    [
        ("new_count5.documented", 5, 278, "20220104115104", "Success"),
        ("popular_no_count.observed-2023-04", 25, 167, None, "Success"),
        ("popular_excerpt_4_items.observed-2022-07", 4, 167, "20220713231250", "Success"),
        ("popular_waiting_for_data.observed-2023-04", 0, 0, None, "WaitingForData"),
    ],
)
def test_the_recorded_lists_are_read(name, size, total, version, status) -> None:
    body = (SAMPLES / f"{name}.json").read_bytes()
    answer = read_list(body)
    sent = json.loads(body)
    assert answer.raw == sent
    assert len(answer) == size
    assert answer.ids == [row["id"] for row in sent["items"]]
    assert (answer.total_items, answer.interactions_version, answer.status) == (
        total, version, status,
    )  # fmt: skip
    assert (answer.title, answer.long_title) == (sent["title"], sent["longTitle"])
    assert answer.title_id == sent["titleId"]
    assert answer.details == sent.get("details")
    assert {item.tracking_id for item in answer} <= {"00000000-0000-0000-0000-000000000003"}


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        (b'{"items":[]}', []),
        (b'{"items":null}', []),
        (b'\xef\xbb\xbf{"items":[{"id":"1"}]}', ["1"]),
        (b' \r\n{"items":[{"id":"1"}]}\n ', ["1"]),
        (b'{"items":[{"id":64702}]}', ["64702"]),
        (b'{"items":[{"id":1.5}]}', ["1.5"]),
        (b'{"items":[{"id":"1","trackingId":null}]}', ["1"]),
        (b'{"items":[{"id":"1","trackingId":7}]}', ["1"]),
        (b'{"items":[{"id":"1","trackingId":{"a":1}}]}', ["1"]),
        (b'{"items":[{"id":"1"},{"id":null},{},{"id":""},null,"2",{"id":true}]}', ["1"]),
        (b'{"items":[{"id":["1"]},{"id":"2"}]}', ["2"]),
        (b'{"items":[{"id":"1"},{"id":"1"}]}', ["1", "1"]),
        (b'{"items":[{"id":"1"}],"title":null,"pagingInfo":null,"titleId":null}', ["1"]),
        (b'{"items":[{"id":"1"}],"title":7,"titleId":"five"}', ["1"]),
        (b'{"items":[{"id":"1"}],"titleId":5.5,"status":{}}', ["1"]),
        (b'{"items":[{"id":"1"}],"pagingInfo":"none"}', ["1"]),
        (b'{"items":[{"id":"1"}],"pagingInfo":[]}', ["1"]),
        (b'{"items":[{"id":"1"}],"pagingInfo":{"totalItems":"many"}}', ["1"]),
        (b'{"items":[{"id":"1"}],"pagingInfo":{}}', ["1"]),
        (b'{"items":[{"id":"1"}],"interactionsVersion":20220104115104}', ["1"]),
        (b'{"items":[{"id":"1"}],"raw":1,"ids":2,"served":3,"_body":4,"_served":5}', ["1"]),
        (b'{"items":[{"id":"1"}],"__class__":1,"model_config":2,"model_extra":3}', ["1"]),
        (b'{"items":[{"id":"1","id":"2"}]}', ["2"]),
        (b'{"items":[{"id":"\\u00e9"}]}', ["é"]),
    ],
)  # fmt: skip
def test_what_can_be_read_is_read(body, ids) -> None:
    answer = read_list(body)
    assert answer.ids == ids
    assert answer.served.source == "service"
    assert isinstance(repr(answer), str)


def test_a_field_that_cannot_be_read_is_lost_alone() -> None:
    answer = read_list(
        b'{"items":[{"id":1,"trackingId":[],"score":2}],"title":{},"longTitle":"L","titleId":5,'
        b'"pagingInfo":{"totalItems":9},"status":"New","more":1}'
    )
    assert (answer.title, answer.long_title, answer.title_id) == (None, "L", 5)
    assert (answer.total_items, answer.status, answer.more) == (9, "New", 1)
    assert (answer[0].tracking_id, answer[0].score) == (None, 2)


@pytest.mark.parametrize(
    ("body", "finding"),
    [
        (b"", "not JSON: an empty body"),
        (b" ", "not JSON: ' '"),
        (b"<html><body>Sign in</body></html>", "not JSON: '<html><body>Sign in"),
        (b'{"items":[{"id":"70000"},{"id":"700', "not JSON: "),
        (b"\x1f\x8b\x08\x00", "not JSON: "),
        (b'{"items":[{"id":"\xff"}]}', "not JSON: "),
        (b'{"items":[]} trailing', "not JSON: "),
        (b"null", "no 'items' in it: 'null'"),
        (b"[]", "no 'items' in it: '[]'"),
        (b'"items"', "no 'items' in it"),
        (b"{}", "no 'items' in it: '{}'"),
        (b'{"Items":[]}', "no 'items' in it"),
        (b'{"error":{"code":"X"}}', "no 'items' in it"),
        (b'{"items":{}}', "'items' is not a list"),
        (b'{"items":"1,2"}', "'items' is not a list"),
        (b'{"items":false}', "'items' is not a list"),
        (b'{"items":0}', "'items' is not a list"),
        (b'{"items":[{}]}', "'items' holds nothing with an 'id'"),
        (b'{"items":["1"]}', "'items' holds nothing with an 'id'"),
        (b'{"items":[{"id":null}]}', "'items' holds nothing with an 'id'"),
        (b"[" * 30_000, "not JSON: "),
        (b'{"items":[{"id":' + b"9" * 5_000 + b"}]}", "not JSON: "),
    ],
)
def test_what_cannot_be_read_is_a_finding_with_a_short_excerpt(body, finding) -> None:
    with pytest.raises(Malformed) as caught:
        read_list(body)
    assert str(caught.value).startswith(finding)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"value":[{"keyName":"color","values":[{"valueString":"red"}]}]}', [("color", ["red"])]),
        (b'{"value":[{"keyName":"color","values":["red",{"valueString":7}]}]}',
         [("color", ["red", "7"])]),
        (b'{"value":[{"keyName":"color","values":[{}, {"valueString":null}]}]}', [("color", [])]),
        (b'{"value":[{"keyName":"color"},{"keyName":"size","values":null}]}',
         [("color", []), ("size", [])]),
        (b'{"value":[{"keyName":"color","values":"red"},{"values":[]}]}', [("color", [])]),
        (b'{"value":[{"keyName":"color","values":[[]]}]}', [("color", [])]),
        (b'{"value":[]}', []),
        (b'{"value":null,"testInfo":{"a":1}}', []),
    ],
)  # fmt: skip
def test_selectors_are_read_as_tolerantly(body, expected) -> None:
    assert [(each.name, list(each.values)) for each in read_selectors(body)] == expected


def test_selectors_without_any_are_a_finding() -> None:
    for body in (b'{"items":[]}', b'{"value":{}}', b'{"value":[{"values":[]}]}', b""):
        with pytest.raises(Malformed):
            read_selectors(body)


def test_the_query_decides_what_an_answer_is() -> None:
    assert isinstance(read_answer(Similar("1"), b'{"items":[]}'), RecommendationList)
    assert isinstance(read_answer(ItemSelectors("1"), b'{"value":[]}'), Selectors)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)
FIELDS = ["id", "items", "title", "longTitle", "titleId", "pagingInfo", "totalItems", "status",
          "details", "interactionsVersion", "trackingId", "value", "keyName", "values",
          "valueString", "total_items", "title_id", "tracking_id", "name"]  # fmt: skip
LIKE_AN_ENVELOPE = st.recursive(
    JSON,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner),
    max_leaves=12,
)
ENVELOPES = st.builds(
    lambda fields, name, rows: {**fields, name: rows},
    st.dictionaries(st.sampled_from(FIELDS), LIKE_AN_ENVELOPE, max_size=5),
    st.sampled_from(["items", "value"]),
    st.lists(st.dictionaries(st.sampled_from(FIELDS), LIKE_AN_ENVELOPE, max_size=4), max_size=3)
    | LIKE_AN_ENVELOPE,
)


def gives_an_answer_or_a_finding(body: bytes) -> None:
    for read, kind in ((read_list, RecommendationList), (read_selectors, Selectors)):
        try:
            answer = read(body)
        except Malformed:
            continue
        assert isinstance(answer, kind)
        assert len(list(answer)) == len(answer)
        assert isinstance(repr(answer), str)
        assert isinstance(answer.raw, dict)
        assert answer == answer.as_served(answer.served)


@given(st.binary(max_size=200))
def test_any_bytes_give_an_answer_or_a_finding(body) -> None:
    gives_an_answer_or_a_finding(body)
    assert isinstance(error_message(body), str | None)
    assert len(excerpt(body)) < 400


@given(JSON)
def test_any_json_gives_an_answer_or_a_finding(value) -> None:
    body = json.dumps(value).encode()
    gives_an_answer_or_a_finding(body)
    assert isinstance(error_message(body), str | None)


@given(ENVELOPES)
def test_anything_like_an_envelope_gives_an_answer_or_a_finding(value) -> None:
    gives_an_answer_or_a_finding(json.dumps(value).encode())


@given(st.integers(0), st.binary(max_size=5))
def test_a_body_that_was_cut_or_changed_gives_an_answer_or_a_finding(at, noise) -> None:
    body = (SAMPLES / "new_count5.documented.json").read_bytes()
    at %= len(body)
    gives_an_answer_or_a_finding(body[:at])
    gives_an_answer_or_a_finding(body[:at] + noise + body[at + len(noise) :])
