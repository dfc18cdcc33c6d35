"""Reservations: the slots of an allowance that calls hold, and those that batch calls wait for."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

__all__ = ["PLAY", "BatchQueue", "Reservation"]

#: A start this many seconds late counts as on time. Without this play, a machine that is always a
#: little late would send a long queue back to its end, and lose a little of each second.
PLAY: Final = 0.015


@dataclass(slots=True, eq=False)
class Reservation:
    """A slot: the right to start one request at an instant.

    Attributes:
        starts_at: The instant.
        moves: How often the allowance had moved slots when this one was reserved.
        is_held: Whether it was neither used nor given back.
        was_taken_over: Whether a more urgent call has it now.
    """

    starts_at: float
    moves: int
    is_held: bool = True
    was_taken_over: bool = False


class BatchQueue:
    """The slots that batch calls wait for, about in their order."""

    def __init__(self) -> None:
        self._waiting: deque[Reservation] = deque()
        #: The start of the slot that was reserved last.
        self.last_at = -math.inf

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, reservation: Reservation, now: float) -> None:
        """Keep a slot that a batch call waits for."""
        self.last_at = reservation.starts_at
        while self._waiting and not _is_waiting(self._waiting[0], now):
            self._waiting.popleft()
        self._waiting.append(reservation)

    def take_over(self, now: float, *, not_before: float, before: float) -> Reservation | None:
        """Hand the first of the slots to a call that cannot wait; its holder finds out."""
        for waiting in sorted(self._waiting, key=_start):
            if _is_waiting(waiting, now):
                if not not_before <= waiting.starts_at < before:
                    return None
                waiting.is_held, waiting.was_taken_over = False, True
                return Reservation(waiting.starts_at, waiting.moves)
        return None


def _start(reservation: Reservation) -> float:
    return reservation.starts_at


def _is_waiting(reservation: Reservation, now: float) -> bool:
    # Not one that is about to start: its thread may have read its clock already.
    return reservation.is_held and reservation.starts_at > now + PLAY
