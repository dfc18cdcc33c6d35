"""The query of a request: names in any case, filters for the rest, numbers checked."""

import pytest

from irclient.contract.parameters import BadParameter, PagingRules, read_parameters


def read(*query, default_count=25, most_count=None, bad_paging="refuse"):
    paging = PagingRules(default_count=default_count, most_count=most_count, bad_paging=bad_paging)
    return read_parameters(query, paging=paging)


def test_names_match_in_any_case_and_the_first_counts():
    found = read(("Count", "5"), ("SKIPITEMS", "3"), ("count", "9"), ("algotype", "MF"))
    assert (found.count, found.skip_items, found.algo_type) == (5, 3, "MF")


def test_every_other_name_is_a_filter_and_its_repeats_are_its_values():
    found = read(("Category", "Clothing"), ("size", "M"), ("Size", "L"), ("modeling", "adw"))
    assert found.filters == {"Category": ("Clothing",), "size": ("M", "L")}


def test_parameters_without_meaning_are_no_filters():
    assert read(("environmentId", "x"), ("ClientType", "ExternalTest")).filters == {}


def test_ids_are_separated_by_commas():
    found = read(("seedItemIds", "16,37,,50"), ("Refinements", "RemoveUserHistory"))
    assert found.seed_item_ids == ("16", "37", "50")
    assert found.refinements == ("RemoveUserHistory",)


def test_defaults_are_the_service_s_rules():
    assert (read().count, read().skip_items) == (25, 0)
    assert read(default_count=7).count == 7
    assert read(("count", "500"), most_count=100).count == 100


@pytest.mark.parametrize("text", ["-1", "five", "1.5", "٣", "9" * 11])
def test_a_bad_number_is_refused_or_ignored(text):
    with pytest.raises(BadParameter, match="count must be a whole number"):
        read(("count", text))
    assert read(("count", text), bad_paging="ignore").count == 25
