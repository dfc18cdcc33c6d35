"""Every switch says what is known and what was chosen."""

import ast
from dataclasses import fields
from itertools import pairwise
from math import inf, nan
from pathlib import Path

import pytest

from irclient.contract import choices
from irclient.emulator import switches


def test_each_field_is_documented_with_a_mark_of_the_contract():
    documented = {}
    for module in (choices, switches):
        tree = ast.parse(Path(module.__file__).read_text("utf-8"))
        body = next(node for node in tree.body if isinstance(node, ast.ClassDef)).body
        for node, after in pairwise(body):
            if isinstance(node, ast.AnnAssign) and isinstance(after, ast.Expr):
                documented[node.target.id] = after.value.value
    assert set(documented) == {field.name for field in fields(switches.Switches)}
    marks = ("(D", "(C", "(I", "(?", "is I", "is ?", "both D")
    for name, text in documented.items():
        assert any(mark in text for mark in marks), name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("default_count", value) for value in (0, -1)),
        *(("most_count", value) for value in (0, -3)),
        ("session_views", -5),
        *(("retry_after", value) for value in (-1, nan, inf)),
        *(("token_refresh_in", value) for value in (-1.0, nan, inf)),
    ],
)
def test_a_number_that_a_switch_cannot_have_is_named(name, value):
    with pytest.raises(ValueError, match=f"{name} must be .*at least .*, got {value}"):
        switches.Switches(**{name: value})


def test_the_least_numbers_can_be_had():
    least = {"default_count": 1, "most_count": 1, "session_views": 0}
    assert switches.Switches(**least, retry_after=0, token_refresh_in=0.0).session_views == 0
