"""How the calls of a demo ended."""

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Calls"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """How many calls ended in which way.

    Attributes:
        answered: Calls that ended with a list.
        failed: Calls that ended with an error.
        by_account: Answered calls by the account that answered.
    """

    answered: int
    failed: int
    by_account: Mapping[str, int]
