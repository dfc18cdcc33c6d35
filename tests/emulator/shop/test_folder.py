"""Where the data comes from: a folder of the user's, or a shop that is written once."""

from datetime import UTC, datetime

import pytest

from irclient.cooking.data.data_contract import DataContractError
from irclient.emulator.shop import folder, written_shop
from irclient.emulator.switches import Switches

COOKED_AT = datetime(2026, 1, 1, tzinfo=UTC)


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
        cook = folder.cook_from(None, cache_folder=tmp_path, switches=Switches())
        data = cook(COOKED_AT)
        assert len(data.item_ids) == 40
    assert len(small_shop) == 1
    assert {path.name.partition("-")[0] for path in tmp_path.iterdir()} == {"shop", "cooked"}


def test_a_shop_that_could_not_be_finished_leaves_nothing(tmp_path, monkeypatch):
    def fail(folder):
        (folder / "half.csv").write_text("1")
        raise OSError("disk full")

    monkeypatch.setattr(written_shop, "write_shop", fail)
    with pytest.raises(OSError, match="disk full"):
        folder.cook_from(None, cache_folder=tmp_path, switches=Switches())(COOKED_AT)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_data_is_refused(tmp_path):
    cook = folder.cook_from(tmp_path, cache_folder=tmp_path, switches=Switches())
    with pytest.raises(DataContractError, match=r"model\.json"):
        cook(COOKED_AT)


def test_the_switch_for_unknown_users_reaches_the_data(tmp_path, small_shop):
    switches = Switches(unknown_user="empty")
    cook = folder.cook_from(None, cache_folder=tmp_path, switches=switches)
    assert cook(COOKED_AT).unknown_user == "empty"
