"""The window's script once more, in Python and virtual time, for fleets that are cut up at will."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from irclient._core.fleet_messages import Answer

if TYPE_CHECKING:
    from irclient._core.fleet_messages import Message

SILENT, SWEEP, FORGET = 1.0, 0.1, 30.0


@dataclass(slots=True)
class Member:
    held: int = 0
    demand: int = 0
    target: int = 0
    sequence: int = 0
    is_gone: bool = False


@dataclass(slots=True)
class FakeServer:
    """What `irclient.fleet.window.TAKE` does.

    Args:
        tps: Starts of the fleet in a window.
        window: Seconds.
        workers: How many processes there may be.
        lease: Seconds after which a right no longer counts.
    """

    tps: int
    window: float
    workers: int
    lease: float
    epoch: int = 0
    is_empty: bool = True
    began: float = 0.0
    scale: float = 1.0
    scaled: float = 0.0
    shrunk: float = -math.inf
    blocked: float = -math.inf
    swept: float = -math.inf
    reserve: int = 0
    away: int = 0
    given: int = 0
    expected: int = 0
    is_open: bool = False
    slots: dict[int, float] = field(default_factory=dict)
    seen: dict[str, float] = field(default_factory=dict)
    silent: dict[str, float] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)

    def flush(self) -> None:
        """Forget everything, as FLUSHALL and a restart without a disk do."""
        self.is_empty = True

    def take(self, me: str, message: Message, now: float) -> Answer | None:
        """Answer a message; None when a later one has overtaken it."""
        if self.is_empty:
            self._begin(now)
        if not self.is_open and message.epoch != str(self.epoch):
            self.expected = max(self.expected, message.met)
        mine = self.members.setdefault(me, Member())
        if message.sequence <= mine.sequence:
            return None
        mine.sequence = message.sequence
        self.silent.pop(me, None)
        self.seen[me] = now
        if not self.is_open and now >= self._opens:
            self.is_open, self.expected = True, max(self.expected - len(self.seen), 0)
            self.swept = -math.inf
        if now - self.swept >= SWEEP:
            self._sweep(now)
        self._count(message, now)
        return self._answer(mine, message, now)

    @property
    def base(self) -> float:
        base = self.tps / max(self.workers, len(self.seen))
        return math.floor(base) if base >= 1 else base

    @property
    def _opens(self) -> float:
        if not self.expected:
            return self.began + 0.6
        if len(self.seen) >= self.expected:
            return self.began + self.window + 0.3
        return self.began + self.lease

    @property
    def _known_at(self) -> float:
        return self.began + self.window + 0.1 if self.expected else self._opens

    @property
    def sum(self) -> int:
        return sum(each.held for each in self.members.values())

    def _begin(self, now: float) -> None:
        for each in (self.slots, self.seen, self.silent, self.members):
            each.clear()
        self.is_empty, self.epoch, self.began, self.scale = False, self.epoch + 1, now, 1.0
        self.blocked, self.reserve, self.away, self.swept = -math.inf, 0, 0, -math.inf
        self.expected, self.is_open = 0, False

    def _sweep(self, now: float) -> None:
        self.swept, base = now, self.base
        for name, at in list(self.seen.items()):
            if at <= now - SILENT:
                self.silent[name] = self.seen.pop(name)
                self.members[name].demand = self.members[name].target = 0
        lapsed, self.away, reserve = 0, 0, 0.0
        for name, at in list(self.silent.items()):
            theirs = self.members[name]
            keeps = base < 1 and not theirs.is_gone
            if at >= now - (FORGET if keeps else self.lease):
                self.away += theirs.held
                reserve += 0.0 if theirs.is_gone else max(base - theirs.held, 0.0)
            elif theirs.is_gone or at < now - FORGET:
                del self.silent[name], self.members[name]
            else:
                theirs.held = 0
                lapsed += 1
        if self.is_open and now < self.began + FORGET:
            lapsed += self.expected
        absent = self.workers - len(self.seen)
        self.reserve = math.ceil(reserve + max(min(lapsed, absent), 0) * base)

    def _count(self, message: Message, now: float) -> None:
        for each in [each for each, at in self.slots.items() if at < now - self.window]:
            del self.slots[each]
        for at in message.added:
            self.given += 1
            self.slots[self.given] = now + at
        for each in message.returned:
            self.slots.pop(each, None)
        self.scale = min(self.scale + 0.05 * max(now - self.scaled, 0.0), 1.0)
        self.scaled = now
        if message.shrinks and now - self.shrunk >= 0.5:
            self.scale, self.shrunk = max(self.scale * 0.7, 1 / self.tps), now
        self.blocked = max(self.blocked, now + message.blocked_for)

    def _answer(self, mine: Member, message: Message, now: float) -> Answer:
        limit = math.floor(max(self.tps * self.scale, 1) + 1e-6)
        mine.demand = message.demand
        wants = sum(each.demand for each in self.members.values())
        kept = max(0.2 * limit, min(2 * math.sqrt(limit), 0.4 * limit))
        lent = max(limit - self.reserve - self.away - kept, 0.0)
        if 1.3 * wants <= lent:
            target = math.floor(1.3 * mine.demand + (lent - 1.3 * wants) / len(self.seen))
        else:
            target = math.floor(lent * mine.demand / wants)
        if abs(target - message.right) <= 0.15 * max(target, message.right):
            target = message.right
        is_closed = not self.is_open
        room = limit - self.reserve - (self.sum - mine.held) - len(self.slots)
        right = message.right
        if is_closed:
            is_known = now >= self._known_at
            target = math.floor(min(self.base, room)) if not right and is_known else right
        before = max(right, message.used)
        right = max(right, min(target, room)) if target > right else max(target, 0)
        mine.held, mine.target = max(before, right), target
        open_limit = self._open_limit(limit)
        opens = self._opens if is_closed else now
        if is_closed and not right and now < self._known_at:
            opens = self._known_at
        first, granted = self._next_slot(now, opens, open_limit), []
        want = max(message.want - max(right - message.used, 0), 0)
        want = 0 if is_closed or open_limit < 1 else want
        while len(granted) < want and first <= now + message.within:
            self.given += 1
            self.slots[self.given] = first
            granted.append((first, self.given))
            first = self._next_slot(now, opens, open_limit)
        return Answer(
            epoch=str(self.epoch),
            right=right,
            first_at=first,
            blocked_until=self.blocked,
            limit=limit,
            present=len(self.seen),
            demand=wants,
            met=self._met(now),
            is_closed=is_closed,
            slots=tuple(granted),
        )

    def _met(self, now: float) -> int:
        met = len(self.seen) + len(self.silent)
        if not self.is_open:
            met = max(met, self.expected)
        elif now < self.began + FORGET:
            met += self.expected
        return min(met, self.workers)

    def _open_limit(self, limit: int) -> int:
        targets = sum(each.target for each in self.members.values())
        return limit - self.reserve - max(self.sum, targets + self.away)

    def _next_slot(self, now: float, opens: float, open_limit: int) -> float:
        if now < opens:
            return opens
        if open_limit < 1:
            return now + 0.2
        starts = sorted(self.slots.values())
        before = starts[-open_limit] if len(starts) >= open_limit else -math.inf
        return max(now, self.blocked, before + self.window)
