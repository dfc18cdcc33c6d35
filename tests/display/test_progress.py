"""Progress: nothing, a callable, or a bar."""

from __future__ import annotations

import sys

import pytest

from irclient import errors
from irclient._display.progress import progress_of


def test_a_callable_is_told_how_many_are_done_of_how_many() -> None:
    told: list[tuple[int, int]] = []
    with progress_of(lambda done, of: told.append((done, of)), 2) as done:
        done()
        done()
    assert told == [(1, 2), (2, 2)]


def test_without_progress_nothing_is_written(capfd) -> None:
    with progress_of(False, 3) as done:
        done()
    assert capfd.readouterr() == ("", "")


def test_true_shows_a_bar(capfd) -> None:
    pytest.importorskip("tqdm")
    with progress_of(True, 3) as done:
        for _ in range(3):
            done()
    assert "3/3" in capfd.readouterr().err


def test_a_bar_without_its_extra_names_the_extra(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with (
        pytest.raises(errors.ConfigurationError, match=r"irclient\[progress\]"),
        progress_of(True, 3),
    ):
        pass
