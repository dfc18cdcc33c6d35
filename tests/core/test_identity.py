"""Identity: which calls ask the same, and which are alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

import pytest

from irclient import queries
from irclient._clients.list_methods import ListMethods
from irclient._core.identity import KnownQueries, identity
from irclient.errors import QueryError
from irclient.filters import Filters

ALONE = [
    queries.Similar("1", session_id="s"),
    queries.Picks(session_id="s"),
    queries.Personalize("u", ["1"]),
    queries.Popular(params={"SessionID": "s"}),
]


def test_equal_queries_have_one_identity() -> None:
    first, second = queries.Similar("1", count=3), queries.Similar("1", count=3)
    assert identity(first) == identity(second) != identity(queries.Similar("1", count=4))


@pytest.mark.parametrize("query", ALONE, ids=lambda query: query.operation)
def test_what_has_a_side_effect_has_no_identity(query) -> None:
    assert identity(query) is None
    assert identity(query, "blue") is None


def test_variants_share_nothing() -> None:
    query = queries.Popular()
    found = {identity(query), identity(query, "blue"), identity(query, "green")}
    assert len(found) == 3


@pytest.mark.parametrize("nothing", ["popular", None, 7, object()])
def test_what_is_no_query_has_no_identity(nothing) -> None:
    assert identity(nothing) is None


def test_an_identity_is_found_out_once() -> None:
    query = queries.Similar("1")
    assert identity(query) is identity(query)
    assert query == queries.Similar("1"), "what is kept with a query is not part of it"
    assert hash(query) == hash(queries.Similar("1"))


class Asked(ListMethods):
    """Answers each query with itself."""

    def __init__(self, most: int) -> None:
        self._known_queries = KnownQueries(most)

    def fetch(self, query):
        return query

    def _note_refusal(self, operation):
        """Nobody is told."""

    def __len__(self) -> int:
        return len(self._known_queries)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"count": 3},
        {"count": 3, "filters": {"Color": ["red"]}},
        {"filters": Filters({"Color": ["red"]})},
        {"refinements": ["A"]},
        {"params": [["a", "1"]]},
    ],
    ids=str,
)
def test_what_was_asked_before_is_known_again(given) -> None:
    ask = Asked(10)
    first = ask.popular(**given)
    assert first == queries.Popular(**given)
    assert ask.popular(**given) is first


def test_what_looks_alike_is_not_known_for_it() -> None:
    ask = Asked(10)
    ask.popular(count=1)
    for count in (True, 1.0):
        with pytest.raises(QueryError, match="count must be an int"):
            ask.popular(count=count)


def test_a_mapping_is_not_known_for_its_pairs() -> None:
    ask = Asked(10)
    ask.popular(filters={"Color": "red"})
    with pytest.raises(QueryError, match="filters must be a mapping"):
        ask.popular(filters=(("Color", "red"),))


@pytest.mark.parametrize("value", [{1}, [{}], [[]], object(), {}, {"A": "1"}, b"A"])
def test_what_is_no_value_of_a_query_is_never_known(value) -> None:
    ask = Asked(10)
    ask.popular()
    with pytest.raises(QueryError, match="refinements"):
        ask.popular(refinements=value)
    assert len(ask) == 1


def test_what_holds_itself_is_refused_like_any_other_wrong_value() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(QueryError, match="refinements"):
        Asked(10).popular(refinements=endless)


def test_what_is_known_does_not_change_with_what_it_was_made_of() -> None:
    ask, colors = Asked(10), ["red"]
    red = ask.popular(filters={"Color": colors})
    colors.append("blue")
    both = ask.popular(filters={"Color": colors})
    assert red.filters["Color"] == ("red",)
    assert both.filters["Color"] == ("red", "blue")


@pytest.mark.parametrize("query", ALONE, ids=lambda query: query.operation)
def test_what_may_not_be_shared_is_kept_nowhere(query) -> None:
    ask = Asked(10)
    given = {each.name: getattr(query, each.name) for each in fields(query)}
    assert getattr(ask, query.operation)(**given) == query
    assert len(ask) == 0


def test_what_was_learned_first_is_forgotten_first() -> None:
    ask = Asked(2)
    first, second, _ = [ask.bought_together(seed) for seed in "abc"]
    assert ask.bought_together("b") is second
    assert ask.bought_together("a") is not first


def test_what_is_asked_again_displaces_nothing() -> None:
    ask = Asked(2)
    first = ask.bought_together("a")
    for _ in range(3):
        ask.bought_together("b")
    assert ask.bought_together("a") is first


def test_nothing_is_known_where_nothing_may_be() -> None:
    ask = Asked(0)
    assert ask.bought_together("a") is not ask.bought_together("a")
    assert len(ask) == 0


def test_any_number_of_threads_may_ask() -> None:
    ask = Asked(20)
    with ThreadPoolExecutor(8) as pool:
        seeds = [str(number % 40) for number in range(2_000)]
        answers = list(pool.map(ask.bought_together, seeds))
    assert answers == [queries.BoughtTogether(seed) for seed in seeds]
    assert len(ask) <= 20


def test_a_filter_that_cannot_be_used_is_named() -> None:
    with pytest.raises(QueryError, match="filter 'Color' must be a str or a list of str"):
        Asked(10).cart(["1"], filters={"Color": 7})
