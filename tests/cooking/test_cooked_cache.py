"""Cooked data on disk."""

import os

import numpy as np
import pytest

from irclient.cooking.cooked_cache import Cooked, cache_key, load, save

COOKED = Cooked({"numbers": np.arange(5)}, {"words": ["a", "ü\n\0", ""]})


def test_what_is_saved_is_loaded(tmp_path):
    save(tmp_path / "new", "key", COOKED)
    found = load(tmp_path / "new", "key")
    assert found is not None
    assert found.arrays["numbers"].tolist() == [0, 1, 2, 3, 4]
    assert found.texts == COOKED.texts


def test_what_is_not_there_is_none(tmp_path):
    assert load(tmp_path, "key") is None


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"npz"])
def test_a_damaged_file_counts_as_absent(tmp_path, damage):
    save(tmp_path, "key", COOKED)
    (path,) = tmp_path.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    assert load(tmp_path, "key") is None


def test_a_flipped_bit_counts_as_absent(tmp_path):
    save(tmp_path, "key", Cooked({"numbers": np.zeros(1000)}, {}))
    (path,) = tmp_path.iterdir()
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    assert load(tmp_path, "key") is None


def test_a_file_that_would_run_code_is_not_loaded(tmp_path):
    path = tmp_path / "cooked-key.npz"
    np.savez(path, objects=np.array([object], dtype=object))
    assert load(tmp_path, "key") is None


def test_a_failed_save_leaves_nothing_behind(tmp_path):
    with pytest.raises(ValueError, match="pickle"):
        save(tmp_path, "key", Cooked({"objects": np.array([object], dtype=object)}, {}))
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


def test_only_the_latest_few_are_kept(tmp_path):
    for number in range(11):
        save(tmp_path, str(number), COOKED)
        os.utime(tmp_path / f"cooked-{number}.npz", (number, number))
    assert load(tmp_path, "10") is not None
    assert load(tmp_path, "0") is None
    assert len(list(tmp_path.iterdir())) <= 9
