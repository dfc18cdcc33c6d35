"""The made-up shop as files."""

import pytest

from irclient.cooking.data.data_contract import read_data_set
from irclient.emulator.shop.written_shop import FAMOUS_ITEM, NEWEST_ITEMS, user_id, write_shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    write_shop(folder, items=150, users=120, interactions=3000)
    return folder


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_shop_follows_the_data_contract_without_one_dropped_row(shop):
    data = read_data_set(shop)
    assert data.notes == ()
    assert len(data.items.ids) == 150
    assert len(data.interactions.item_ids) == 3000
    assert data.config.personalization_enabled
    assert data.opted_out == {user_id(99)}
    assert data.enrichments


def test_ids_are_numeric_and_short_and_the_examples_are_among_them(shop):
    ids = read_data_set(shop).items.ids
    assert {FAMOUS_ITEM, *NEWEST_ITEMS} <= set(ids)
    assert all(item_id.isdecimal() and len(item_id) <= 16 for item_id in ids)
    assert len(set(ids)) == len(ids)


def test_a_seed_gives_the_same_files_and_another_seed_others(shop, tmp_path):
    write_shop(tmp_path / "same", items=150, users=120, interactions=3000)
    write_shop(tmp_path / "other", seed=8, items=150, users=120, interactions=3000)
    assert contents(tmp_path / "same") == contents(shop)
    assert contents(tmp_path / "other") != contents(shop)


def test_some_items_are_gone_some_to_come_and_some_in_a_second_channel(shop):
    rows = read_data_set(shop).availabilities
    assert rows is not None
    assert {"0", "1"} == set(rows.channels)
    assert {"0", "10"} == set(rows.catalogs)
    assert len(set(rows.ends_at.tolist())) == 2
    assert len(set(rows.starts_at.tolist())) == 2


def test_titles_read_like_a_catalogue(shop):
    titles = read_data_set(shop).items.titles
    assert all(len(title.split()) >= 4 and title.count(", ") == 1 for title in titles)


@pytest.mark.parametrize("wrong", [{"items": 6}, {"users": 0}, {"interactions": 0}])
def test_a_shop_that_is_too_small_is_refused_with_the_least(tmp_path, wrong):
    with pytest.raises(ValueError, match="at least 7 items, 1 user and 1 interaction"):
        write_shop(tmp_path, **wrong)


def test_the_smallest_shop_works(tmp_path):
    write_shop(tmp_path, items=7, users=1, interactions=1)
    assert len(read_data_set(tmp_path).items.ids) == 7
