"""The window's script once more, in Python and virtual time, for fleets that are cut up at will."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from irclient._core.fleet_messages import Answer

if TYPE_CHECKING:
    from irclient._core.fleet_messages import Message

SILENT, SWEEP, FORGET, LATE = 1.0, 0.1, 30.0, 2.0
MOST_AHEAD = 32


@dataclass(slots=True)
class Member:
    held: int = 0
    part: float = 0.0
    spare: int = 0
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
    reported: int = 0
    level: float = 0.0
    joined: float = -math.inf
    #: Whether it opened once for new members alone, when others may not have been heard.
    opened_blindly: bool = False
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
        self._meet(me, message, now)
        mine = self.members.setdefault(me, Member())
        if message.sequence <= mine.sequence:
            return None
        mine.sequence = message.sequence
        if not message.has_heard and self.seen.get(me, -math.inf) <= now - SILENT:
            self.seen.pop(me, None)
            self.silent[me] = now
        else:
            if self.silent.pop(me, None) is not None:
                self.away = max(self.away - mine.held, 0)
            self.seen[me] = now if message.has_heard else self.seen[me]
        mine.part = max(message.part, self.base)
        if not self.is_open and now >= self._opens(now):
            self.opened_blindly |= self.began > 2.0 and not self.expected
            self.is_open, self.expected = True, self._missing
            self.swept = -math.inf
        if now - self.swept >= SWEEP:
            self._sweep(now)
        self._count(message, now)
        return self._answer(me, message, now)

    def _meet(self, me: str, message: Message, now: float) -> None:
        knew_another = message.epoch not in ("", str(self.epoch))
        if not self.is_open and knew_another:
            self.expected = max(self.expected, message.met)
        if me in self.members:
            return
        self.joined = now
        if knew_another:
            self.reported += not self.is_open
            self.expected -= self.is_open and self.expected > 0

    @property
    def _missing(self) -> int:
        return max(self.expected - self.reported, 0)

    def _alive(self, now: float) -> int:
        # Who died before the last one joined may have started something until then.
        if now < self.joined + self.window:
            return 0
        return sum(at >= self.joined for at in self.seen.values())

    def leave(self, me: str, returned: list[int], now: float) -> None:
        """Do what `irclient.fleet.window.LEAVE` does."""
        for each in returned:
            self.slots.pop(each, None)
        if self.seen.pop(me, None) is not None:
            self.silent[me] = now - self.lease + self.window
            self.members[me].demand = self.members[me].target = self.members[me].spare = 0
            self.members[me].is_gone = True

    @property
    def base(self) -> float:
        base = self.tps / max(self.workers, len(self.seen))
        return math.floor(base) if base >= 1 else base

    def _opens(self, now: float) -> float:
        if not self.expected:
            return self.began + 0.6
        if not self._missing or self._alive(now) >= self.workers:
            return self.began + self.window + 0.3
        return self.began + self.lease

    @property
    def sum(self) -> int:
        return sum(each.held for each in self.members.values())

    def _begin(self, now: float) -> None:
        for each in (self.slots, self.seen, self.silent, self.members):
            each.clear()
        self.is_empty, self.epoch, self.began, self.scale = False, self.epoch + 1, now, 1.0
        self.blocked, self.reserve, self.away, self.swept = -math.inf, 0, 0, -math.inf
        self.expected, self.reported, self.is_open = 0, 0, False
        self.given = round(now * 1e6)

    def _sweep(self, now: float) -> None:
        self.swept, self.level = now, 0.0
        for name, at in list(self.seen.items()):
            if at <= now - SILENT:
                del self.seen[name]
                self.silent[name] = now
                self.members[name].demand = self.members[name].target = 0
        lapsed, self.away, reserve = [], 0, 0.0
        for name, at in list(self.silent.items()):
            theirs = self.members[name]
            keeps = theirs.part < 1 and not theirs.is_gone
            if at >= now - (FORGET if keeps else self.lease):
                self.away += theirs.held
                reserve += 0.0 if theirs.is_gone else max(theirs.part - theirs.held, theirs.spare)
            elif theirs.is_gone or at < now - FORGET:
                del self.silent[name], self.members[name]
            else:
                theirs.held = 0
                lapsed.append(theirs.part)
        part = self.tps / self.workers
        unheard = self.expected if now < self.began + FORGET else 0
        if not self.expected and not self.reported and part >= 1 and now < self.began + LATE:
            unheard = max(self.workers - len(self.seen) - len(self.silent), 0)
        if self.is_open:
            lapsed += [math.floor(part) if part >= 1 else part] * unheard
        absent = max(self.workers - self._alive(now), 0)
        self.reserve = math.ceil(reserve + sum(sorted(lapsed, reverse=True)[:absent]))

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

    def _answer(self, me: str, message: Message, now: float) -> Answer:
        limit = math.floor(max(self.tps * self.scale, 1) + 1e-6)
        mine, is_silent, present = self.members[me], me in self.silent, max(len(self.seen), 1)
        mine.demand = 0 if is_silent else message.demand
        wants = sum(each.demand for each in self.members.values())
        kept = max(0.2 * limit, min(3 * math.sqrt(limit), 0.65 * limit))
        aside = max(kept, self.reserve) if self.away else kept + self.reserve
        lent = max(limit - self.away - aside, 0.0)
        if 1.3 * wants <= lent:
            target = math.floor(1.3 * mine.demand + (lent - 1.3 * wants) / present)
        elif wants <= lent or lent < present:
            target = math.floor(lent * mine.demand / wants)
        else:
            self.level = self.level or self._level_of(lent)
            target = math.floor(min(_wish(mine.demand), self.level))
        target = max(target, math.floor(limit / (40 * present)))
        spare = math.floor(0.75 * kept / max(self.workers, present))
        others = self.reserve + self.sum - mine.held
        spares = sum(self.members[name].spare for name in self.seen if name != me)
        promised = others + spares + max(spare, message.spare)
        shrinks_by, grows_by = message.right - target, target - message.right
        is_kept = shrinks_by <= 0.15 * message.right and promised + message.right <= limit
        if 0 < grows_by <= 0.05 * target or (shrinks_by > 0 and is_kept):
            target = message.right
        is_closed, is_lent = not self.is_open, self.is_open and not is_silent
        free = limit - max(promised, others + self._most_slots(now))
        right = message.right
        if not is_lent:
            target = right
        before = max(right, message.used)
        right = max(right, min(target, free)) if target > right else max(target, 0)
        was_held, mine.held = mine.held, max(before, right)
        mine.target = 0 if is_silent else target
        if is_silent:
            self.away = max(self.away + mine.held - was_held, 0)
        if not is_lent or promised + mine.held > limit:
            spare = 0
        mine.spare = max(spare, message.spare)
        open_limit = self._open_limit(limit)
        opens = self._opens(now) if is_closed else now
        first, granted = self._next_slot(now, opens, open_limit), []
        more = min(right - message.used, right - message.right)
        want = max(message.want - max(more, 0), 0)
        want = want if is_lent and open_limit >= 1 else 0
        while len(granted) < want and first <= now + message.within:
            self.given += 1
            self.slots[self.given] = first
            granted.append((first, self.given))
            first = self._next_slot(now, opens, open_limit)
        return Answer(
            epoch=str(self.epoch),
            right=right,
            spare=spare,
            first_at=first,
            blocked_until=self.blocked,
            limit=limit,
            present=present,
            demand=wants,
            met=self._met(now),
            is_closed=is_closed,
            renews=not (is_closed and self._missing),
            slots=tuple(granted),
        )

    def _level_of(self, lent: float) -> float:
        wanted, rest = sorted(self.members[name].demand for name in self.seen), lent
        for at, one in enumerate(wanted):
            equal = rest / (len(wanted) - at)
            if _wish(one) >= equal:
                return equal
            rest -= _wish(one)
        return lent

    def _met(self, now: float) -> int:
        met = len(self.seen) + len(self.silent)
        if not self.is_open:
            met += self._missing
        elif now < self.began + FORGET:
            met += self.expected
        return min(met, self.workers)

    def _most_slots(self, now: float) -> int:
        """The most slots in any window that ends now or later."""
        at = sorted(self.slots.values())
        ahead = at[bisect_right(at, now) :]
        if len(ahead) > MOST_AHEAD:
            return len(at)
        ends = [now, *ahead]
        # Of two that are a window apart, no window holds both.
        return max(
            bisect_right(at, end) - bisect_right(at, end - self.window + 5e-7) for end in ends
        )

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


def _wish(demand: int) -> int:
    return demand + (demand > 3)
