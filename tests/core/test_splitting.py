"""Splitting: sticky, as weighted, and growing a weight moves nobody back."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from enum import Enum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irclient import queries
from irclient._core.splitting import Split
from irclient.errors import ConfigurationError

USERS = [f"user-{number}" for number in range(4000)]


def never() -> float:
    raise AssertionError("a caller with a name leaves nothing to chance")


def variants(split: Split, users=USERS) -> list[str]:
    return [split.variant_of(queries.Picks(user), uniform=never) for user in users]


def test_the_weights_are_what_each_variant_gets() -> None:
    shares = Counter(variants(Split({"blue": 70, "green": 25, "red": 5}, salt="")))
    assert shares["blue"] / 4000 == pytest.approx(0.70, abs=0.03)
    assert shares["green"] / 4000 == pytest.approx(0.25, abs=0.03)
    assert shares["red"] / 4000 == pytest.approx(0.05, abs=0.015)


def test_a_caller_stays_with_its_variant_in_every_process() -> None:
    one, two = (Split({"blue": 50, "green": 50}, salt="s") for _ in range(2))
    assert variants(one) == variants(two)
    # Known values: another hash would move everybody at an upgrade.
    known = ["blue", "green", "blue", "blue", "blue"]
    assert variants(one, ["ann", "bob", "cy", "dee", "eve"]) == known


def test_the_order_in_which_variants_are_named_means_nothing() -> None:
    one = Split({"blue": 60, "green": 40}, salt="")
    two = Split({"green": 40, "blue": 60}, salt="")
    assert variants(one) == variants(two)


def test_another_salt_deals_anew() -> None:
    one = variants(Split({"blue": 50, "green": 50}, salt="spring"))
    two = variants(Split({"blue": 50, "green": 50}, salt="autumn"))
    same = sum(a == b for a, b in zip(one, two, strict=True))
    assert same / 4000 == pytest.approx(0.5, abs=0.04)


@given(st.floats(0.0, 100.0), st.floats(0.0, 100.0), st.text(min_size=1, max_size=20))
def test_growing_a_weight_moves_nobody_out_of_its_variant(before, growth, user) -> None:
    weights = {"blue": 50.0, "red": 10.0}
    less = Split({**weights, "green": before}, salt="x")
    more = Split({**weights, "green": before + growth}, salt="x")
    who = queries.Popular(user_id=f"u{user}")
    was, is_now = (each.variant_of(who, uniform=never) for each in (less, more))
    assert is_now in {was, "green"}


def test_shifting_moves_only_whom_it_must() -> None:
    split = Split({"blue": 90, "green": 10}, salt="")
    before = variants(split)
    split.shift({"green": 40})
    after = variants(split)
    assert split.weights == {"blue": 90, "green": 40}
    moved = Counter((a, b) for a, b in zip(before, after, strict=True) if a != b)
    assert set(moved) == {("blue", "green")}


def test_switching_gives_one_variant_everything_and_can_be_undone() -> None:
    split = Split({"blue": 90, "green": 10}, salt="")
    before = variants(split)
    split.switch("green")
    assert split.weights == {"blue": 0, "green": 1}
    assert set(variants(split)) == {"green"}
    split.shift({"blue": 90, "green": 10})
    assert variants(split) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda split: split.switch("red"),
        lambda split: split.shift({"red": 1}),
        lambda split: split.shift({"blue": 0, "green": 0}),
        lambda split: split.shift({"blue": -1}),
        lambda split: split.shift({"blue": float("nan")}),
        lambda split: split.shift({"blue": "10"}),
    ],
)
def test_weights_that_make_no_sense_are_refused_and_change_nothing(change) -> None:
    split = Split({"blue": 90, "green": 10}, salt="")
    with pytest.raises(ConfigurationError, match="TrafficSplit"):
        change(split)
    assert split.weights == {"blue": 90, "green": 10}


def test_a_user_counts_before_a_session() -> None:
    split = Split({"blue": 50, "green": 50}, salt="")
    of_user = dict(zip(USERS, variants(split), strict=True))
    for user, other in itertools.pairwise(USERS[:51]):
        both = queries.Picks(user, session_id=other)
        session = queries.Picks(session_id=user)
        assert split.variant_of(both, uniform=never) == of_user[user]
        assert split.variant_of(session, uniform=never) == of_user[user]


def test_a_call_for_nobody_in_particular_is_left_to_chance() -> None:
    split, chance = Split({"blue": 50, "green": 50}, salt=""), random.Random(3)
    drawn = Counter(split.variant_of(queries.Popular(), uniform=chance.random) for _ in range(2000))
    assert drawn["blue"] / 2000 == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("draw", [0.0, 1.0])
def test_the_ends_of_chance_are_no_trouble(draw) -> None:
    split = Split({"blue": 50, "green": 50}, salt="")
    assert split.variant_of(queries.Popular(), uniform=lambda: draw) in {"blue", "green"}


def test_salt_variant_and_user_never_run_together() -> None:
    one = Split({"ab": 50, "c": 50}, salt="")
    two = Split({"b": 50, "c": 50}, salt="a")
    named = {"ab": 0, "b": 0, "c": 1}
    first = [named[each] for each in variants(one)]
    second = [named[each] for each in variants(two)]
    assert first != second


def test_its_repr_tells_the_shares() -> None:
    assert repr(Split({"blue": 30, "green": 10}, salt="")) == "<Split blue 75%, green 25%>"


class User(str, Enum):  # noqa: UP042  (the kind that prints its name)
    """As applications name their users; such a member prints its name, and equals its value."""

    ANN = "ann"
    BOB = "bob"
    CY = "cy"


def test_a_user_who_is_a_member_of_an_enum_belongs_where_their_id_does() -> None:
    split = Split({"blue": 1, "green": 1}, salt="s")
    for user in User:
        by_member = split.variant_of(queries.Picks(user), uniform=lambda: 0.5)
        assert by_member == split.variant_of(queries.Picks(user.value), uniform=lambda: 0.5)
    users = [f"user-{number}" for number in range(40)]
    made = Enum("made", [(f"N{each}", each) for each in users], type=str)
    assert [split.variant_of(queries.Picks(each), uniform=lambda: 0.5) for each in made] == [
        split.variant_of(queries.Picks(each), uniform=lambda: 0.5) for each in users
    ]
