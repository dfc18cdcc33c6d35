"""How a test reads that holds figures against their bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.promise.figures import Figure

__all__ = ["holds", "worlds"]


def holds(figures: Sequence[Figure]) -> None:
    """Every figure reaches its bar; else say which does not."""
    assert figures
    missed = [str(each) for each in figures if not each.is_met]
    assert not missed, "; ".join(missed)


def worlds(*names: str) -> pytest.MarkDecorator:
    """A test for each of these worlds."""
    return pytest.mark.parametrize("world", names)
