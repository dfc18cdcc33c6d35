"""The measures, by cases that other implementations worked out."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from irclient.analysis.metrics import (
    distinct,
    diversity_of,
    gini_of,
    jaccard,
    kendall_tau,
    novelty_of,
    overlap,
    rank_biased_overlap,
)
from tests.analysis.filled import filled

CASES = json.loads((Path(__file__).parent.parent / "data" / "metric-cases.json").read_text("utf-8"))
PAIRS = [pytest.param(case, id=case["name"]) for case in CASES["pairs"]]


def same(value: float, expected: float | None) -> bool:
    return math.isnan(value) if expected is None else value == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("case", PAIRS)
def test_two_rankings_are_as_alike_as_others_say(case) -> None:
    for a, b in ((case["a"], case["b"]), (case["b"], case["a"])):
        assert same(overlap(a, b, 3), case["overlap@3"])
        assert same(jaccard(a, b), case["jaccard"])
        assert same(kendall_tau(a, b), case["kendall_tau_of_common"])
        # The cases have six digits.
        assert round(rank_biased_overlap(a, b, 0.9), 6) == case["rbo_ext_p0.9"]


def test_rank_biased_overlap_is_what_its_sum_comes_to_written_out() -> None:
    # Webber et al., equation 32, for l=4, s=2, p=1/2 and overlaps of 0, 1, 2, 2.
    by_hand = (
        (1 / 2) / (1 / 2) * (
            0 * 0.5 + 1 / 2 * 0.25 + 2 / 3 * 0.125 + 2 / 4 * 0.0625
            + 1 * (3 - 2) / (2 * 3) * 0.125 + 1 * (4 - 2) / (2 * 4) * 0.0625
        )
        + ((2 - 1) / 4 + 1 / 2) * 0.0625
    )  # fmt: skip
    assert rank_biased_overlap(["x", "a"], ["a", "y", "x", "z"], 0.5) == pytest.approx(by_hand)


@pytest.mark.parametrize("case", CASES["gini"], ids=lambda case: str(case["counts"]))
def test_gini_counts_what_is_never_shown(case) -> None:
    shown = {str(item): count for item, count in enumerate(case["counts"])}
    assert same(gini_of(shown, map(str, range(case["catalogue"]))), case["gini"])


def test_coverage_is_of_the_catalogue() -> None:
    case = CASES["coverage"]
    lists = filled({str(n): ids for n, ids in enumerate(case["lists"])})
    assert lists.coverage(case["catalogue"]) == case["coverage"]
    assert lists.coverage([*case["catalogue"], "a"], k=1) == 0.5


def test_novelty_is_the_mean_inverse_user_frequency() -> None:
    case = CASES["novelty"]
    lists = filled({"seed": case["list"]})
    assert lists.novelty(case["shown_to"], users=case["users"]) == case["miuf@3"]
    shares = {item: count / case["users"] for item, count in case["shown_to"].items()}
    assert lists.novelty(shares) == case["miuf@3"]


def test_an_item_that_nobody_is_known_to_use_is_one_of_the_rarest() -> None:
    assert novelty_of(["new", "none"], {"x": 1.0, "y": 0.25, "none": 0.0}) == 2.0
    assert math.isnan(novelty_of([], {"x": 1.0}))


def test_diversity_is_the_share_of_attributes_that_pairs_differ_in() -> None:
    assert diversity_of([["red", "red", "blue"]]) == pytest.approx(2 / 3)
    assert diversity_of([["red", "red"], ["S", "M"]]) == 0.5
    assert diversity_of([["red"] * 4]) == 0.0
    assert math.isnan(diversity_of([["red"]]))
    assert math.isnan(diversity_of([]))


def test_of_an_item_that_is_listed_twice_the_first_counts() -> None:
    assert distinct(["b", "a", "b"]) == ["b", "a"]
