"""Folders behind URLs."""

import sys

import fsspec
import pytest

from irclient.cooking.data.fetching import local_folder
from irclient.cooking.data.problems import DataContractError
from irclient.errors import ConfigurationError


def test_a_path_is_taken_as_it_is(tmp_path):
    with local_folder(str(tmp_path), tmp_path) as folder:
        assert folder == tmp_path


def test_what_is_behind_a_url_is_copied_and_removed_again(tmp_path):
    system = fsspec.filesystem("memory")
    system.pipe("/shop/model.json", b"{}")
    system.pipe("/shop/Reco_Config/deep/part.csv", b"a,b\n")
    with local_folder("memory://shop", tmp_path) as folder:
        assert (folder / "model.json").read_bytes() == b"{}"
        assert (folder / "Reco_Config/deep/part.csv").read_bytes() == b"a,b\n"
    assert list(tmp_path.iterdir()) == []


def test_a_url_with_nothing_behind_it_is_refused(tmp_path):
    with (
        pytest.raises(DataContractError, match="memory://nothing-here cannot be read"),
        local_folder("memory://nothing-here", tmp_path),
    ):
        pass


def test_a_url_that_needs_more_says_what_to_install(tmp_path, monkeypatch):
    # Where the extra is installed, it is as if it were not.
    monkeypatch.setitem(sys.modules, "adlfs", None)
    with (
        pytest.raises(ConfigurationError, match=r"pip install 'irclient\[azure\]'"),
        local_folder("abfs://container@account/root", tmp_path),
    ):
        pass


@pytest.mark.parametrize("password", ["hunter2", "12/hunter2", "hunter2@"])
def test_a_password_in_a_url_is_not_shown(tmp_path, password):
    with (
        pytest.raises(DataContractError, match=r"ftp://…@127\.0\.0\.1:1/x cannot be") as caught,
        local_folder(f"ftp://me:{password}@127.0.0.1:1/x", tmp_path),
    ):
        pass
    assert "hunter2" not in str(caught.value)
