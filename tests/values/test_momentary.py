"""Values of a moment: small, compared by their fields, without room for anything else."""

from __future__ import annotations

import pytest

from irclient._values.momentary import value


@value
class Point:
    x: int
    y: int = 0


def test_a_value_is_what_its_fields_are() -> None:
    assert Point(1) == Point(1, 0) != Point(1, 2)
    assert repr(Point(1)) == "Point(x=1, y=0)"


def test_a_value_has_its_fields_and_nothing_else() -> None:
    assert not hasattr(Point(1), "__dict__")
    with pytest.raises(AttributeError):
        Point(1).z = 3
