"""Choosing the best of many candidates, whatever the blocks they come in."""

import numpy as np
import pytest

from irclient.cooking.neighbours import NEIGHBOURS, for_each_block, no_neighbours


def test_the_best_are_kept_in_order_and_equal_ones_in_the_catalogues_order():
    random = np.random.default_rng(5)
    scores = random.integers(1, 40, size=700) / 8
    others = random.permutation(700)
    found = no_neighbours(700)
    found.keep_best(3, np.array([0, 650, 650, 700]), others, scores)
    for row, part in ((3, slice(0, 650)), (4, slice(0, 0)), (5, slice(650, 700))):
        best = np.lexsort((others[part], -scores[part]))[:NEIGHBOURS]
        assert found.items[row, : best.size].tolist() == others[part][best].tolist()
        assert found.scores[row, : best.size].tolist() == scores[part][best].tolist()
        assert (found.items[row, best.size :] == -1).all()


def test_a_candidate_that_scores_nothing_is_left_out():
    found = no_neighbours(3)
    found.keep_best(0, np.array([0, 3]), np.array([0, 1, 2]), np.array([0.0, 0.5, 0.0]))
    assert found.items[0].tolist() == [1, -1, -1]
    assert found.scores[0].tolist() == [0.5, 0.0, 0.0]


def test_a_block_that_fails_ends_the_work():
    def work(start, stop):
        raise ValueError(f"{start} to {stop}")

    with pytest.raises(ValueError, match="0 to 2"):
        for_each_block(work, [(0, 2), (2, 4)])
