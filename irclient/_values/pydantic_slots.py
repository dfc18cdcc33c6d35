"""The four slots of a pydantic model, set in one that is frozen.

Pydantic documents the slots (``__pydantic_extra__``, ``__pydantic_fields_set__``,
``__pydantic_private__``), but no way to set them that is quick and stands frozen models: its own
copy takes longer than all the rest of an answer from memory. `tests/values/test_pydantic_slots.py`
holds pydantic to what is done here, and the project's metadata bounds its version.
"""

from __future__ import annotations

from pydantic import BaseModel

__all__ = ["set_extra", "set_field_names", "set_fields", "set_private"]

# Bound to their slots, they need no search by name.
#: Sets the values of a model's fields: a dict that the model keeps.
set_fields = BaseModel.__dict__["__dict__"].__set__
#: Sets what came beside the fields, by name; or None.
set_extra = BaseModel.__dict__["__pydantic_extra__"].__set__
#: Sets the names of the fields that a model came with.
set_field_names = BaseModel.__dict__["__pydantic_fields_set__"].__set__
#: Sets what is private to a model: a dict that pydantic copies and pickles with it; or None.
set_private = BaseModel.__dict__["__pydantic_private__"].__set__
