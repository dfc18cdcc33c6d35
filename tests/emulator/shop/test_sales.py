"""The made-up sales: the structure that lists are meant to find is there."""

import numpy as np
import pytest

from irclient.cooking.data.instants import DAY
from irclient.emulator.shop.catalogue import make_catalogue
from irclient.emulator.shop.sales import make_sales
from irclient.emulator.shop.vocabulary import KINDS, STYLES

ENDS_AT = 1_800_000_000_000
CATALOGUE = make_catalogue(np.random.default_rng(1), items=400, ends_at=ENDS_AT)


@pytest.fixture(scope="module")
def sales():
    return make_sales(
        np.random.default_rng(2), CATALOGUE, users=300, interactions=20_000, ends_at=ENDS_AT
    )


def test_there_are_exactly_as_many_rows_as_asked_for(sales):
    columns = (sales.baskets, sales.users, sales.items, sales.at)
    assert [column.size for column in columns] == [20_000] * 4


def test_a_basket_belongs_to_one_user(sales):
    first_of_basket = np.unique(sales.baskets, return_index=True)[1]
    assert (sales.users == sales.users[first_of_basket][sales.baskets]).all()


def test_nothing_is_sold_before_its_release_or_after_the_end(sales):
    assert (sales.at >= CATALOGUE.released_at[sales.items]).all()
    assert (sales.at <= ENDS_AT).all()


def test_a_few_items_make_up_much_of_the_sales(sales):
    counts = np.sort(np.bincount(sales.items, minlength=400))[::-1]
    assert counts[:40].sum() > 0.3 * counts.sum()


def test_complements_share_baskets_more_often_than_chance(sales):
    nouns = [kind.noun for kind in KINDS]
    tent, bag = nouns.index("Tent"), nouns.index("Sleeping Bag")
    kinds = CATALOGUE.kinds[sales.items]
    with_tent = set(sales.baskets[kinds == tent].tolist())
    with_bag = set(sales.baskets[kinds == bag].tolist())
    by_chance = len(with_tent) * len(with_bag) / (sales.baskets[-1] + 1)
    assert len(with_tent & with_bag) > 3 * by_chance


def test_users_are_loyal_to_a_style(sales):
    styles = CATALOGUE.styles[sales.items]
    table = np.zeros((300, len(STYLES)))
    np.add.at(table, (sales.users, styles), 1)
    busy = table[table.sum(axis=1) >= 30]
    favourite = (busy.max(axis=1) / busy.sum(axis=1)).mean()
    assert favourite > 2 / len(STYLES)


def test_winter_things_sell_in_winter(sales):
    nouns = [kind.noun for kind in KINDS]
    kinds = CATALOGUE.kinds[sales.items]
    winter = np.isin(kinds, [nouns.index(noun) for noun in ("Beanie", "Gloves", "Scarf")])
    month = (sales.at.astype("datetime64[ms]").astype("datetime64[M]").astype(int)) % 12 + 1
    cold = np.isin(month, (12, 1))
    warm = np.isin(month, (6, 7))
    assert winter[cold].mean() > 2 * winter[warm].mean()


def test_fashion_drifts(sales):
    early = np.bincount(sales.items[sales.at < ENDS_AT - 270 * DAY], minlength=400)
    late = np.bincount(sales.items[sales.at > ENDS_AT - 60 * DAY], minlength=400)
    assert len(set(np.argsort(-early)[:20]) & set(np.argsort(-late)[:20])) < 15
