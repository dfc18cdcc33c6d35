"""Work that nobody waits for."""

from __future__ import annotations

import pytest

from irclient import errors
from irclient._drivers.background import unobserved_errors


def test_an_ir_error_ends_quietly(caplog) -> None:
    with unobserved_errors():
        raise errors.Unavailable("told already")
    assert caplog.text == ""


def test_any_other_error_is_logged_and_comes_no_further(caplog) -> None:
    with unobserved_errors():
        raise KeyError("a mistake of ours")
    assert "a call in the background failed" in caplog.text
    assert "a mistake of ours" in caplog.text


def test_being_interrupted_is_no_error() -> None:
    with pytest.raises(KeyboardInterrupt), unobserved_errors():
        raise KeyboardInterrupt
