"""The queries: what can be asked, and how what cannot is refused."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import weakref

import pytest

from irclient import queries
from irclient._core.identity import identity
from irclient._wire.requests import request_for
from irclient.errors import QueryError
from irclient.filters import Filters
from irclient.queries import (
    AlgoType,
    BoughtTogether,
    Cart,
    ItemSelectors,
    ListQuery,
    New,
    Personalize,
    Picks,
    Popular,
    Query,
    Similar,
    Trending,
)

ONE_OF_EACH = [
    New(),
    Popular(count=5),
    Trending(skip=0),
    Similar("64702", count=10, filters={"Category": "Clothing"}),
    Cart(["16", "37"]),
    BoughtTogether("16"),
    Picks("user"),
    Personalize("user", ["1", "2"]),
    ItemSelectors("64702"),
]
BY_NAME = {type(query).__name__: query for query in ONE_OF_EACH}


def test_there_is_a_query_for_each_operation_of_the_contract() -> None:
    assert {query.operation for query in ONE_OF_EACH} == {
        "new", "popular", "trending", "similar", "cart", "bought_together", "picks",
        "personalize", "selectors",
    }  # fmt: skip
    public = {getattr(queries, name) for name in queries.__all__ if name != "Params"}
    kinds = {each for each in public if issubclass(each, Query)} - {Query, ListQuery}
    assert kinds == {type(query) for query in ONE_OF_EACH}


@pytest.mark.parametrize("query", ONE_OF_EACH, ids=lambda query: query.operation)
def test_a_query_is_a_frozen_hashable_value(query) -> None:
    again = dataclasses.replace(query)
    assert again == query
    assert again is not query
    assert hash(again) == hash(query)
    assert pickle.loads(pickle.dumps(query)) == query
    with pytest.raises(dataclasses.FrozenInstanceError):
        query.modeling = "other"


@pytest.mark.parametrize("query", ONE_OF_EACH, ids=lambda query: query.operation)
def test_a_query_that_was_asked_is_the_same_value_and_only_it_knows_its_identity(query) -> None:
    fresh = dataclasses.replace(query)
    asked = dataclasses.replace(query)
    known = identity(asked)
    assert identity(asked) is known
    for modeling in (None, "shop"):
        assert request_for(asked, modeling=modeling) == request_for(fresh, modeling=modeling)
    assert (asked, hash(asked), repr(asked)) == (fresh, hash(fresh), repr(fresh))
    assert dataclasses.asdict(asked) == dataclasses.asdict(fresh)
    copies = [copy.copy(asked), copy.deepcopy(asked), pickle.loads(pickle.dumps(asked))]
    for each in copies:
        assert each == asked
        assert not hasattr(each, "_identity")
    assert weakref.ref(asked)() is asked


@dataclasses.dataclass(frozen=True)
class Reviewed(Similar):
    """A kind of a user's own."""

    reviewed_by: str = "somebody"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.reviewed_by == "nobody":
            raise QueryError("reviewed_by must be somebody")


def test_users_can_make_kinds_of_their_own() -> None:
    query = Reviewed("1", count=3, reviewed_by="me")
    assert request_for(query, modeling=None) == request_for(Similar("1", count=3), modeling=None)
    assert pickle.loads(pickle.dumps(query)) == query != Similar("1", count=3)
    with pytest.raises(QueryError, match="reviewed_by"):
        Reviewed("1", reviewed_by="nobody")
    with pytest.raises(QueryError, match="count"):
        Reviewed("1", count=0)


def test_a_kind_of_ones_own_whose_fields_are_slots_is_refused_as_it_is_made() -> None:
    with pytest.raises(TypeError, match=r"Slim.*leave slots=True out of its @dataclass"):

        @dataclasses.dataclass(frozen=True, slots=True)
        class Slim(Similar):
            """Its fields would not be where a query keeps them."""


class Noted(Query):
    """Something to mix in."""

    __slots__ = ()

    @property
    def has_side_effect(self) -> bool:
        return True


class NotedSimilar(Similar, Noted):
    """A kind that is no dataclass of its own, and sets an attribute."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.note = "n"


def test_what_users_mix_in_is_asked_and_what_they_set_is_kept() -> None:
    query = NotedSimilar("1")
    assert query.has_side_effect
    assert identity(query) is None
    request_for(query, modeling=None)
    for each in (copy.copy(query), copy.deepcopy(query), pickle.loads(pickle.dumps(query))):
        assert (each, each.note) == (query, "n")


@pytest.mark.parametrize("name", ["item_id", "item_idd", "_identity"])
def test_nothing_of_a_query_can_be_set_or_deleted(name) -> None:
    query = Similar("1")
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(query, name, "2")
    with pytest.raises(dataclasses.FrozenInstanceError):
        delattr(query, name)


def test_a_query_does_not_change_with_what_it_was_made_of() -> None:
    ids, params, sizes = ["16"], {"a": "1"}, ["M"]
    query = Cart(ids, params=params, filters={"Size": sizes})
    ids.append("37")
    params["b"] = "2"
    sizes.append("L")
    assert query.item_ids == ("16",)
    assert query.params == (("a", "1"),)
    assert query.filters["Size"] == ("M",)


def test_equal_questions_are_equal_however_they_were_written() -> None:
    assert Similar("1", filters={"Size": "M"}) == Similar("1", filters=Filters({"Size": ["M"]}))
    assert Popular(refinements="RemoveUserHistory") == Popular(refinements=["RemoveUserHistory"])
    assert Popular(params={"a": "1"}) == Popular(params=[("a", "1")])
    assert Popular(filters=None) == Popular()
    assert Popular() != New()


def test_algorithms_are_an_open_set_of_str() -> None:
    assert Similar("1", algo_type=AlgoType.VISUAL) == Similar("1", algo_type="Visual")
    assert Similar("1", algo_type="NotYetKnown").algo_type == "NotYetKnown"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Similar("1"), False),
        (Similar("1", session_id="s"), True),
        (Picks("u"), False),
        (Picks(session_id="s"), True),
        (Personalize("u", ["1"]), True),
        (Popular(user_id="u"), False),
        (Cart(["1"]), False),
    ],
)
def test_a_live_session_is_known_as_one(query, expected) -> None:
    assert query.has_side_effect is expected


def test_picks_need_somebody_but_not_both() -> None:
    assert Picks(session_id="s", algo_type=AlgoType.RECENT_VIEWS).user_id is None
    assert Picks("u").session_id is None


@pytest.mark.parametrize(
    ("build", "message"),
    [
        # Ids.
        (lambda: Similar(""), "similar: item_id must not be empty, got ''"),
        (lambda: Similar("  "), "similar: item_id must not be empty, got '  '"),
        (lambda: Similar(64702), "similar: item_id must be a str, got 64702; write '64702'"),
        (lambda: Similar(None), "similar: item_id must be a str, got None"),
        (lambda: Similar("\ud800"), "item_id holds a lone surrogate, which cannot be sent"),
        (lambda: ItemSelectors(""), "selectors: item_id must not be empty"),
        (lambda: BoughtTogether(""), "bought_together: item_id must not be empty"),
        (lambda: BoughtTogether("Items"), "item_id 'Items' cannot be asked for"),
        (lambda: BoughtTogether("items"), "use cart([...]) for this item"),
        (lambda: BoughtTogether(7), "bought_together: item_id must be a str, got 7; write '7'"),
        # Lists of ids.
        (lambda: Cart([]), "cart: item_ids must hold at least 1 id, got none"),
        (lambda: Cart("16"), "must be a list of str, got the str '16'; write ['16']"),
        (lambda: Cart(["16", "a,b"]), "cart: item_ids: 'a,b' holds a comma"),
        (lambda: Cart(["16", ""]), "cart: item_ids: each must not be empty, got ''"),
        (lambda: Cart([16]), "cart: item_ids: each must be a str, got 16; write '16'"),
        (lambda: Cart(None), "cart: item_ids must be a list of str, got None"),
        (lambda: Cart(b"16"), "cart: item_ids must be a list of str, got b'16'"),
        (lambda: Cart({"16"}), "cart: item_ids must be a list of str, got {'16'}"),
        (lambda: Personalize("u", []), "personalize: candidates must hold at least 1 id"),
        (lambda: Personalize("u", "1"), "candidates must be a list of str, got the str '1'"),
        (lambda: Personalize("", ["1"]), "personalize: user_id must not be empty, got ''"),
        (lambda: Personalize(None, ["1"]), "personalize: user_id must be a str, got None"),
        # Pages.
        (lambda: Popular(count=0), "popular: count must be at least 1, got 0"),
        (lambda: Popular(count=-3), "popular: count must be at least 1, got -3"),
        (lambda: Popular(count="5"), "popular: count must be an int, got '5'"),
        (lambda: Popular(count=2.5), "popular: count must be an int, got 2.5"),
        (lambda: Popular(count=True), "popular: count must be an int, got True"),
        (lambda: Popular(skip=-1), "popular: skip must be at least 0, got -1"),
        (lambda: Popular(skip=None, count="all"), "count must be an int, got 'all'"),
        # People.
        (Picks, "picks: give a user_id or a session_id; both are missing"),
        (lambda: Picks(""), "picks: user_id must not be empty, got ''"),
        (lambda: Picks(session_id=" "), "picks: session_id must not be empty, got ' '"),
        (lambda: Popular(user_id=""), "popular: user_id must not be empty, got ''"),
        (lambda: Popular(user_id=7), "popular: user_id must be a str, got 7; write '7'"),
        # The rest.
        (lambda: Popular(modeling=""), "popular: modeling must not be empty, got ''"),
        (lambda: Popular(channel_id=0), "channel_id must be a str, got 0; write '0'"),
        (lambda: Popular(catalog_id=0), "catalog_id must be a str, got 0; write '0'"),
        (lambda: Similar("1", algo_type=""), "similar: algo_type must not be empty"),
        (lambda: Similar("1", session_id=1), "session_id must be a str, got 1; write '1'"),
        (lambda: Popular(filters=["Size"]), "filters must be a mapping of name to value"),
        (lambda: Popular(filters="Size"), "got 'Size'; write {'Category': 'Clothing'}"),
        (lambda: Popular(filters={"count": "5"}), "'count' cannot be a filter"),
        (lambda: Popular(filters={"Size": 7}), "filter 'Size' must be a str or a list of str"),
        (lambda: Popular(refinements=["a,b"]), "popular: refinements: 'a,b' holds a comma"),
        (lambda: Popular(refinements=None), "refinements must be a list of str, got None"),
        (lambda: Popular(params="a=1"), "params must be a mapping or a list of pairs of str"),
        (lambda: Popular(params=b"a=1"), "params must be a mapping or a list of pairs of str"),
        (lambda: Popular(params=None), "params must be a mapping or a list of pairs of str"),
        (lambda: Popular(params=["ab"]), "each must be a pair of str, name and value, got 'ab'"),
        (lambda: Popular(params=[("a",)]), "each must be a pair of str, name and value"),
        (lambda: Popular(params={"a": 1}), "each must be a pair of str, name and value"),
        (lambda: Popular(params={"": "1"}), "got ('', '1')"),
        (lambda: Popular(params={"a": "\ud800"}), "params: the value of 'a' holds a lone"),
        (lambda: Popular(params={"\ud800": "1"}), "params: the name holds a lone surrogate"),
    ],
)  # fmt: skip
def test_a_bad_query_is_refused_with_its_value_and_the_fix(build, message) -> None:
    with pytest.raises(QueryError) as caught:
        build()
    assert message in str(caught.value)
    assert caught.value.status is None
    assert caught.value.attempts == ()


def test_a_comma_is_refused_only_where_it_separates() -> None:
    assert Similar("a,b").item_id == "a,b"
    assert Personalize("u", ["a,b"]).candidates == ("a,b",)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Popular(), False),
        (Popular(params={"tag": "x"}), False),
        (Popular(params={"sessionID": "s"}), True),
        (Similar("1"), False),
        (Similar("1", session_id="s"), True),
        (Similar("1", params=[("SessionId", "s")]), True),
        (Picks("u"), False),
        (Picks(session_id="s"), True),
        (Personalize("u", ["1"]), True),
    ],
)
def test_a_live_session_is_known_however_it_is_named(query, expected) -> None:
    assert query.has_side_effect is expected


NOTHING = "; that stands for a missing value, so leave this one out"


@pytest.mark.parametrize(
    ("given", "fix"),
    [
        (float("nan"), NOTHING), (float("inf"), NOTHING),
        (64702.0, "; write '64702'"), (64702, "; write '64702'"), (1.5, "; write '1.5'"),
        (None, ""), (b"1", ""),
    ],
)  # fmt: skip
def test_what_is_no_text_comes_with_advice_that_helps(given, fix) -> None:
    told = []
    for ask in (
        lambda: Similar(given),
        lambda: Similar("1", filters={"Size": [given]}),
        lambda: Cart([given]),
    ):
        with pytest.raises(QueryError) as caught:
            ask()
        told.append(str(caught.value))
    assert all(words.endswith(f"must be a str, got {given!r}{fix}") for words in told)
