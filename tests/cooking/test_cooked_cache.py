"""Cooked data kept between runs."""

import os
import stat
import time
from datetime import UTC, datetime

import numpy as np
import pytest

from irclient.cooking import cooked_cache
from irclient.cooking.cooked_cache import cache_key, clear, keep, kept
from irclient.cooking.output import Cooked
from irclient.cooking.publishing import write_folder
from irclient.cooking.strings import Strings

COOKED = Cooked(
    {"numbers": np.arange(5)},
    {"words": Strings.of(["a", "ü\n\0", ""])},
    interactions_version="20260101000000",
    cooked_at=datetime(2026, 1, 1, tzinfo=UTC),
    personalization_enabled=True,
)


def fill(folder):
    write_folder(folder, COOKED)


def test_what_is_kept_is_found(tmp_path):
    cache = tmp_path / "new"
    first = keep(cache, "key", fill)
    found = kept(cache, "key")
    assert found is not None
    assert found.arrays["numbers"].tolist() == first.arrays["numbers"].tolist() == [0, 1, 2, 3, 4]
    assert list(found.texts["words"]) == ["a", "ü\n\0", ""]


def test_the_cache_can_be_read_by_its_owner_alone(tmp_path):
    keep(tmp_path / "new", "key", fill)
    for path in (tmp_path / "new", tmp_path / "new" / "cooked-key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_what_is_not_there_is_none(tmp_path):
    assert kept(tmp_path, "key") is None


def test_what_is_damaged_counts_as_absent_and_is_replaced(tmp_path):
    keep(tmp_path, "key", fill)
    path = tmp_path / "cooked-key" / "numbers.npy"
    path.write_bytes(path.read_bytes()[:-1])
    assert kept(tmp_path, "key") is None
    keep(tmp_path, "key", fill)
    assert kept(tmp_path, "key") is not None


def test_a_cooking_that_fails_leaves_nothing_behind(tmp_path):
    def fail(folder):
        (folder / "half.npy").write_bytes(b"half")
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        keep(tmp_path, "key", fail)
    assert list(tmp_path.iterdir()) == []


def test_the_key_changes_with_any_file(tmp_path):
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    one.write_text("ab")
    other.write_text("c")
    before = cache_key([one, other])
    assert cache_key([one, other]) == before
    one.write_text("a")
    other.write_text("bc")
    assert cache_key([one, other]) != before


def aged(tmp_path, name, days):
    at = time.time() - days * 86_400
    os.utime(tmp_path / name, (at, at))


def test_only_the_latest_few_are_kept(tmp_path):
    for number in range(11):
        keep(tmp_path, str(number), fill)
        aged(tmp_path, f"cooked-{number}", 11 - number)
    assert kept(tmp_path, "10") is not None
    assert kept(tmp_path, "0") is None
    assert len(list(tmp_path.iterdir())) == 8


def test_what_was_not_used_for_a_month_is_removed_and_what_was_used_stays(tmp_path):
    for name in ("old", "used"):
        keep(tmp_path, name, fill)
        aged(tmp_path, f"cooked-{name}", 40)
    kept(tmp_path, "used")
    keep(tmp_path, "new", fill)
    assert {path.name for path in tmp_path.iterdir()} == {"cooked-used", "cooked-new"}


def test_files_of_earlier_versions_and_leftovers_of_a_kill_are_removed(tmp_path):
    (tmp_path / "cooked-abc.npz").write_bytes(b"of an earlier version")
    (tmp_path / "cooking-left.tmp").write_bytes(b"left")
    (tmp_path / "cooking-now").mkdir()
    aged(tmp_path, "cooking-left.tmp", 1)
    cooked_cache.tidy(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"cooking-now"}


def test_clearing_removes_everything_and_says_how_much(tmp_path):
    keep(tmp_path, "a", fill)
    keep(tmp_path, "b", fill)
    (tmp_path / "cooking-left").mkdir()
    (tmp_path / "other").write_text("not ours")
    assert clear(tmp_path) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["other"]
