"""Identity: which calls ask the same, and which are alone."""

from __future__ import annotations

import pytest

from irclient import queries
from irclient._core.identity import identity

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
