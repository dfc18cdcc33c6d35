"""Queries as plain data: what was written is read, and nothing else; the fallback with them."""

from __future__ import annotations

import json
import pickle
from enum import Enum

import pytest

from irclient import ConfigurationError, Fallback, queries
from irclient._wire.query_data import list_query_of, plain
from irclient.errors import QueryError

LISTS = [
    queries.New(),
    queries.Popular(count=5, skip=2, modeling="adw", channel_id="c", catalog_id="k"),
    queries.Trending(filters={"Category": ["Clothing", "Shoes"], "Size": "M"}),
    queries.Similar("64702", algo_type=queries.AlgoType.VISUAL, session_id="s"),
    queries.Cart(["1", "2"], params=[("x", "1"), ("x", "2")]),
    queries.BoughtTogether("7", refinements=["RemoveUserHistory"]),
    queries.Picks("ann"),
    queries.Picks(session_id="s"),
]


@pytest.mark.parametrize("query", LISTS, ids=repr)
def test_what_was_written_is_read(query) -> None:
    written = json.loads(json.dumps(plain(query)))
    assert list_query_of(written) == query
    assert type(list_query_of(written)) is type(query)


def test_what_is_at_its_default_is_not_written() -> None:
    assert plain(queries.Popular()) == {"operation": "popular"}
    assert plain(queries.Similar("7", count=3)) == {
        "operation": "similar", "item_id": "7", "count": 3,
    }  # fmt: skip


def test_a_member_of_an_enum_is_written_as_its_value() -> None:
    item = Enum("item", {"BOOT": "64702"}, type=str).BOOT
    assert type(plain(queries.Similar(item))["item_id"]) is str


BAD = [
    ({}, "operation must be one of new, popular, .*, got None"),
    ({"operation": "personalize"}, "operation must be one of .*, got 'personalize'"),
    ({"operation": ["new"]}, "operation must be one of"),
    ({"operation": "similar"}, "similar: missing .*'item_id'"),
    ({"operation": "popular", "cuont": 1}, "popular has no 'cuont'; check its spelling"),
    ({"operation": "popular", "count": "1"}, "popular: count must be an int, got '1'"),
    ({"operation": "picks"}, "picks: give a user_id or a session_id"),
]


@pytest.mark.parametrize(("data", "words"), BAD)
def test_what_is_no_list_is_refused(data, words) -> None:
    with pytest.raises(QueryError, match=words):
        list_query_of(data)
    written = json.dumps({"queries": [data]})
    with pytest.raises(ConfigurationError, match=rf"Fallback\.queries: {words}"):
        Fallback.model_validate_json(written)


FALLBACK = Fallback(queries=LISTS, items=["1", "2"])


@pytest.mark.parametrize("fallback", [Fallback(), Fallback(queries=()), FALLBACK])
def test_a_fallback_goes_round(fallback) -> None:
    assert Fallback.model_validate_json(fallback.model_dump_json()) == fallback
    assert Fallback.model_validate(fallback.model_dump()) == fallback
    assert Fallback(**fallback.model_dump()) == fallback
    assert pickle.loads(pickle.dumps(fallback)) == fallback


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"querys": []}, "Fallback.querys is not a setting; check its spelling"),
        ({"queries": {"operation": "new"}}, "Fallback.queries must be a list"),
        ({"queries": [3]}, "Fallback.queries.0"),
        ({"items": [float("nan")]}, "Fallback.items.0"),
    ],
)
def test_what_is_no_fallback_is_refused(given, words) -> None:
    with pytest.raises(ConfigurationError, match=words):
        Fallback.model_validate(given)
