"""A class that is made quickly is the frozen dataclass that it says it is."""

from __future__ import annotations

import copy
import inspect
import pickle
import sys
from dataclasses import FrozenInstanceError, asdict, dataclass, fields, replace
from typing import get_type_hints

import pytest

from irclient import queries
from irclient._values.frozen import frozen, frozen_by_keyword


@dataclass(frozen=True, kw_only=True)
class Base:
    colour: str | None = None
    sizes: tuple[int, ...] = (1, 2)


@frozen
class Quick(Base):
    name: str
    weight: float = 1.5

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("no name")


@dataclass(frozen=True)
class Slow(Base):
    name: str
    weight: float = 1.5


@frozen_by_keyword
class QuickByKeyword:
    at: float
    name: str | None = None


@dataclass(frozen=True, kw_only=True)
class SlowByKeyword:
    at: float
    name: str | None = None


def test_one_by_keyword_takes_nothing_else() -> None:
    assert inspect.signature(QuickByKeyword) == inspect.signature(SlowByKeyword)
    assert asdict(QuickByKeyword(at=1.0)) == asdict(SlowByKeyword(at=1.0))
    with pytest.raises(TypeError, match="positional"):
        QuickByKeyword(1.0)  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        QuickByKeyword(at=1.0).at = 2.0  # type: ignore[misc]


def test_it_takes_the_arguments_of_the_dataclass() -> None:
    assert inspect.signature(Quick) == inspect.signature(Slow)
    assert get_type_hints(Quick.__init__) == get_type_hints(Slow.__init__)
    for wrong in ((), ("a", 1.0, "red"), ("a", 1.0, 2.0)):
        with pytest.raises(TypeError, match="__init__"):
            Quick(*wrong)
    with pytest.raises(TypeError, match="unexpected"):
        Quick("a", color="red")  # type: ignore[call-arg]


def test_it_holds_what_it_was_given_and_the_defaults() -> None:
    assert asdict(Quick("a")) == asdict(Slow("a"))
    given = {"name": "b", "weight": 2.0, "colour": "red", "sizes": ()}
    assert asdict(Quick(**given)) == asdict(Slow(**given)) == given
    assert [each.name for each in fields(Quick)] == [each.name for each in fields(Slow)]
    with pytest.raises(ValueError, match="no name"):
        Quick("")


def test_it_is_frozen_and_equal_and_can_be_copied() -> None:
    quick = Quick("a", colour="red")
    with pytest.raises(FrozenInstanceError):
        quick.colour = "blue"  # type: ignore[misc]
    assert replace(quick, colour="blue") == Quick("a", colour="blue") != quick
    for again in (copy.copy(quick), copy.deepcopy(quick), pickle.loads(pickle.dumps(quick))):
        assert (again, hash(again), repr(again)) == (quick, hash(quick), repr(quick))


@pytest.mark.parametrize("name", ["New", "Similar", "Cart", "Personalize", "ItemSelectors"])
def test_making_a_query_calls_nothing_for_each_of_its_fields(name: str) -> None:
    kind = getattr(queries, name)
    of_one = {"item_id": "1", "item_ids": ["1"], "user_id": "1", "candidates": ["1"]}
    given = {each.name: of_one[each.name] for each in fields(kind) if each.name in of_one}
    called: list[str] = []

    def note(_frame, event: str, function) -> None:
        if event == "c_call":
            called.append(function.__name__)

    sys.setprofile(note)
    try:
        kind(**given)
    finally:
        sys.setprofile(None)
    # A few of what was given is checked and made anew; the others are put in their places.
    assert called.count("__setattr__") <= 3
