"""Identity: which calls ask the same, and which are alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

import pytest

from irclient import queries
from irclient._core.identity import KnownQueries, hashable, identity, query_of
from irclient.errors import QueryError

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


def popular(count: object = None, filters: object = None, refinements: object = ()):
    """What `popular(...)` asks."""
    numbers = (type(count), type(None))
    own = (count, None, filters, None, refinements)
    return (queries.Popular, *numbers, None, None, None, (), *own)


def seeded(seed: str):
    return (queries.BoughtTogether, *[type(None)] * 2, *[None] * 3, (), *[None] * 4, (), seed)


def is_known(known: KnownQueries, asked) -> bool:
    """Whether asking again brings the same query, and not one that is equal."""
    return known.query(asked) is known.query(asked)


@pytest.mark.parametrize(
    "asked",
    [popular(), popular(3), popular(3, {"Color": ["red"]}), popular(refinements=["A"])],
    ids=["nothing", "a number", "filters", "a list"],
)
def test_what_was_asked_before_is_known_again(asked) -> None:
    known = KnownQueries(10)
    assert known.query(asked) == query_of(asked)
    assert is_known(known, asked)


def test_what_looks_alike_is_not_known_for_it() -> None:
    known = KnownQueries(10)
    known.query(popular(1))
    for count in (True, 1.0):
        with pytest.raises(QueryError, match="count must be an int"):
            known.query(popular(count))


@pytest.mark.parametrize("value", [{1}, [{}], object(), {}, {"A": "1"}])
def test_what_is_no_value_of_a_query_is_never_known(value) -> None:
    known = KnownQueries(10)
    known.query(popular())
    with pytest.raises(QueryError, match="refinements"):
        known.query(popular(refinements=value))
    assert len(known) == 1


@pytest.mark.parametrize("query", ALONE, ids=lambda query: query.operation)
def test_what_may_not_be_shared_is_kept_nowhere(query) -> None:
    known = KnownQueries(10)
    asked = (type(query), *(getattr(query, each.name) for each in fields(query)))
    assert known.query(asked) == query
    assert len(known) == 0


def test_what_was_learned_first_is_forgotten_first() -> None:
    known = KnownQueries(2)
    first, second, _ = [known.query(seeded(seed)) for seed in "abc"]
    assert known.query(seeded("b")) is second
    assert known.query(seeded("a")) is not first


def test_what_is_asked_again_displaces_nothing() -> None:
    known = KnownQueries(2)
    first = known.query(seeded("a"))
    for _ in range(3):
        known.query(seeded("b"))
    assert known.query(seeded("a")) is first


def test_nothing_is_known_where_nothing_may_be() -> None:
    known = KnownQueries(0)
    assert known.query(seeded("a")) is not known.query(seeded("a"))
    assert len(known) == 0


def test_any_number_of_threads_may_ask() -> None:
    known = KnownQueries(20)
    with ThreadPoolExecutor(8) as pool:
        asked = [seeded(str(number % 40)) for number in range(2_000)]
        assert list(pool.map(known.query, asked)) == [query_of(each) for each in asked]
    assert len(known) <= 20


ASKED = (queries.Cart, int, type(None), None, None, None)
FIELDS = (3, None, {"Color": ["red", "blue"], "Size": "M"}, None, ["RemoveUserHistory"])


def test_what_cannot_be_looked_up_is_asked_for_in_a_form_that_can() -> None:
    asked = (*ASKED, {"flag": "1"}, *FIELDS, ["1", "2"])
    same = hashable(asked)
    assert hash(same) == hash(hashable(asked))
    assert query_of(same) == query_of(asked)
    built = query_of(same)
    assert (built.item_ids, built.params) == (("1", "2"), (("flag", "1"),))
    assert built.filters.pairs == (("Color", "red"), ("Color", "blue"), ("Size", "M"))


def test_a_filter_that_cannot_be_used_is_named_before_anything_is_looked_up() -> None:
    asked = (*ASKED, (), 3, None, {"Color": 7}, None, (), ["1"])
    with pytest.raises(QueryError, match="filter 'Color' must be a str or a list of str"):
        hashable(asked)
