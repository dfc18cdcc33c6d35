"""Recalling what another process of the fleet has: what a call does before it asks the service.

A call that finds nothing fresh in its own process looks into the fleet's memory. There it finds
an answer; or it claims to ask, and the others wait for what it gets; or it waits for another that
has claimed. That process may have ended since, so a wait ends with the time of an attempt.
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

#: Seconds between two looks at what another process is asking for; chance adds up to as many.
_LOOK_AGAIN_AFTER: Final = 0.015
#: How often a refresh asks because it was not told what there is.
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
    wish = _wish(call, shared, claims=claims)
    ask_at, unusable = call.now + wish.claim_for, 0
    while True:
        if own is not None:
            wish = replace(wish, own_age=call.now - own.stored_at)
        found, claim = yield from _found(call, shared, key, wish)
        if found is None:
            return Recalled(claim=claim)
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
            return Recalled(entry, is_fresh=is_fresh, claim=claim)
        is_asked_elsewhere = found.finding in {Finding.WAIT, Finding.USABLE}
        if not is_asked_elsewhere or call.now >= ask_at:
            return Recalled(claim=claim)
        look_again_after = _LOOK_AGAIN_AFTER * (1.0 + call.state.uniform())
        yield from pause(
            call, call.now + look_again_after, waiting_for="another process that asks the same"
        )


def _wish(call: CallState, shared: SharedMemory, *, claims: bool) -> Wish:
    attempt = call.settings.timeouts.attempt
    # No call waits for a refresh, so it can wait for what another process asks already.
    within = attempt if call.priority is Priority.REFRESH else shared.patience
    return Wish(call.settings.caching, within=within, claim_for=attempt if claims else 0.0)


def _found(
    call: CallState, shared: SharedMemory, key: str, wish: Wish
) -> Call[tuple[Found | None, Claim | None]]:
    """Ask until there is an answer, or it takes too long; with the claim to go on with."""
    asked: Recall | None = None
    for times in range(_MOST_LOST if call.priority is Priority.REFRESH else 1):
        if times:
            yield from pause(call, call.now + shared.patience)
        asked = shared.recall(key, call.query, wish)
        if asked is None:
            continue
        yield from _wait_for(call, shared, asked, wish)
        if asked.found is not None:
            return asked.found, asked.found.claim
    # What was not told in time may have been claimed all the same.
    return None, None if asked is None else asked.likely_claim


def _wait_for(call: CallState, shared: SharedMemory, asked: Recall, wish: Wish) -> Call[None]:
    is_over = False
    try:
        until = call.now + wish.within
        yield from pause(call, until, asked, waiting_for="the memory of the fleet")
        is_over = True
    finally:
        if not is_over:
            # The caller went away: what it may have claimed is another's to ask.
            shared.give_up(asked)


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
