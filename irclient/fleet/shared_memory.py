"""The memory that a fleet shares, on its server.

| what                | is asked for by | and goes                                                |
|---------------------|-----------------|---------------------------------------------------------|
| a recall            | a call          | at once; the call waits, and gives it up after a moment |
| what is forgotten   | the user        | before all else, and again until the server has it      |
| an answer to keep   | a call          | soon; it is dropped if the server is away               |
| news of the others  |                 | with every recall, and twice in a second (`news`)       |

On the server there are digests instead of users, items and queries, keyed by the fleet's name and,
where it has one, by its secret. While something that is forgotten here has not been sent, nothing
is recalled.
"""

from __future__ import annotations

import logging
import os
import weakref
from collections import deque
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache, partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from irclient._core.forgotten import Forgotten
from irclient._core.memory import items_of
from irclient._core.packed_entry import pack
from irclient._core.shared_memory import Finding, Found
from irclient._runtime.forks import fork_safe_lock
from irclient.fleet.link import Request
from irclient.fleet.memory_news import News, milliseconds_of, place_of
from irclient.fleet.memory_scripts import FORGET, KEEP, RECALL, RELEASE
from irclient.fleet.memory_stats import MemoryCounts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from irclient._core.entry import Entry
    from irclient._core.forgotten import Mark
    from irclient._core.memory import Memory
    from irclient._core.shared_memory import Claim, Recall, Wish
    from irclient._values.secret import Secret
    from irclient.fleet.link import Link, Reply
    from irclient.settings import Caching

__all__ = ["FleetMemory"]

_logger = logging.getLogger("irclient")
#: Seconds after which a server is tried again that was away, or refused something.
_AGAIN_AFTER: Final = 0.1
#: Answers that wait to be kept; more are not, the oldest first.
_MOST_WAITING: Final = 256
#: Items whose digests are known.
_MOST_ITEMS: Final = 1 << 16
#: What was forgotten that is told again to a server that has lost it.
_MOST_TOLD: Final = 1000
#: What is forgotten in one message.
_MOST_AT_ONCE: Final = 500


class FleetMemory:
    """The part that all clients of a process have in common.

    Args:
        link: To the server.
        secret: What digests are keyed by besides the fleet's name, which is no secret.
    """

    def __init__(self, link: Link, *, secret: Secret | None = None) -> None:
        self.link = link
        self.counts = MemoryCounts()
        # Of any length, as a key must not be.
        key = b"" if secret is None else blake2b(secret.reveal().encode()).digest()
        self._digest_key = blake2b(f"irclient {link.name}".encode(), key=key).digest()
        #: A shop that takes many items out of sale asks for those of all entries each time.
        self._item_digest = lru_cache(maxsize=_MOST_ITEMS)(partial(self.digest, "item"))
        self._lock = fork_safe_lock()
        self._memories: weakref.WeakSet[Memory] = weakref.WeakSet()
        #: Those whose entries are this process's alone.
        self._own: weakref.WeakSet[Memory] = weakref.WeakSet()
        self._begin()
        link.add(self)
        link.when_closed = self._tell_what_is_left
        _fleets.add(self)

    def _begin(self) -> None:
        self._forgotten = Forgotten()
        self._newest_count = ""
        #: Whether anything was recalled or forgotten yet, so that there is news to hear.
        self.is_used = False
        self._again_at = float("-inf")
        self._to_forget: deque[tuple[str, str]] = deque()
        #: What the server was told to forget, with the place of its mark.
        self._told: deque[tuple[tuple[int, int], tuple[str, str]]] = deque(maxlen=_MOST_TOLD)
        self._to_keep: deque[tuple[Entry, Caching, Claim]] = deque(maxlen=_MOST_WAITING)
        self._to_release: deque[Claim] = deque(maxlen=_MOST_WAITING)

    def begin_in_child(self) -> None:
        """Begin anew after a fork: forgetting has reached the parent until then, not the child."""
        self._begin()
        for memory in list(self._own):
            memory.forget(lambda _: True)

    def join(self, memory: Memory, *, is_own: bool) -> None:
        """Have a first level told what others forget and which data is the newest.

        Args:
            memory: The first level.
            is_own: Whether nothing else than the client uses its store.
        """
        with self._lock:
            self._memories.add(memory)
            if is_own:
                self._own.add(memory)

    def digest(self, kind: str, what: str) -> str:
        """What stands for an id on the server."""
        person = kind.encode()[:16]
        return blake2b(
            what.encode(), key=self._digest_key, digest_size=16, person=person
        ).hexdigest()

    @property
    def heard(self) -> tuple[str, str]:
        """What news the process has, for the server to tell what is new."""
        return self._forgotten.last, self._newest_count

    @property
    def news_keys(self) -> tuple[str, str]:
        """Where the news are."""
        return self.link.key("forgotten"), self.link.key("newest")

    # What calls and users ask for, on their threads.

    @property
    def last_forgotten(self) -> str:
        """The last that was forgotten, as far as this process knows."""
        return self._forgotten.last

    def recall(self, recall: Recall, wish: Wish, now: float) -> bool:
        """Send a recall; False if there is nobody to answer it."""
        self.is_used = True
        if self._to_forget or not self.link.is_present:
            self.link.wake()
            return False
        caching, claim = wish.caching, recall.claim
        not_before = 0 if wish.after is None else round(wish.after.server_stored_at * 1e6) + 1
        request = Request(
            RECALL,
            (*claim.keys, *self.news_keys),
            (
                claim.field,
                -1 if wish.even_fresh else _microseconds(caching.fresh_for),
                _microseconds(caching.fresh_for + caching.stale_while_refresh_for),
                _microseconds(caching.fresh_for + caching.stale_if_error_for),
                int(wish.claim_for * 1e3),
                claim.who,
                -1 if wish.own_age is None else max(_microseconds(wish.own_age), 0),
                not_before,
                *self.heard,
            ),
            answered=lambda reply: self._recalled(recall, reply),
            lost=lambda _reason, _at: self._lost(recall),
            wanted_until=now + max(wish.within, wish.claim_for),
        )
        return self.link.send(request)

    def give_up(self, recall: Recall) -> None:
        """Say that nobody waits for a recall."""
        with self._lock:
            recall.is_given_up, found = True, recall.found
        if found is not None and found.claim.is_held:
            self.release(found.claim)

    def keep(self, entry: Entry, caching: Caching, claim: Claim) -> None:
        """Have an answer kept soon."""
        self._to_keep.append((entry, caching, claim))
        self.link.wake()

    def release(self, claim: Claim) -> None:
        """Have a claim released soon."""
        if claim.is_held:
            self._to_release.append(claim)
            self.link.wake()

    def forget(self, kind: str, what: str) -> None:
        """Have all processes forget something."""
        self.is_used = True
        self._to_forget.append((kind, self.digest(kind, what) if what else ""))
        self.link.wake()

    def covers(self, found: Found, entry: Entry) -> bool:
        """Whether an entry is of what was forgotten."""
        at, forgotten = found.server_stored_at, self._forgotten
        if not forgotten.may_concern(at):
            return forgotten.covers(at)
        return forgotten.covers(at, map(self._item_digest, items_of(entry)))

    # What the link asks for, and brings, on its thread.

    @property
    def to_forget(self) -> int:
        """How many things the server has not been told to forget yet."""
        return len(self._to_forget)

    def _tell_what_is_left(self) -> None:
        if self._to_forget:
            _logger.warning(
                "fleet %r was closed before its server knew of %d things to forget: other "
                "processes may still answer with them. Forget them again once the server is back",
                self.link.name,
                len(self._to_forget),
            )

    @property
    def has_to_send(self) -> bool:
        """Whether something waits to be sent."""
        return bool(self._to_forget or self._to_keep or self._to_release)

    def next_at(self, now: float) -> float:
        """When there is something to send, should nothing happen before."""
        return max(self._again_at, now) if self.has_to_send else float("inf")

    def next_request(self, link: Link, now: float) -> Request | None:
        """The request to send now, if there is one."""
        if self.next_at(now) > now:
            return None
        if self._to_forget:
            return self._forgetting(link, _MOST_AT_ONCE)
        with suppress(IndexError):
            entry, caching, claim = self._to_keep.popleft()
            return self._keeping(link, entry, caching, claim)
        with suppress(IndexError):
            return self._releasing(self._to_release.popleft())
        return None

    def farewell(self, link: Link) -> Request | None:
        """What to send when the process ends: what is to be forgotten, not what is to be kept."""
        # All of it: there is no message after this one.
        return self._forgetting(link, len(self._to_forget)) if self._to_forget else None

    def _forgetting(self, link: Link, most: int) -> Request:
        what = [self._to_forget[at] for at in range(min(len(self._to_forget), most))]
        # The first is nobody's.
        users = [link.key("u", digest) for kind, digest in [("user", ""), *what] if kind == "user"]

        def has_it(reply: Reply) -> None:
            place = place_of(reply.text(0))
            for each in what:
                self._to_forget.popleft()
                self._told.append((place, each))

        arguments = [link.member, *(part for each in what for part in each)]
        keys = (self.news_keys[0], *users)
        return Request(FORGET, keys, arguments, answered=has_it, lost=self._try_again_later)

    def _tell_again_what_is_lost(self, last: tuple[int, int]) -> None:
        """Tell again what the server no longer knows: a failover loses the last writes."""
        told = list(self._told)
        if told and told[-1][0] > last:
            self._told.clear()
            self._told.extend(each for each in told if each[0] <= last)
            self._to_forget.extend(what for place, what in told if place > last)
            self.link.wake()

    def _keeping(self, link: Link, entry: Entry, caching: Caching, claim: Claim) -> Request:
        data, ahead = pack(entry), link.clock.ahead
        if data is None or ahead is None:
            return self._releasing(claim)
        account, modeling = entry.data_set
        keep_for = caching.fresh_for + max(
            caching.stale_if_error_for, caching.stale_while_refresh_for
        )
        arguments = (
            claim.field,
            _microseconds(entry.stored_at + ahead),
            data,
            int(keep_for * 1e3) + 1,
            claim.who,
            claim.last_forgotten,
            account if modeling is None else f"{account}\n{modeling}",
            entry.version or "",
        )
        keys = (*claim.keys, *self.news_keys)
        return Request(KEEP, keys, arguments, answered=self._kept, lost=self._try_again_later)

    def _releasing(self, claim: Claim) -> Request:
        return Request(
            RELEASE, claim.keys[1:], (claim.who,), answered=_is_well, lost=self._try_again_later
        )

    def _try_again_later(self, _reason: str, now: float) -> None:
        # Not what was to be kept, or released: it is asked for again, and a claim ends by itself.
        self._again_at = now + _AGAIN_AFTER

    def _kept(self, reply: Reply) -> None:
        self.counts.kept += int(reply.values[0])

    def _recalled(self, recall: Recall, reply: Reply) -> None:
        finding = Finding(reply.text(0))
        age, stored, data, told = reply.values[1:5]
        news = News.of(told)
        self.hear(news, reply)
        held = replace(
            recall.claim,
            is_held=finding in {Finding.ASK, Finding.REFRESH},
            last_forgotten=news.last,
        )
        # As old as it can be: the way back took a part of the time.
        stored_at = reply.sent_at - int(age) / 1e6
        found = Found(finding, held, stored_at, data, int(stored) / 1e6)
        self.counts.count(finding)
        with self._lock:
            recall.found, is_given_up = found, recall.is_given_up
        if is_given_up:
            self.release(held)
        recall.land()

    def _lost(self, recall: Recall) -> None:
        self.counts.lost += 1
        recall.land()

    def hear(self, news: News, reply: Reply) -> None:
        """Take in what the server tells of the others."""
        self._tell_again_what_is_lost(place_of(news.last))
        heard_until = milliseconds_of(self._forgotten.last) * 1000
        if news.last != self._forgotten.last:
            self._forgotten.hear(news.marks)
            self._forgotten.last = news.last
            others = [each for each in news.marks if each.who != self.link.member]
            # More was forgotten than the server still tells of.
            everything = news.told_since > heard_until
            if others or everything:
                for memory in self._joined():
                    # Its store may be the user's, and fail in any way.
                    with suppress(Exception):
                        self._have_forgotten(memory, others, everything=everything)
        if news.count != self._newest_count:
            self._newest_count = news.count
            for data_set, version, seen_at in news.newest:
                for memory in self._joined():
                    memory.learn(data_set, version, reply.here(seen_at))

    def _joined(self) -> list[Memory]:
        with self._lock:
            return list(self._memories)

    def _have_forgotten(self, memory: Memory, marks: Sequence[Mark], *, everything: bool) -> None:
        # First, so that what is kept meanwhile is not of before.
        memory.part()
        if everything or any(mark.kind == "all" for mark in marks):
            memory.forget(lambda _: True)
            return
        users, items = memory.ids()
        told = {(mark.kind, mark.what) for mark in marks}
        gone_users = {each for each in users if ("user", self.digest("user", each)) in told}
        gone_items = set[str]()
        if any(mark.kind == "item" for mark in marks):
            gone_items = {each for each in items if ("item", self._item_digest(each)) in told}
        if gone_users or gone_items:
            memory.forget(
                lambda entry: (
                    not gone_users.isdisjoint(entry.user_ids)
                    or not gone_items.isdisjoint(items_of(entry))
                )
            )


def _microseconds(seconds: float) -> int:
    return int(seconds * 1e6)


def _is_well(_: Reply) -> None:
    """Nothing follows from it."""


_fleets: weakref.WeakSet[FleetMemory] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for fleet in list(_fleets):
        fleet.begin_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
