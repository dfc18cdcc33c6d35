"""A list of which only the part that is looked at is put in order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irclient.cooking import ranking
from irclient.cooking.ranking import Ranking, summed
from irclient.cooking.strings import Strings

IDS = Strings.of([f"i{at}" for at in range(50)])
scores_of_items = st.dictionaries(
    st.integers(0, 49), st.integers(1, 5).map(float), max_size=50
).map(lambda given: dict(sorted(given.items())))


@given(scores_of_items, st.integers(0, 60), st.integers(0, 60))
def test_a_slice_is_the_slice_of_the_sorted_list(given_scores, start, count):
    items = np.array(list(given_scores), dtype=np.int32)
    scores = np.array(list(given_scores.values()), dtype=np.float64)
    whole = [f"i{item}" for item in sorted(given_scores, key=lambda item: -given_scores[item])]

    made = Ranking(IDS, items[:0], (items, scores))

    assert len(made) == len(whole)
    assert made[start : start + count] == whole[start : start + count]
    assert list(made) == whole


def test_what_is_on_top_comes_first_and_lists_without_scores_keep_their_order():
    top, rest = np.array([7], dtype=np.int32), np.array([3, 1, 2], dtype=np.int32)

    made = Ranking(IDS, top, (rest, None))

    assert list(made) == ["i7", "i3", "i1", "i2"]
    assert made.places(2) == [7, 3]
    assert made[-1] == "i2"
    with pytest.raises(IndexError):
        made[4]


@pytest.mark.parametrize("few", [0, 100])
def test_scores_are_added_up_by_item_in_either_way(monkeypatch, few):
    monkeypatch.setattr(ranking, "_FEW_ITEMS", few)
    items = np.array([4, -1, 2, 4, 3], dtype=np.int32)

    found, sums = summed(items, np.array([1.0, 9.0, 0.5, 2.0, 0.0]), size=50)

    assert found.tolist() == [2, 4]
    assert sums.tolist() == [0.5, 3.0]
