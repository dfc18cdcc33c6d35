"""Recalling what another process of the fleet has: what a call does before it asks the service.

A call that finds nothing fresh in its own process looks into the fleet's memory. There it finds
an answer; or it claims to ask, and the others wait for what it gets; or it waits for another that
has claimed. Whoever claimed may have ended since, so a wait ends with the time of an attempt.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from irclient._core.call_state import pause
from irclient._core.freshness import Freshness
from irclient._core.priority import Priority
from irclient._core.shared_memory import Finding, Wish
from irclient._values.momentary import value

if TYPE_CHECKING:
    from irclient._core.call_state import CallState
    from irclient._core.entry import Entry
    from irclient._core.protocol import Call
    from irclient._core.shared_memory import Claim, Found, Recall, SharedMemory

__all__ = ["Recalled", "recall"]

#: Seconds between two looks at what another is asking for, and at most so many more, by chance.
_LOOK_AGAIN_AFTER: Final = 0.015
#: How often a refresh looks again because it was not told what there is.
_MOST_LOST: Final = 3
#: How often a call looks again because it could not use what it found.
_MOST_UNUSABLE: Final = 3


@value
class Recalled:
    """What a call goes on with: the entry of another process, or the claim to ask, or neither.

    Attributes:
        entry: An answer that may be used.
        is_fresh: Whether it is fresh.
        claim: To keep an answer with; held where the call is to ask for all.
    """

    entry: Entry | None = None
    is_fresh: bool = False
    claim: Claim | None = None


_NOTHING: Final = Recalled()


def recall(
    call: CallState, key: str, *, own: Entry | None = None, claims: bool = True
) -> Call[Recalled]:
    """Look into the fleet's memory.

    What is found there is kept in the process's own memory as well, a last resort too.

    Args:
        call: The call.
        key: What the answer is kept by.
        own: The stale answer that the process has: no other stale one is of use.
        claims: Whether the call means to ask the service.
    """
    shared = call.state.shared_memory
    if shared is None:
        return _NOTHING
    claim_for = call.settings.timeouts.attempt if claims else 0.0
    ask_at = call.now + claim_for
    # Nobody waits for a refresh, which would rather be told than ask what another asks as well.
    is_refresh = call.priority is Priority.REFRESH
    within = call.settings.timeouts.attempt if is_refresh else shared.patience
    unusable = lost = 0
    wish = Wish(call.settings.caching, within=within, claim_for=claim_for)
    while True:
        if own is not None:
            wish = replace(wish, own_age=call.now - own.stored_at)
        asked = shared.recall(key, call.query, wish)
        found = None if asked is None else (yield from _found(call, shared, asked, wish))
        if asked is None or found is None:
            if not is_refresh or lost >= _MOST_LOST:
                # What was not told in time may have been claimed all the same.
                return _NOTHING if asked is None else Recalled(claim=asked.likely_claim)
            lost += 1
            yield from pause(call, call.now + shared.patience)
            continue
        entry, situation = _adopted(call, shared, key, found)
        is_fresh = found.finding is Finding.FRESH and situation is Freshness.FRESH
        if found.finding is Finding.FRESH and not is_fresh and unusable < _MOST_UNUSABLE:
            # Forgotten, or it cannot be read; or a newer data set was seen since.
            unusable += 1
            even_fresh = entry is not None
            wish = replace(wish, even_fresh=even_fresh, after=None if even_fresh else found)
            continue
        is_usable = found.finding in {Finding.REFRESH, Finding.USABLE} and own is None
        if entry is not None and (is_fresh or is_usable):
            return Recalled(entry, is_fresh=is_fresh, claim=found.claim)
        is_asked_elsewhere = found.finding in {Finding.WAIT, Finding.USABLE}
        if not is_asked_elsewhere or call.now >= ask_at:
            return Recalled(claim=found.claim)
        yield from pause(
            call,
            call.now + _LOOK_AGAIN_AFTER * (1.0 + call.state.uniform()),
            waiting_for="another process that asks the same",
        )


def _found(call: CallState, shared: SharedMemory, asked: Recall, wish: Wish) -> Call[Found | None]:
    is_over = False
    try:
        until = call.now + wish.within
        yield from pause(call, until, asked, waiting_for="the memory of the fleet")
        is_over = True
    finally:
        if not is_over:
            # The caller went away: what it may have claimed is another's to ask.
            shared.give_up(asked)
    return asked.found


def _adopted(
    call: CallState, shared: SharedMemory, key: str, found: Found
) -> tuple[Entry | None, Freshness]:
    if not found.data:
        return None, Freshness.EXPIRED
    entry = shared.read(found, call.query)
    if entry is None:
        return None, Freshness.EXPIRED
    memory = call.state.memory
    memory.adopt(key, entry, since=call.generation)
    return entry, memory.judge(entry, call.settings.caching, call.now)
