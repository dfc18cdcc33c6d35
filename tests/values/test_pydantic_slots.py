"""What is expected of pydantic's slots: a model made through them is one that pydantic made."""

from __future__ import annotations

import copy
import pickle

from irclient._values.pydantic_slots import set_extra, set_field_names, set_fields, set_private
from irclient._values.tolerant import Tolerant


class Model(Tolerant):
    number: int
    text: str = "a"


def made() -> Model:
    model = object.__new__(Model)
    set_fields(model, {"number": 1, "text": "a"})
    set_extra(model, {"more": 2})
    set_field_names(model, {"number", "more"})
    set_private(model, None)
    return model


def test_a_model_made_through_its_slots_equals_one_that_pydantic_read() -> None:
    read = Model.model_validate_json(b'{"number": 1, "more": 2}')
    assert made() == read
    assert made().model_dump() == read.model_dump() == {"number": 1, "text": "a", "more": 2}
    assert made().model_dump(exclude_unset=True) == {"number": 1, "more": 2}
    assert made().model_fields_set == {"number", "more"}
    assert repr(made()) == repr(read)


def test_what_is_private_is_copied_and_pickled_by_pydantic() -> None:
    model = made()
    set_private(model, {"of": "ours"})
    for again in (copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert again == model
        assert again.__pydantic_private__ == {"of": "ours"}


def test_pydantic_itself_sets_no_more_slots_than_these() -> None:
    read = Model.model_validate_json(b'{"number": 1}')
    slots = {name for kind in Model.__mro__ for name in getattr(kind, "__slots__", ())}
    assert slots - {"__dict__", "__weakref__"} == {
        "__pydantic_extra__", "__pydantic_fields_set__", "__pydantic_private__",
    }  # fmt: skip
    assert all(hasattr(read, name) for name in slots)
