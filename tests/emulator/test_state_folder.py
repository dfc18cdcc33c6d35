"""The folder of a running emulator, and what killed ones left behind."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from irclient.emulator.state_folder import StateFolder


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_that_was_made_goes_and_one_that_was_given_stays(tmp_path):
    made, given = StateFolder(None), StateFolder(tmp_path / "given")
    made.remove()
    made.remove()
    given.remove()
    assert [path.name for path in tmp_path.iterdir()] == ["given"]


def test_a_folder_in_use_is_left_alone_by_a_start_beside_it(tmp_path):
    first = StateFolder(None)
    second = StateFolder(None)
    assert first.path.is_dir()
    assert second.path.is_dir()
    first.remove()
    second.remove()


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_what_a_killed_emulator_left_is_removed_by_the_next_start(tmp_path):
    program = """
import os, signal, sys, tempfile
tempfile.tempdir = sys.argv[1]
from irclient.emulator.state_folder import StateFolder
folder = StateFolder(None)
(folder.path / "ca-key.pem").write_text("key")
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    [left] = tmp_path.iterdir()

    started = StateFolder(None)

    assert not left.exists()
    assert [started.path] == list(tmp_path.iterdir())
    started.remove()


def test_what_only_looks_like_one_is_left_alone(tmp_path):
    strange = tmp_path / "irclient-emulator-strange"
    strange.mkdir()
    link = tmp_path / "irclient-emulator-link"
    link.symlink_to(strange)
    (strange / "owner").write_text("")

    StateFolder(None).remove()

    assert {path.name for path in tmp_path.iterdir()} == {strange.name, link.name}
    assert Path(strange / "owner").exists()
