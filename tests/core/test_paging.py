"""The pager: what to ask for next, and when a list is at its end."""

from __future__ import annotations

import json

import pytest

from irclient import ServiceEndpoint, errors, queries
from irclient._core.paging import Pager
from irclient._wire.reading import read_list
from irclient.results import Served

ENDPOINTS = tuple(ServiceEndpoint(account, "web", tps=1) for account in "ab")


def page(*ids, total=None, version=None, endpoint="b/web", source="service"):
    more = {} if total is None else {"pagingInfo": {"totalItems": total}}
    rows = [{"id": each} if each is not None else {"id": None} for each in ids]
    body = json.dumps({"items": rows, "interactionsVersion": version, **more})
    return read_list(body.encode()).as_served(Served(endpoint=endpoint, source=source))


def pager(query=queries.Popular(), page_size=3):  # noqa: B008  (frozen)
    return Pager(query, page_size=page_size, endpoints=ENDPOINTS)


def asked(one: Pager) -> tuple[int | None, int | None] | None:
    query = one.next_query()
    return None if query is None else (query.skip, query.count)


def take(one: Pager, answer) -> None:
    query = one.next_query()
    assert query is not None
    one.take(query, answer)


def test_the_first_page_may_come_from_anywhere_and_pins_the_rest() -> None:
    one = pager()
    assert one.endpoints == ENDPOINTS
    take(one, page("1", "2", "3"))
    assert [each.label for each in one.endpoints] == ["b/web"]


@pytest.mark.parametrize(
    "last",
    [page(), page("4"), page("4", "5", "6", total=6), page("4", "5", "6", total=2)],
    ids=["empty", "short", "at the total", "beyond the total"],
)
def test_a_list_ends(last) -> None:
    one = pager()
    take(one, page("1", "2", "3"))
    assert asked(one) == (3, 3)
    take(one, last)
    assert asked(one) is None


def test_a_full_page_without_a_total_has_another_after_it() -> None:
    one = pager()
    take(one, page("1", "2", "3"))
    take(one, page("4", "5", "6"))
    assert asked(one) == (6, 3)


def test_the_querys_count_is_the_most_in_all_and_its_skip_the_beginning() -> None:
    one = pager(queries.Similar("1", count=5, skip=10))
    assert asked(one) == (10, 3)
    take(one, page("1", "2", "3"))
    assert asked(one) == (13, 2)
    take(one, page("4", "5"))
    assert asked(one) is None


def test_a_service_that_answers_more_than_was_asked_for_ends_the_list() -> None:
    one = pager(queries.Popular(count=4))
    take(one, page("1", "2", "3", "4", "5", "6"))
    assert asked(one) is None


def test_rows_that_were_left_out_have_their_place_in_the_list() -> None:
    one = pager()
    take(one, page("1", None, "3"))
    assert asked(one) == (3, 3)


def test_another_data_set_is_refused() -> None:
    one = pager()
    take(one, page("1", "2", "3", version="20260101000000"))
    with pytest.raises(errors.UnexpectedAnswer, match=r"20260101000000 before and 20260102000000"):
        take(one, page("4", version="20260102000000"))


def test_a_fallback_has_no_further_pages() -> None:
    one = pager()
    take(one, page("1", "2", "3", endpoint=None, source="fallback"))
    assert asked(one) is None


@pytest.mark.parametrize("size", [0, -1, 1.5, "3"])
def test_a_page_size_that_is_none_is_refused(size) -> None:
    with pytest.raises(errors.QueryError, match="page_size"):
        pager(page_size=size)


def test_what_is_no_list_has_no_pages() -> None:
    with pytest.raises(errors.QueryError, match="ItemSelectors"):
        pager(queries.ItemSelectors("1"))
