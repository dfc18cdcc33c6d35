"""Pairs of items that the same people took, against counting them one by one."""

from itertools import permutations
from math import log, sqrt

import numpy as np
import pytest

from irclient.cooking.tables import pairs
from tests.cooking.folders import kitchen, write_folder

ITEMS = 40


@pytest.fixture
def made(tmp_path):
    """A kitchen that knows who took what, and the same as a list of sets."""
    random = np.random.default_rng(11)
    people = [set(random.choice(ITEMS, size=size).tolist()) for size in random.integers(1, 25, 90)]
    rows = [
        {
            "InteractionGroupingId": f"b{at}",
            "ItemId": f"i{item:02d}",
            "UserId": f"u{at:03d}",
            "Timestamp": "2024-01-02",
            "IsPositive": True,
        }
        for at, items in enumerate(people)
        for item in sorted(items)
    ]
    items = [f"i{at:02d},,,,2024-01-01" for at in range(ITEMS)]
    folder = write_folder(tmp_path / "data", Interactions=rows, ItemsAndVariants=items)
    with kitchen(folder, tmp_path) as cooking:
        cooking.cook()
        yield cooking.engine, people


def counted(people, longest):
    """How many took each item, and each pair with the sum of their voices."""
    alone, both = np.zeros(ITEMS), np.zeros((2, ITEMS, ITEMS))
    for items in people:
        kept = sorted(items)[:longest]  # all on one day: the catalogue's order
        voice = round(1024 * log(1 + len(people) / len(items)) ** 3)
        alone[kept] += 1
        for one, other in permutations(kept, 2):
            both[:, one, other] += (1, voice)
    return alone, both


@pytest.mark.parametrize("longest", [5000, 10])
def test_pairs_score_what_counting_them_one_by_one_says(made, monkeypatch, longest):
    engine, people = made
    monkeypatch.setattr(pairs, "_BLOCK_PAIRS", 500)  # several blocks
    if longest < 5000:
        monkeypatch.setattr(pairs, "_MOST_PAIRS", 1)
    scores = {"people_also": pairs.people_also, "picks": pairs.picks}
    found = pairs.best_pairs(pairs.voiced(engine, "taken", size=ITEMS), scores)
    alone, (together, voices) = counted(people, longest)
    weight = 1.7 / (0.7 * (0.3 + 0.7 * alone / alone[alone > 0].mean()) + 1)
    for one in range(ITEMS):
        cosine = [
            together[one, other] / (sqrt(alone[one] * alone[other]) + 4) for other in range(ITEMS)
        ]
        okapi = voices[one] / 1024 * weight[one] * weight
        for name, expected in (("people_also", cosine), ("picks", okapi)):
            items, given = found[name].items[one], found[name].scores[one]
            kept = items >= 0
            assert sorted(items[kept]) == np.flatnonzero(together[one]).tolist()
            np.testing.assert_allclose(given[kept], np.array(expected)[items[kept]], rtol=1e-6)
            assert (np.diff(given) <= 0).all()
