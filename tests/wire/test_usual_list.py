"""A usual list that is made without pydantic is the list that pydantic makes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from irclient._wire.usual_list import _known_shapes, usual_list
from irclient.results import RecommendationList

ITEMS = [{"id": "1", "trackingId": "t"}, {"trackingId": None, "id": "2"}]
ENVELOPE = {
    "id": "Lists",
    "name": "Lists",
    "version": "v1.0",
    "interactionsVersion": "20260104115104",
    "items": ITEMS,
    "title": "Popular",
    "longTitle": "Popular items",
    "titleId": 5,
    "pagingInfo": {"totalItems": 2, "next": None},
    "status": "Success",
    "details": None,
}


def body_of(envelope: object) -> bytes:
    return json.dumps(envelope).encode()


def of_pydantic(body: bytes) -> RecommendationList:
    return RecommendationList.model_validate_json(body)


def everything(a_list: RecommendationList) -> tuple[object, ...]:
    return (
        a_list.model_dump(),
        a_list.model_dump(by_alias=True, exclude_unset=True),
        list(vars(a_list)),
        a_list.model_fields_set,
        a_list.model_extra,
        list(a_list.model_extra or {}),
        repr(a_list.items),
        [type(each) for each in vars(a_list).values()][1:],
    )


def test_a_usual_list_needs_no_pydantic() -> None:
    body = body_of(ENVELOPE)
    a_list = usual_list(body)
    assert a_list is not None
    assert everything(a_list) == everything(of_pydantic(body))


@pytest.mark.parametrize("left_out", [key for key in ENVELOPE if key != "items"])
def test_every_field_but_the_items_may_be_left_out(left_out: str) -> None:
    body = body_of({key: value for key, value in ENVELOPE.items() if key != left_out})
    a_list = usual_list(body)
    assert a_list is not None
    assert everything(a_list) == everything(of_pydantic(body))


@pytest.mark.parametrize(
    "unusual",
    [
        {"title": 7},
        {"titleId": "5"},
        {"titleId": True},
        {"titleId": 5.0},
        {"pagingInfo": {}},
        {"pagingInfo": None},
        {"pagingInfo": [1]},
        {"pagingInfo": {"totalItems": "2"}},
        {"long_title": "by its other name"},
        {"total_items": 2},
        {"status": ["Success"]},
        {"items": None},
        {"items": {}},
        {"items": ""},
        {"items": [{**ITEMS[0], "rank": 1}]},
        {"items": [[]]},
    ],
    ids=str,
)
def test_what_is_unusual_is_left_to_pydantic(unusual: dict[str, object]) -> None:
    assert usual_list(body_of(ENVELOPE | unusual)) is None


@pytest.mark.parametrize("body", [b"", b"[]", b'["items"]', b"7", b'"items"', b"{", b"null", b"{}"])
def test_what_is_no_list_is_left_to_pydantic(body: bytes) -> None:
    assert usual_list(body) is None


def test_lists_with_the_same_fields_share_one_set_of_their_names() -> None:
    body = body_of(ENVELOPE)
    first, second = usual_list(body), usual_list(body)
    assert first is not None
    assert second is not None
    assert first.__pydantic_fields_set__ is second.__pydantic_fields_set__
    assert first.model_copy(update={"more": 1}).model_fields_set != second.model_fields_set


def test_to_change_the_names_of_one_list_changes_no_other() -> None:
    first, second = usual_list(body_of(ENVELOPE)), usual_list(body_of(ENVELOPE))
    assert first is not None
    assert second is not None
    first.model_fields_set.clear()
    first.items[0].model_fields_set.clear()
    assert second.model_dump(exclude_unset=True, by_alias=True)["title"] == ENVELOPE["title"]
    assert first.items[1].model_dump(exclude_unset=True, by_alias=True) == ITEMS[1]


def test_the_names_of_fields_that_are_known_are_few_and_short() -> None:
    for envelope in ({f"n{number}": 1 for number in range(40)}, {"n" * 100: 1}):
        body = body_of({**envelope, "items": []})
        first, second = usual_list(body), usual_list(body)
        assert first is not None
        assert second is not None
        assert first.model_fields_set == second.model_fields_set == {*envelope, "items"}
        assert first.__pydantic_fields_set__ is not second.__pydantic_fields_set__
    for number in range(1_000):
        assert usual_list(body_of({f"other {number}": 1, "items": []})) is not None
    assert len(_known_shapes) <= 64


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
_TEXT = st.none() | st.text(max_size=3)
_ROW = st.fixed_dictionaries(
    {"id": st.text(max_size=2) | st.integers() | _JSON, "trackingId": _TEXT | _JSON},
) | st.fixed_dictionaries({"id": st.text(min_size=1, max_size=2), "trackingId": _TEXT})
_ENVELOPE = st.fixed_dictionaries(
    {"items": st.lists(_ROW, max_size=3)},
    optional={
        "title": _TEXT | _JSON,
        "longTitle": _TEXT | _JSON,
        "long_title": _TEXT,
        "titleId": st.none() | st.integers() | _JSON,
        "pagingInfo": st.fixed_dictionaries({"totalItems": st.integers() | _JSON}) | _JSON,
        "interactionsVersion": _TEXT | _JSON,
        "status": _TEXT | _JSON,
        "details": _TEXT,
        "more": _JSON,
    },
)


@given(_ENVELOPE)
def test_what_is_made_without_pydantic_is_what_pydantic_makes(envelope: dict[str, object]) -> None:
    body = body_of(envelope)
    a_list = usual_list(body)
    if a_list is None:
        return
    try:
        made = of_pydantic(body)
    except ValidationError as problem:
        raise AssertionError(f"pydantic refuses {body!r}") from problem
    assert everything(a_list) == everything(made)
