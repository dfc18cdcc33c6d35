"""The made-up shop as files."""

import subprocess
import sys

import pytest

from irclient.emulator.shop.written_shop import FAMOUS_ITEM, NEWEST_ITEMS, user_id, write_shop
from tests.cooking.folders import kitchen


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    write_shop(folder, items=150, users=120, interactions=3000)
    return folder


@pytest.fixture
def read(shop, tmp_path):
    with kitchen(shop, tmp_path) as made:
        made.read()
        yield made


def column(read, name, table):
    return read.engine.columns(f"select {name} from {table}")[name].tolist()


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_shop_follows_the_data_contract_without_one_dropped_row(read):
    assert read.report.sentences == ()
    assert read.size == 150
    assert len(column(read, "item_id", "interactions")) == 3000
    assert read.config.personalization_enabled
    assert column(read, "user_id", "opt_outs") == [user_id(99)]
    assert column(read, "item_id", "changes")
    assert column(read, "item_id", "seeded_changes")


def test_ids_are_numeric_and_short_and_the_examples_are_among_them(read):
    ids = column(read, "item_id", "items")
    assert {FAMOUS_ITEM, *NEWEST_ITEMS} <= set(ids)
    assert all(item_id.isdecimal() and len(item_id) <= 16 for item_id in ids)
    assert len(set(ids)) == len(ids)


def test_a_seed_gives_the_same_files_and_another_seed_others(shop, tmp_path):
    write_shop(tmp_path / "same", items=150, users=120, interactions=3000)
    write_shop(tmp_path / "other", seed=8, items=150, users=120, interactions=3000)
    assert contents(tmp_path / "same") == contents(shop)
    assert contents(tmp_path / "other") != contents(shop)


def test_some_items_are_gone_some_to_come_and_some_in_a_second_channel(read):
    assert {"0", "1"} == set(column(read, "channel", "availabilities"))
    assert {"0", "10"} == set(column(read, "catalog", "availabilities"))
    assert len(set(column(read, "ends_at", "availabilities"))) == 2
    assert len(set(column(read, "starts_at", "availabilities"))) == 2


def test_titles_read_like_a_catalogue(read):
    titles = column(read, "title", "items")
    assert all(len(title.split()) >= 4 and title.count(", ") == 1 for title in titles)


@pytest.mark.parametrize("wrong", [{"items": 6}, {"users": 0}, {"interactions": 0}])
def test_a_shop_that_is_too_small_is_refused_with_the_least(tmp_path, wrong):
    with pytest.raises(ValueError, match="at least 7 items, 1 user and 1 interaction"):
        write_shop(tmp_path, **wrong)


def test_the_smallest_shop_works(tmp_path):
    write_shop(tmp_path / "shop", items=7, users=1, interactions=1)
    with kitchen(tmp_path / "shop", tmp_path) as made:
        assert len(made.cook().texts["ids"]) == 7


def test_the_command_of_the_how_to_writes_it(tmp_path):
    command = [sys.executable, "-m", "irclient.emulator.shop", str(tmp_path / "my-shop")]
    subprocess.run(command, check=True, timeout=120)
    assert (tmp_path / "my-shop" / "model.json").exists()
    assert len(list((tmp_path / "my-shop" / "Reco_Interactions").glob("*.csv"))) >= 1
