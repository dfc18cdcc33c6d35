"""Every switch says what is known and what was chosen."""

import ast
from dataclasses import fields
from itertools import pairwise
from pathlib import Path

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
