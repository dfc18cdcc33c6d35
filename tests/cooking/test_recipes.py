"""What a data set is cooked into."""

import numpy as np

from irclient.cooking.data.data_contract import DataSet, Interactions, Items
from irclient.cooking.recipes import cooked_parts


def data(ids, rows):
    """Rows of (basket, item, user, instant, positive)."""
    return DataSet(
        items=Items(
            ids=ids,
            titles=("",) * len(ids),
            descriptions=("",) * len(ids),
            released_at=np.zeros(len(ids), dtype=np.int64),
        ),
        interactions=Interactions(
            groupings=tuple(row[0] for row in rows),
            item_ids=tuple(row[1] for row in rows),
            user_ids=tuple(row[2] for row in rows),
            at=np.array([row[3] for row in rows], dtype=np.int64),
            strengths=np.ones(len(rows)),
            positive=np.array([row[4] for row in rows], dtype=np.bool_),
        ),
    )


def history(cooked, user):
    at = cooked.texts["users"].index(user)
    starts = cooked.arrays["history_starts"]
    return cooked.arrays["history_items"][starts[at] : starts[at + 1]].tolist()


def test_a_history_is_latest_first_without_repeats():
    rows = [("b1", "a", "u", 1, True), ("b2", "b", "u", 2, True), ("b3", "a", "u", 3, True)]
    cooked = cooked_parts(data(("a", "b"), rows))
    assert history(cooked, "u") == [0, 1]


def test_a_user_whose_name_is_a_baskets_is_not_taken_for_the_basket():
    rows = [("u", "a", "", 1, True), ("b2", "b", "u", 2, True)]
    cooked = cooked_parts(data(("a", "b"), rows))
    assert cooked.texts["users"] == ["u"]
    assert history(cooked, "u") == [1]


def test_negative_interactions_do_not_count():
    rows = [("b1", "a", "u", 1, False), ("b1", "b", "u", 1, True)]
    assert cooked_parts(data(("a", "b"), rows)).arrays["popular"].tolist() == [1]


def test_interactions_with_items_outside_the_catalogue_are_noted():
    cooked = cooked_parts(data(("a",), [("b1", "x", "u", 1, True), ("b1", "a", "u", 1, True)]))
    (note,) = cooked.texts["notes"]
    assert "1 rows not used" in note
    assert "'x'" in note


def test_a_catalogue_that_nobody_touched_can_be_cooked():
    cooked = cooked_parts(data(("a",), []))
    assert cooked.arrays["new"].tolist() == [0]
    assert cooked.arrays["popular"].size == 0
    assert cooked.texts["users"] == []
