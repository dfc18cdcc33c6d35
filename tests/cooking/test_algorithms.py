"""The mathematics of the lists, on matrices small enough to check by hand."""

import numpy as np
import pytest

from irclient.cooking import algorithms

DAY = algorithms.DAY


def matrix(rows):
    """Rows of item indices as a matrix of ones."""
    pairs = [(at, item) for at, row in enumerate(rows) for item in row]
    people = np.array([at for at, _ in pairs], dtype=np.int64)
    items = np.array([item for _, item in pairs], dtype=np.int32)
    size = max(item for _, item in pairs) + 1
    return algorithms.counted(people, items, np.ones(len(pairs)), size=size)


def near(neighbours, item):
    return [other for other in neighbours.items[item].tolist() if other >= 0]


def test_new_is_by_release_date_and_keeps_the_catalogues_order_on_ties():
    assert algorithms.newest(np.array([5, 9, 5, 7])).tolist() == [1, 3, 0, 2]


def test_popular_counts_what_lies_within_the_look_back_of_the_newest_interaction():
    items = np.array([0, 0, 0, 1, 1, 2], dtype=np.int32)
    at = np.array([0, 0, 0, 90, 95, 100]) * DAY
    assert algorithms.popular(items, at, size=4, look_back_days=365).tolist() == [0, 1, 2]
    assert algorithms.popular(items, at, size=4, look_back_days=30).tolist() == [1, 2]


def test_trending_weighs_the_latest_more_than_popular_does():
    items = np.array([0] * 5 + [1] * 3, dtype=np.int32)
    at = np.array([0] * 5 + [28] * 3) * DAY
    released = np.zeros(2, dtype=np.int64)
    assert algorithms.popular(items, at, size=2, look_back_days=365).tolist() == [0, 1]
    order = algorithms.trending(items, at, released, look_back_days=365, max_age_days=365)
    assert order.tolist() == [1, 0]


def test_an_item_that_is_too_old_is_not_trending():
    items, at = np.array([0, 1], dtype=np.int32), np.array([100, 100]) * DAY
    released = np.array([0, 90]) * DAY
    order = algorithms.trending(items, at, released, look_back_days=30, max_age_days=30)
    assert order.tolist() == [1]


def test_without_interactions_nothing_is_popular_or_trending():
    none, never = np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int64)
    released = np.zeros(3, dtype=np.int64)
    assert algorithms.popular(none, never, size=3, look_back_days=1).size == 0
    order = algorithms.trending(none, never, released, look_back_days=1, max_age_days=1)
    assert order.size == 0


def test_people_also_finds_what_the_same_people_took_and_never_the_item_itself():
    found = algorithms.people_also(matrix([[0, 1], [0, 1], [0, 2], [3]]))
    assert near(found, 0) == [1, 2]
    assert near(found, 3) == []


def test_an_item_that_everybody_has_is_less_similar_than_a_faithful_companion():
    people = [[0, 1, 2]] * 5 + [[2]] * 40
    assert near(algorithms.people_also(matrix(people)), 0) == [1, 2]


def test_bought_together_ignores_what_chance_would_bring_together():
    baskets = [[0, 1]] * 10 + [[0, 2]] + [[2, 3]] * 60 + [[3]] * 10 + [[1]]
    found = algorithms.bought_together(matrix(baskets))
    assert near(found, 0) == [1]  # 2 is in most baskets, and seldom with 0


def test_a_handful_of_baskets_still_brings_items_together():
    assert near(algorithms.bought_together(matrix([[0, 1]])), 0) == [1]


def test_factors_bring_items_together_that_never_met():
    """0 and 2 share no person, but both go with 1."""
    people = [[0, 1]] * 6 + [[1, 2]] * 6 + [[3, 4]] * 6 + [[4, 5]] * 6
    found, singular = algorithms.factors(matrix(people))
    strongest = found * np.where(singular >= np.sort(singular)[-2], singular, 0.0)
    assert set(near(algorithms.nearest(strongest), 0)[:2]) == {1, 2}
    assert near(algorithms.people_also(matrix(people)), 0) == [1]


def test_factors_do_not_depend_on_chance():
    people = matrix([[0, 1, 2], [1, 2, 3], [0, 3], [2, 4], [4, 0]])
    one, other = algorithms.factors(people), algorithms.factors(people)
    assert np.array_equal(one[0], other[0])


@pytest.mark.parametrize("rows", [[[0]], [[0, 1]], [[0], [0]]])
def test_too_little_data_has_factors_that_say_nothing(rows):
    found, singular = algorithms.factors(matrix(rows))
    assert found.shape[1] == singular.size
    assert not found.any()


def test_words_are_folded_and_free_of_punctuation():
    assert algorithms.words_of("Crew-Neck SWEATER, größe M_2") == [
        "crew", "neck", "sweater", "grösse", "m", "2",
    ]  # fmt: skip


def test_texts_are_near_by_their_rare_words():
    texts = ["red wool hat", "blue wool hat", "red cotton shirt", "green teapot", ""]
    found = algorithms.nearest(
        algorithms.word_vectors([algorithms.words_of(text) for text in texts])
    )
    assert near(found, 0) == [1, 2]
    assert near(found, 3) == []
    assert near(found, 4) == []


def test_a_word_that_most_texts_share_says_nothing_in_a_large_catalogue():
    texts = [["shop", f"w{at // 2}"] for at in range(60)]
    assert near(algorithms.nearest(algorithms.word_vectors(texts)), 0) == [1]


def test_another_category_leaves_out_the_items_own():
    vectors = algorithms.word_vectors([["red", "x"], ["red", "y"], ["red", "z"], ["red", "q"]])
    found = algorithms.in_another_category(vectors, np.array([0, 0, 1, -1]))
    assert near(found, 0) == [2, 3]
    assert near(found, 3) == [0, 1, 2]


def test_scores_fall_and_no_more_neighbours_are_kept_than_a_list_can_have():
    random = np.random.default_rng(3)
    people = random.integers(600, size=(400, 30)).tolist()  # more than one block of rows
    found = algorithms.people_also(matrix(people))
    assert found.items.shape[1] == algorithms.NEIGHBOURS
    assert (np.diff(found.scores, axis=1) <= 0).all()
    assert ((found.items >= 0) == (found.scores > 0)).all()
    own = np.arange(found.items.shape[0])[:, None]
    assert not (found.items == own).any()
