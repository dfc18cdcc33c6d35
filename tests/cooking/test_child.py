"""Cooking in a process of its own."""

import subprocess
import sys
import threading
import time
from datetime import UTC, datetime

import numpy as np
import pytest

from irclient.cooking.child import CookingProcesses, CookingStopped
from irclient.cooking.data.problems import DataContractError
from irclient.cooking.output import open_folder
from irclient.cooking.pipeline import compute_here, cook_folder
from irclient.emulator.shop.written_shop import write_shop

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    write_shop(folder, items=40, users=30, interactions=300)
    return folder


def into(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    return folder


def test_a_process_computes_what_this_one_would_and_leaves_nothing(shop, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    CookingProcesses(scratch).compute(shop, into(tmp_path, "there"))
    compute_here(shop, into(tmp_path, "here"))
    there, here = (open_folder(tmp_path / name).cooked for name in ("there", "here"))

    assert {n: list(t) for n, t in there.texts.items()} == {
        n: list(t) for n, t in here.texts.items()
    }
    assert there.arrays.keys() == here.arrays.keys()
    for name, values in here.arrays.items():
        np.testing.assert_array_equal(there.arrays[name], values)
    assert list(scratch.iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} == {"scratch", "there", "here"}


def test_data_that_cannot_be_read_is_refused_with_the_same_words(tmp_path):
    with pytest.raises(DataContractError) as here:
        compute_here(tmp_path, into(tmp_path, "a"))
    with pytest.raises(DataContractError) as there:
        CookingProcesses(tmp_path).compute(tmp_path, into(tmp_path, "b"))
    assert str(there.value) == str(here.value)


def test_a_process_that_fails_otherwise_leaves_its_last_words(shop, tmp_path, monkeypatch):
    monkeypatch.setattr("irclient.cooking.child.__spec__.name", "irclient.no_such_module")
    with pytest.raises(RuntimeError, match=r"ended with code 1: .*no_such_module"):
        CookingProcesses(tmp_path).compute(shop, into(tmp_path, "a"))


def test_a_cooking_is_ended_at_once_and_later_ones_are_refused(tmp_path):
    folder = tmp_path / "large"
    folder.mkdir()
    write_shop(folder, items=5_000, users=20_000, interactions=400_000)
    processes = CookingProcesses(tmp_path)
    ended = []

    def cook():
        try:
            cook_folder(folder, cooked_at=NOW, cache_folder=None, compute=processes.compute)
        except CookingStopped:
            ended.append(time.monotonic())

    thread = threading.Thread(target=cook)
    thread.start()
    while not processes._running:
        time.sleep(0.01)
    [process] = processes._running
    stopped_at = time.monotonic()
    processes.stop()
    thread.join()

    assert ended[0] - stopped_at < 2.0
    assert process.returncode != 0
    assert [path.name for path in tmp_path.iterdir()] == ["large"]
    with pytest.raises(CookingStopped):
        processes.compute(folder, into(tmp_path, "a"))


def test_a_cooking_does_not_outlive_the_process_that_wanted_it():
    program = """
import threading
from irclient.cooking import child
threading.Thread(target=child._end_with_parent).start()
print('ready', flush=True)
threading.Event().wait()
"""
    child = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with child:
        assert child.stdout.readline() == b"ready\n"
        assert child.poll() is None
        child.stdin.close()
        assert child.wait(10) == 1
