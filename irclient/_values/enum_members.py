"""Enum members that are found as quickly as any attribute of a class, on Python 3.11 as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enum import Enum

__all__ = ["found_quickly"]


def found_quickly(kind: type[Enum]) -> None:
    """Keep the members of an enum in its class, which is where Python 3.12 keeps them.

    Before, each access goes through a property in Python, 25 times as slowly, and the decisions
    of a call name a dozen of them. What is left there is that the class has a `__getattr__`, which
    makes an access five times as slow as a global name: what every call asks for has one as well.
    """
    for member in kind:
        type.__setattr__(kind, member.name, member)
