"""Filters: plain query parameters, checked when built."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irclient.errors import QueryError
from irclient.filters import RESERVED_NAMES, Filters


def test_each_value_is_one_query_parameter_in_the_order_given() -> None:
    filters = Filters({"Category": "Clothing", "Size": ["M", "L"]})
    assert filters.pairs == (("Category", "Clothing"), ("Size", "M"), ("Size", "L"))
    assert dict(filters) == {"Category": ("Clothing",), "Size": ("M", "L")}
    assert len(filters) == 2
    assert repr(filters) == "Filters({'Category': ('Clothing',), 'Size': ('M', 'L')})"


def test_no_filters_are_no_parameters() -> None:
    assert Filters().pairs == Filters({}).pairs == Filters(None).pairs == ()


def test_a_str_and_a_list_of_it_are_the_same_filter() -> None:
    assert Filters({"Size": "M"}) == Filters({"Size": ["M"]})
    assert hash(Filters({"Size": "M"})) == hash(Filters({"Size": ("M",)}))
    assert Filters({"Size": "M"}) != Filters({"Size": "L"})


def test_filters_do_not_change_with_what_they_were_made_of() -> None:
    values = ["M"]
    filters = Filters({"Size": values})
    values.append("L")
    assert filters["Size"] == ("M",)
    with pytest.raises(TypeError):
        filters["Size"] = ("L",)


def test_filters_travel_between_processes() -> None:
    filters = Filters({"Size": ["M", "L"]})
    assert pickle.loads(pickle.dumps(filters)).pairs == filters.pairs


@pytest.mark.parametrize("name", sorted(RESERVED_NAMES))
@pytest.mark.parametrize("case", [str.lower, str.upper, str.title])
def test_a_parameter_of_the_api_is_no_filter_in_any_case(name, case) -> None:
    with pytest.raises(QueryError, match=f"'{case(name)}' cannot be a filter.*params="):
        Filters({case(name): "1"})


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"": "x"}, "name must be a str that is not blank, got ''"),
        ({"  ": "x"}, "name must be a str that is not blank, got '  '"),
        ({7: "x"}, "name must be a str that is not blank, got 7"),
        ({"Size": []}, "filter 'Size' has no values; leave it out"),
        ({"Size": None}, "filter 'Size' must be a str or a list of str, got NoneType: None"),
        ({"Size": 7}, "filter 'Size' must be a str or a list of str, got int: 7"),
        ({"Size": b"M"}, "filter 'Size' must be a str or a list of str, got bytes: b'M'"),
        ({"Size": {"M"}}, "filter 'Size' must be a str or a list of str, got set: {'M'}"),
        ({"Price": [10, 20]}, "filter 'Price': each value must be a str, got 10; write '10'"),
        ({"Size": [None]}, "filter 'Size': each value must be a str, got None"),
        ({"Size": "\ud800"}, "lone surrogate, which cannot be sent: '\\ud800'"),
        ({"\udfff": "M"}, "lone surrogate, which cannot be sent: '\\udfff'"),
    ],
)
def test_a_bad_filter_is_refused_with_its_value_and_the_fix(filters, message) -> None:
    with pytest.raises(QueryError) as caught:
        Filters(filters)
    assert message in str(caught.value)


NAMES = st.text(st.characters(codec="utf-8"), min_size=1).filter(
    lambda name: name.strip() and name.lower() not in RESERVED_NAMES
)


@given(st.dictionaries(NAMES, st.lists(st.text(st.characters(codec="utf-8")), min_size=1)))
def test_whatever_is_accepted_is_kept_as_it_is(given_filters) -> None:
    filters = Filters(given_filters)
    assert {name: list(values) for name, values in filters.items()} == given_filters
    expected = [(name, value) for name, values in given_filters.items() for value in values]
    assert list(filters.pairs) == expected
