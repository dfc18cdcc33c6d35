"""Makes docstrings fit for a page: doctests are code, whose output Markdown would read as its own;
and sections of the contract lose their numbers, which its page does not have."""

from __future__ import annotations

import re
from typing import Any

import griffe

_DOCTEST = re.compile(r"^>>> .*(?:\n.+)*", re.MULTILINE)
_SECTION = re.compile(r"\bcontract (?:section )?\d+(?:\.\d+)*")


class Doctests(griffe.Extension):
    """Rewrites the docstring of each object."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:  # noqa: ANN401  (griffe's protocol)
        """Rewrite one."""
        if obj.docstring is not None:
            obj.docstring.value = _SECTION.sub("contract", fenced(obj.docstring.value))


def fenced(text: str) -> str:
    """Return a docstring with its doctests in fences."""
    return _DOCTEST.sub(lambda block: f"```pycon\n{block[0]}\n```", text)
