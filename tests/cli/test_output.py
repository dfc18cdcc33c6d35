"""Output: what reaches stdout and stderr."""

import pytest

from irclient.cli.output import duration, safe


def test_control_characters_do_not_reach_the_terminal():
    assert safe("red \x1b[31m\x07 é 日本") == "red �[31m� é 日本"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.0123, "12 ms"), (0.9994, "999 ms"), (12.345, "12.35 s")]
)
def test_durations_read_like_latencies(seconds, words):
    assert duration(seconds) == words
