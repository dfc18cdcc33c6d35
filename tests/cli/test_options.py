"""Options that several commands share."""

import pytest

from irclient.cli.options import filters_of, params_of
from irclient.errors import QueryError


def test_a_filter_given_twice_has_two_values():
    given = ["Category=Clothing", "Color=Red", "Category=Shoes"]

    assert filters_of(given) == {"Category": ["Clothing", "Shoes"], "Color": ["Red"]}


def test_a_value_may_hold_an_equals_sign():
    assert params_of(["expression=a=b"]) == [("expression", "a=b")]


@pytest.mark.parametrize("given", ["Clothing", "=Clothing"])
def test_a_pair_without_name_or_value_is_refused_with_the_fix(given):
    with pytest.raises(QueryError, match=r"--filter must be NAME=VALUE.*write Category=Clothing"):
        filters_of([given])
