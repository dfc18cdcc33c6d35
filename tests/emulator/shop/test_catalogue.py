"""The made-up catalogue."""

import numpy as np

from irclient.cooking.data.instants import DAY
from irclient.emulator.shop.catalogue import NEWEST_ITEMS, make_catalogue

ENDS_AT = 1_800_000_000_000


def catalogue(items=300):
    return make_catalogue(np.random.default_rng(1), items=items, ends_at=ENDS_AT)


def test_the_newest_items_are_those_that_the_documentation_lists_in_its_order():
    made = catalogue()
    order = np.argsort(-made.released_at)
    assert tuple(made.ids[at] for at in order[:6]) == NEWEST_ITEMS


def test_nothing_is_released_after_the_shops_end():
    assert catalogue().released_at.max() < ENDS_AT


def test_all_but_the_newest_have_been_there_for_a_while():
    ages = (ENDS_AT - catalogue().released_at) / DAY
    assert sorted(ages)[6] >= 20


def test_appeal_is_a_power_law():
    appeal = np.sort(catalogue().appeal)[::-1]
    assert appeal[0] > 20 * np.median(appeal)


def test_what_is_eaten_has_a_weight_and_no_color():
    made = catalogue()
    eaten = [at for at in range(300) if made.kind(at).category == "Pantry"]
    assert eaten
    assert all(made.look(at).endswith("g") for at in eaten)


def test_a_title_names_brand_material_and_kind():
    made = catalogue()
    title = made.title(0)
    assert title.startswith(made.brand(0))
    assert made.materials[0] in title
    assert made.kind(0).noun in title
