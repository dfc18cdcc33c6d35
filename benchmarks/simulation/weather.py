"""Weather: what is wrong with an account, and from when until when."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["FAIR", "Condition", "Reach", "Spell", "condition_at"]


class Reach(Enum):
    """How far a request gets."""

    ANSWERED = "answered"
    REFUSED = "refused"
    """No connection: known at once."""
    SWALLOWED = "swallowed"
    """A black hole: nothing ever comes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What is wrong with an account; by default nothing.

    Attributes:
        reach: How far a request gets.
        error_rate: The part of the requests that is answered with 503.
        slowed: The factor on the time that an answer takes.
        tail_rate: The part of the answers that take `tail_factor` times as long.
        tail_factor: How much longer those take.
        tps_factor: The TPS that is enforced, as a part of the one that was configured.
        capacity_factor: The requests per second that it can work on, as a part of its TPS.
        is_cooked: Whether there is any data to answer from.
    """

    reach: Reach = Reach.ANSWERED
    error_rate: float = 0.0
    slowed: float = 1.0
    tail_rate: float = 0.0
    tail_factor: float = 50.0
    tps_factor: float = 1.0
    capacity_factor: float = 1.5
    is_cooked: bool = True


FAIR = Condition()


@dataclass(frozen=True, slots=True)
class Spell:
    """A condition of some accounts from one instant to another."""

    accounts: tuple[str, ...]
    condition: Condition
    begins_at: float
    ends_at: float


def condition_at(now: float, account: str, spells: tuple[Spell, ...]) -> Condition:
    """The condition of an account at an instant."""
    for spell in spells:
        if spell.begins_at <= now < spell.ends_at and account in spell.accounts:
            return spell.condition
    return FAIR
