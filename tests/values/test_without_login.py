"""What is shown of a value that may be a URL with a password in it."""

import pytest

from irclient._values.without_login import without_login


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("http://me:hunter2@host:1/x", "…@host:1/x"),
        ("http://me:12/hunter2@host", "…@host"),
        ("me:hunter2@more@host", "…@host"),
        ("http://host/x", "http://host/x"),
        ("@host", "@host"),
        ("", ""),
    ],
)
def test_what_stands_before_an_at_is_not_shown(given, shown):
    assert without_login(given) == shown
