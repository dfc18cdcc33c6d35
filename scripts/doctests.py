"""Makes what the source says fit for a page: doctests are code, whose output Markdown would read as
its own; sections of the contract lose their numbers, which its page does not have; and annotations
lose what is for pydantic alone."""

from __future__ import annotations

import re
from typing import Any

import griffe

_DOCTEST = re.compile(r"^>>> .*(?:\n.+)*", re.MULTILINE)
_SECTION = re.compile(r"\bcontract (?:section )?\d+(?:\.\d+)*")


class Doctests(griffe.Extension):
    """Rewrites the docstring of each object, and the annotation of each attribute."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:  # noqa: ANN401  (griffe's protocol)
        """Rewrite one docstring."""
        if obj.docstring is not None:
            obj.docstring.value = _SECTION.sub("contract", fenced(obj.docstring.value))

    def on_attribute(self, *, attr: griffe.Attribute, **_: Any) -> None:  # noqa: ANN401  (as above)
        """Rewrite one annotation."""
        attr.annotation = plain(attr.annotation)


def fenced(text: str) -> str:
    """Return a docstring with its doctests in fences."""
    return _DOCTEST.sub(lambda block: f"```pycon\n{block[0]}\n```", text)


def plain(annotation: str | griffe.Expr | None) -> str | griffe.Expr | None:
    """Return an annotation without what `Annotated` adds to the type."""
    if isinstance(annotation, griffe.ExprSubscript) and annotation.canonical_name == "Annotated":
        added_to = annotation.slice
        return added_to.elements[0] if isinstance(added_to, griffe.ExprTuple) else annotation
    if isinstance(annotation, griffe.ExprBinOp):
        left, right = plain(annotation.left), plain(annotation.right)
        if left is not None and right is not None:
            return griffe.ExprBinOp(left, annotation.operator, right)
    return annotation
