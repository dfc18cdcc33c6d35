"""Where the data comes from: a folder of the user's, or a shop that is written once."""

import os
from datetime import UTC, datetime

import pytest

from irclient.cooking.data.problems import DataContractError
from irclient.emulator.shop import folder, written_shop
from irclient.emulator.switches import Switches
from tests.cooking.folders import write_folder

COOKED_AT = datetime(2026, 1, 1, tzinfo=UTC)


def cook_from(data, tmp_path, *, cache=None, **switches):
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    return folder.FolderCook(
        data, cache_folder=cache or tmp_path, scratch=scratch, switches=Switches(**switches)
    )


@pytest.fixture
def small_shop(monkeypatch):
    written = []

    def write_small(folder, *, write=written_shop.write_shop):
        written.append(folder)
        write(folder, items=40, users=30, interactions=300)

    monkeypatch.setattr(written_shop, "write_shop", write_small)
    return written


def test_the_shop_is_written_once_and_kept(tmp_path, small_shop):
    for _ in range(2):
        data = cook_from(None, tmp_path)(COOKED_AT)
        assert len(data.item_ids) == 40
    assert len(small_shop) == 1
    assert {path.name.partition("-")[0] for path in tmp_path.iterdir()} == {
        "shop", "cooked", "scratch",
    }  # fmt: skip
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_cache_folder_that_cannot_be_written_is_done_without(tmp_path, small_shop, caplog):
    blocked = tmp_path / "file"
    blocked.write_text("")

    data = cook_from(None, tmp_path, cache=blocked / "below")(COOKED_AT)

    assert len(data.item_ids) == 40
    assert "cannot be written" in caplog.text


def test_what_a_killed_process_left_of_a_shop_is_removed_when_it_is_old(tmp_path, small_shop):
    old, new = tmp_path / "unfinished-shop-old", tmp_path / "unfinished-shop-new"
    for each in (old, new):
        each.mkdir()
    os.utime(old, (1.0, 1.0))

    cook_from(None, tmp_path)(COOKED_AT)

    assert (old.exists(), new.exists()) == (False, True)


def test_a_shop_that_could_not_be_finished_leaves_nothing(tmp_path, monkeypatch):
    def fail(folder):
        (folder / "half.csv").write_text("1")
        raise OSError("disk full")

    monkeypatch.setattr(written_shop, "write_shop", fail)
    with pytest.raises(OSError, match="disk full"):
        cook_from(None, tmp_path)(COOKED_AT)
    assert [path.name for path in tmp_path.iterdir()] == ["scratch"]


def test_a_folder_without_data_is_refused(tmp_path):
    cook = cook_from(tmp_path, tmp_path)
    with pytest.raises(DataContractError, match=r"model\.json"):
        cook(COOKED_AT)


def test_the_switch_for_unknown_users_reaches_the_data(tmp_path, small_shop):
    cook = cook_from(None, tmp_path, unknown_user="empty")
    assert cook(COOKED_AT).unknown_user == "empty"


def test_what_is_dropped_is_told_once_however_many_accounts_cook(tmp_path, caplog):
    data = write_folder(
        tmp_path / "data",
        ItemsAndVariants=["1,,Hat,,"],
        Interactions=["b,1,,u,,05/13/2024,,,,,,", "b,1,,u,,2024-05-13,,,,,,"],
    )
    cook = cook_from(data, tmp_path)
    for _ in range(2):
        cook(COOKED_AT)
    [told] = caplog.messages
    assert "1 of 2 rows dropped" in told
    assert "line 1: Timestamp is '05/13/2024'" in told
