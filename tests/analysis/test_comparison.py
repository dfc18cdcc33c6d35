"""`compare`: what it measures, what it leaves out, and what it says of that."""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from pathlib import Path

import pytest

from irclient import Served, errors
from irclient.analysis import Lists, compare
from irclient.queries import Similar
from irclient.testing import recommendation_list
from tests.analysis.filled import A, B, filled

CASES = json.loads(
    (Path(__file__).parent.parent / "data" / "metric-cases.json").read_text("utf-8")
)["pairs"]
A_LISTS = {case["name"]: case["a"] for case in CASES}
B_LISTS = {case["name"]: case["b"] for case in CASES}
MEASURES = ["overlap", "jaccard", "rbo", "tau"]


def of_b(by_seed, **more) -> Lists:
    return filled(by_seed, served=B, account="contoso-b", **more)


def test_each_query_is_measured_as_the_cases_say() -> None:
    rows = compare(filled(A_LISTS), of_b(B_LISTS), k=3, p=0.9).per_query.set_index("seed")
    for case in CASES:
        row = rows.loc[case["name"]]
        assert row["overlap"] == pytest.approx(case["overlap@3"])
        assert row["jaccard"] == pytest.approx(case["jaccard"])
        assert round(row["rbo"], 6) == case["rbo_ext_p0.9"]
        tau = case["kendall_tau_of_common"]
        assert math.isnan(row["tau"]) if tau is None else row["tau"] == pytest.approx(tau)
        assert row["only_a"] == len(set(case["a"]) - set(case["b"]))
        assert row["only_b"] == len(set(case["b"]) - set(case["a"]))
        assert (row["n_a"], row["n_b"]) == (len(case["a"]), len(case["b"]))


def test_what_is_compared_with_itself_is_alike() -> None:
    by_seed = {str(n): [str(item) for item in range(n)] for n in range(2, 101)}
    same = compare(filled(by_seed), filled(by_seed))
    assert (same.per_query[MEASURES] == 1).all(axis=None)
    assert (same.summary[["mean", "low", "high"]] == 1).all(axis=None)
    assert same.mixed.empty
    assert same.left_out.empty


def test_the_sides_can_be_exchanged() -> None:
    there = compare(filled(A_LISTS), of_b(B_LISTS)).per_query
    back = compare(of_b(B_LISTS), filled(A_LISTS)).per_query
    assert there[MEASURES].equals(back[MEASURES])
    assert there["only_a"].equals(back["only_b"])


def test_two_modelings_are_compared_query_by_query() -> None:
    old = filled({"1": ["a", "b"]}, modeling="old")
    new = filled({"1": ["b", "c"]}, modeling="new")
    row = compare(old, new).per_query.iloc[0]
    assert (row["overlap"], row["only_a"], row["only_b"]) == (0.5, 1, 1)


def test_the_summary_gives_intervals_and_says_what_was_left_out() -> None:
    wanted = {str(n): ["a", "b", "c", "d"] for n in range(40)}
    got = {str(n): ["a", "b", "x", "y"] if n % 2 else ["a", "b", "c", "d"] for n in range(40)}
    a, b = filled(wanted), of_b(got)
    a.add(Similar("failed"), errors.Unavailable("down"))
    b.add(Similar("failed"), recommendation_list(["a"], served=B))
    b.add(Similar("empty"), recommendation_list([], served=B))
    a.add(Similar("empty"), recommendation_list([], served=A))
    a.add(Similar("more"), recommendation_list(["a"], served=A))
    compared = compare(a, b, k=4)
    overlap = compared.summary.loc["overlap"]
    assert overlap["mean"] == 0.75
    assert 0.65 < overlap["low"] < 0.7
    assert 0.8 < overlap["high"] < 0.85
    assert (overlap["queries"], overlap["left_out"]) == (40, 3)
    assert dict(compared.left_out) == {"no answer in a": 1, "only in a": 1, "both empty": 1}
    assert "1 only in a" in repr(compared)
    assert "1 only in a" in compared._repr_html_()
    assert compare(a, b, k=4).summary.equals(compared.summary)


def test_an_interval_of_the_mean_covers_it_about_as_often_as_it_says() -> None:
    # Half of the lists agree in each of 50 samples of 30 queries.
    import random  # noqa: PLC0415

    rolled, covered = random.Random(1), 0
    for _ in range(50):
        got = {str(n): ["a"] if rolled.random() < 0.5 else ["b"] for n in range(30)}
        row = compare(filled({str(n): ["a"] for n in range(30)}), of_b(got)).summary.loc["overlap"]
        covered += row["low"] <= 0.5 <= row["high"]
    assert 43 <= covered <= 50


def test_what_another_account_answered_is_told_and_left_out() -> None:
    a = filled({"1": ["a"]})
    a.add(Similar("2"), recommendation_list(["b"], served=B))
    compared = compare(a, of_b({"1": ["a"], "2": ["b"]}))
    assert compared.per_query["seed"].tolist() == ["1"]
    assert dict(compared.left_out) == {"other account": 1}
    row = compared.mixed.iloc[0]
    assert (row["side"], row["seed"], row["account"]) == ("a", "2", "contoso-b")
    assert (row["reason"], bool(row["left_out"])) == ("other account", True)


@pytest.mark.parametrize(
    ("served", "reason"),
    [
        (Served(source="fallback", degraded=True), "fallback"),
        (dataclasses.replace(A, source="stale", degraded=True, age=900.0), "stale"),
        (dataclasses.replace(A, degraded=True), "degraded"),
    ],
)
def test_what_stands_in_for_an_answer_counts_for_no_account(served, reason) -> None:
    a = filled({"1": ["a"]})
    a.add(Similar("2"), recommendation_list(["b"], served=served))
    compared = compare(a, of_b({"1": ["a"], "2": ["b"]}))
    assert compared.mixed["reason"].tolist() == [reason]
    assert compared.per_query["seed"].tolist() == ["1"]


def test_an_answer_from_memory_counts_for_its_account() -> None:
    cached = dataclasses.replace(A, source="cache", age=5.0)
    assert compare(filled({"1": ["a"]}, served=cached), of_b({"1": ["a"]})).mixed.empty


def test_what_was_cooked_otherwise_than_the_rest_of_its_side_is_left_out() -> None:
    a = filled({"1": ["a"], "2": ["b"]}, version="20260104000000")
    newer = recommendation_list(["c"], served=A, interactions_version="20260105000000")
    a.add(Similar("3"), newer)
    compared = compare(a, of_b({"1": ["a"], "2": ["b"], "3": ["c"]}))
    assert dict(compared.left_out) == {"other data": 1}
    assert compared.mixed["seed"].tolist() == ["3"]


def test_a_cooking_between_the_two_sides_is_told_and_left_in() -> None:
    a = filled({"1": ["a"]}, version="20260104000000", modeling="old")
    b = filled({"1": ["a"]}, version="20260105000000", modeling="new")
    compared = compare(a, b)
    assert compared.mixed["reason"].tolist() == ["other data than a"]
    assert not compared.mixed["left_out"].any()
    assert len(compared.per_query) == 1
    # Two accounts cook by themselves.
    other = of_b({"1": ["a"]}, version="20260105000000", modeling="new")
    assert compare(a, other).mixed.empty


def test_an_item_that_is_listed_twice_counts_once() -> None:
    row = compare(filled({"1": ["a", "b", "a"]}), of_b({"1": ["a", "b"]})).per_query.iloc[0]
    assert row[MEASURES].tolist() == pytest.approx([1.0] * 4)
    assert (row["n_a"], row["n_b"]) == (2, 2)


def test_the_items_of_both_sides_have_their_ranks() -> None:
    items = compare(filled({"1": ["a", "b"]}), of_b({"1": ["b", "c"]})).items.set_index("item_id")
    assert items.loc["b", ["rank_a", "rank_b"]].tolist() == [2, 1]
    assert math.isnan(items.loc["a", "rank_b"])
    assert items.loc["c", "rank_b"] == 2


def test_what_cannot_be_compared_says_why() -> None:
    some = filled({"1": ["a"]})
    both = filled({"1": ["a"]}, modeling="old")
    both.add(Similar("1", modeling="new"), recommendation_list(["a"], served=A))
    for arguments, more, says in [
        ((some, {}), {}, "b must be Lists"),
        ((both, some), {}, "modelings 'old' and 'new'; collect each"),
        ((some, some), {"k": 0}, "k must be an int of at least 1, got 0"),
        ((some, some), {"p": 1}, "p must be above 0 and below 1, got 1"),
        ((some, some), {"p": "x"}, "p must be a number, got 'x'"),
    ]:
        with pytest.raises((TypeError, ValueError), match=says):
            compare(*arguments, **more)


def test_nothing_compares_to_nothing() -> None:
    compared = compare(Lists(), Lists())
    assert compared.per_query.empty
    assert compared.summary["mean"].isna().all()


def test_a_popularity_that_is_no_number_is_told_with_its_item() -> None:
    some = filled({"1": ["a"]})
    with pytest.raises(TypeError, match="popularity of 'a' must be a number, got 'x'"):
        compare(some, some).plot({"a": "x"})


@pytest.mark.parametrize("popularity", [None, {"a": 9, "d": 2, "x": 1}], ids=["lists", "given"])
def test_a_figure_shows_overlap_shifts_and_popularity(popularity, tmp_path) -> None:
    a, b = filled({"1": ["a", "b", "c"], "2": ["d"]}), of_b({"1": ["b", "a", "x"], "2": ["d"]})
    compared = compare(a, b, k=2)
    figure = compared.plot(popularity)
    left, middle, right = figure.axes
    assert [bar.get_height() for bar in left.patches] == [1.0, 1.0]
    ranks = middle.collections[0].get_offsets().tolist()
    assert sorted(ranks) == [[1.0, 1.0], [1.0, 2.0], [2.0, 1.0]]
    assert [label.get_text() for label in right.get_xticklabels()] == ["only a", "both", "only b"]
    assert "rank_a" in compared.items.columns
    assert "popularity" not in compared.items.columns
    figure.savefig(tmp_path / "compared.png")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    assert plt.get_fignums() == []


def test_a_figure_of_an_empty_list_beside_another_has_all_its_axes() -> None:
    assert len(compare(filled({"1": []}), of_b({"1": ["a"]})).plot().axes) == 3


def test_a_figure_without_matplotlib_says_how_to_install_it(monkeypatch) -> None:
    monkeypatch.delitem(sys.modules, "irclient.analysis.plot", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(errors.ConfigurationError, match="pip install matplotlib"):
        compare(filled({"1": ["a"]}), of_b({"1": ["a"]})).plot()


@pytest.mark.parametrize(
    ("a", "b", "reasons"),
    [
        ({"1": ["a"]}, {"2": ["a"]}, "1 only in a, 1 only in b"),
        ({"1": []}, {"1": []}, "1 both empty"),
        ({}, {}, "neither side holds a query"),
    ],
)
def test_two_sides_that_have_nothing_in_common_are_told(a, b, reasons, caplog) -> None:
    compared = compare(filled(a), of_b(b))
    (told,) = caplog.messages
    assert told.startswith(f"nothing could be compared ({reasons}): collect")
    assert "nothing could be compared" in repr(compared)
    assert "nothing could be compared" in compared._repr_html_()


def test_two_sides_of_which_one_is_empty_are_compared() -> None:
    assert "nothing" not in repr(compare(filled({"1": ["a"]}), of_b({"1": []})))
