"""Identity: which calls ask the same, and which are alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from irclient import queries
from irclient._core.identity import Identities, hashable, identity, query_of
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


def found(identities: Identities, asked):
    """The identity of any values, as a list method finds it."""
    try:
        return identities.get(asked)
    except TypeError:
        return identities.look_up(asked)[0]


def popular(count: object = None, filters: object = None, refinements: object = ()):
    """What `popular(...)` asks."""
    numbers = (type(count), type(None))
    return (
        queries.Popular,
        *numbers,
        None,
        None,
        None,
        (),
        count,
        None,
        filters,
        None,
        refinements,
    )


def seeded(seed: str):
    return (queries.BoughtTogether, *[type(None)] * 2, *[None] * 3, (), *[None] * 4, (), seed)


@pytest.mark.parametrize(
    "asked",
    [popular(), popular(3), popular(3, {"Color": ["red"]}), popular(refinements=["A"])],
    ids=["nothing", "a number", "filters", "a list"],
)
def test_what_was_asked_before_is_known_by_the_identity_of_its_query(asked) -> None:
    identities = Identities(10)
    assert found(identities, asked) is None
    query = identities.learn(asked)
    assert query == query_of(asked)
    assert found(identities, asked) == identity(query)


def test_what_looks_alike_is_not_known_for_it() -> None:
    identities = Identities(10)
    identities.learn(popular(1))
    for count in (True, 1.0):
        assert found(identities, popular(count)) is None
        with pytest.raises(QueryError, match="count must be an int"):
            identities.learn(popular(count))


@pytest.mark.parametrize("value", [{1}, [{}], object()])
def test_what_is_no_value_of_a_query_is_never_known(value) -> None:
    identities = Identities(10)
    asked = popular(refinements=value)
    assert found(identities, asked) is None
    with pytest.raises(QueryError, match="refinements"):
        identities.learn(asked)
    assert len(identities) == 0


def test_what_may_not_be_shared_is_never_known() -> None:
    identities = Identities(10)
    asked = (queries.Personalize, None, None, None, (), "ann", ["1"])
    assert identities.learn(asked) == queries.Personalize("ann", ["1"])
    assert (found(identities, asked), len(identities)) == (None, 0)


def test_what_was_learned_first_is_forgotten_first() -> None:
    identities = Identities(2)
    for seed in "abc":
        identities.learn(seeded(seed))
    assert [identities.get(seeded(seed)) is not None for seed in "abc"] == [False, True, True]


def test_any_number_of_threads_may_learn() -> None:
    identities = Identities(20)
    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(lambda number: identities.learn(seeded(str(number % 40))), range(2_000)):
            pass
    assert len(identities) <= 20


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


@pytest.mark.parametrize("unused", [{}, {"A": "1"}])
def test_a_mapping_where_a_list_belongs_is_not_taken_for_what_it_holds(unused) -> None:
    identities = Identities(10)
    identities.learn(popular())
    assert found(identities, popular(refinements=unused)) is None


def test_a_session_and_a_user_whose_page_is_ranked_are_kept_nowhere() -> None:
    identities = Identities(10)
    for query in ALONE:
        asked = (type(query), *vars(query).values())
        assert identities.learn(asked) == query
    assert (len(identities), identities._query_of.cache_info().currsize) == (0, 0)


def test_what_is_learned_again_displaces_nothing() -> None:
    identities = Identities(2)
    for seed in "abbb":
        identities.learn(seeded(seed))
    assert [identities.get(seeded(seed)) is not None for seed in "ab"] == [True, True]
