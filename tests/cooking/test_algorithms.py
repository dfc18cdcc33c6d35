"""The algebra of the lists, on matrices small enough to check by hand."""

import numpy as np
import pytest
from scipy.sparse import coo_array, csr_array

from irclient.cooking import algorithms
from irclient.cooking.neighbours import NEIGHBOURS


def matrix(rows):
    """Rows of item indices as a matrix of ones."""
    pairs = [(at, item) for at, row in enumerate(rows) for item in row]
    people, items = (np.array(each) for each in zip(*pairs, strict=True))
    return coo_array((np.ones(len(pairs)), (people, items))).tocsr()


def near(neighbours, item):
    return [other for other in neighbours.items[item].tolist() if other >= 0]


def test_factors_bring_items_together_that_never_met():
    """0 and 2 share no person, but both go with 1."""
    people = [[0, 1]] * 6 + [[1, 2]] * 6 + [[3, 4]] * 6 + [[4, 5]] * 6
    found, singular = algorithms.factors(matrix(people))
    strongest = found * np.where(singular >= np.sort(singular)[-2], singular, 0.0)
    assert set(near(algorithms.nearest(strongest), 0)[:2]) == {1, 2}


def test_factors_do_not_depend_on_chance():
    people = matrix([[0, 1, 2], [1, 2, 3], [0, 3], [2, 4], [4, 0]])
    one, other = algorithms.factors(people), algorithms.factors(people)
    assert np.array_equal(one[0], other[0])


@pytest.mark.parametrize("rows", [[[0]], [[0, 1]], [[0], [0]]])
def test_too_little_data_has_factors_that_say_nothing(rows):
    found, singular = algorithms.factors(matrix(rows))
    assert found.shape[1] == singular.size
    assert not found.any()


def test_another_category_leaves_out_the_items_own():
    vectors = csr_array(np.hstack([np.ones((4, 1)), np.eye(4)]))
    of_any, found = algorithms.nearest_by_category(vectors, np.array([0, 0, 1, -1]))
    assert near(of_any, 0) == [1, 2, 3]
    assert near(found, 0) == [2, 3]
    assert near(found, 3) == [0, 1, 2]


@pytest.mark.parametrize("kind", ["random", "sparse", "equal"])
def test_neighbours_are_those_of_a_full_sort(monkeypatch, kind):
    monkeypatch.setattr(algorithms, "_BLOCK_SCORES", 50_000)  # several blocks
    random = np.random.default_rng(3)
    vectors = random.normal(size=(900, 6))
    if kind == "sparse":
        vectors = np.where(random.random((900, 6)) < 0.2, np.abs(vectors), 0.0)
    if kind == "equal":
        vectors = np.round(vectors[:, :2])
    found = algorithms.nearest(vectors)
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    unit = (vectors / lengths).astype(np.float32)
    for item in range(0, 900, 37):
        row = found.items[item][found.items[item] >= 0]
        scores = unit[item] @ unit.T
        scores[item] = 0.0
        best = np.sort(scores)[::-1][:NEIGHBOURS]
        best = best[best > 1e-6]
        assert len(row) == len(best)
        np.testing.assert_allclose(scores[row], best, atol=1e-6)


def test_scores_fall_and_no_more_neighbours_are_kept_than_a_list_can_have():
    vectors = np.random.default_rng(3).normal(size=(1200, 8))
    found = algorithms.nearest(vectors)
    assert found.items.shape[1] == NEIGHBOURS
    assert (np.diff(found.scores, axis=1) <= 0).all()
    assert ((found.items >= 0) == (found.scores > 0)).all()
    assert not (found.items == np.arange(1200)[:, None]).any()


@pytest.mark.parametrize("shape", [(40, 900), (900, 40), (700, 600)])
def test_factors_are_the_strongest_of_the_whole_decomposition(shape):
    random = np.random.default_rng(7)
    users = csr_array(np.where(random.random(shape) < 0.05, random.integers(1, 9, shape), 0.0))
    counts = np.maximum(np.bincount(users.indices, minlength=shape[1]), 1.0)
    _, strengths, items = np.linalg.svd(users.log1p().toarray() * counts**-0.3)
    found, strong = algorithms.factors(users)
    kept = strong.size
    np.testing.assert_allclose(strong[::-1], strengths[:kept], rtol=1e-6)
    expected = items[:kept].T * strengths[:kept]
    np.testing.assert_allclose(
        (found * strong) @ (found * strong).T, expected @ expected.T, atol=1e-3
    )


def test_factors_do_not_depend_on_chance_where_two_are_equally_strong():
    people = matrix([[0, 1], [2, 3], [4, 5], [6, 7]])
    found = {algorithms.factors(people)[0].tobytes() for _ in range(20)}
    assert len(found) == 1


def test_categories_in_any_order_are_told_apart_as_one_by_one():
    random = np.random.default_rng(3)
    vectors = random.normal(size=(90, 6))
    kinds = random.integers(-1, 4, size=90)
    of_any, of_another = algorithms.nearest_by_category(vectors, kinds)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = np.round(unit @ unit.T * 2**20)
    for item in range(90):
        others = [int(at) for at in np.argsort(-cosines[item], kind="stable") if at != item]
        near_all = [at for at in others if cosines[item, at] > 0]
        assert near(of_any, item) == near_all
        own = kinds[item]
        assert near(of_another, item) == [at for at in near_all if own == -1 or kinds[at] != own]
