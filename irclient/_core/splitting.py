"""Splitting: which variant of a traffic split a call belongs to.

Weighted rendezvous hashing: each variant draws a number for the caller, scaled by its weight,
and the highest wins. A caller's draws never change, so giving a variant more weight moves
callers to it and moves no others.

Sticky by user id, else by session id, else by chance.
"""

from __future__ import annotations

import hashlib
import math
from types import MappingProxyType
from typing import TYPE_CHECKING

from irclient._core.canary_guard import Watch
from irclient.observe import TrafficReturned
from irclient.topology import checked_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from irclient.observe import Record
    from irclient.queries import Query
    from irclient.settings import Guard

__all__ = ["Split"]


class Split:
    """The weights of a traffic split, which may be changed while calls are made.

    Args:
        weights: By variant; at least one above 0.
        salt: Changes who falls into which variant.
    """

    def __init__(self, weights: Mapping[str, float], *, salt: str) -> None:
        self._weights = dict(weights)
        self._salt = salt
        self._watch: Watch | None = None
        self._before: dict[str, float] = {}

    @property
    def weights(self) -> Mapping[str, float]:
        """The weights as they are now, to be read; `shift` changes them."""
        return MappingProxyType(self._weights)

    def shift(self, weights: Mapping[str, float], *, guard: Guard | None = None) -> None:
        """Change the weights; one that is left out stays.

        Args:
            weights: The new weights, by variant.
            guard: Watches the candidate from now on, and returns the weights to what they were
                before this shift when it is worse than its control.

        Raises:
            ConfigurationError: A name is no variant, or no variant would have any traffic.
        """
        shifted = checked_weights({**self._weights, **weights}, self._weights)
        if guard is not None:
            checked_weights(dict.fromkeys((guard.candidate, guard.control), 1.0), self._weights)
        self._before = self._weights
        self._watch = Watch(guard) if guard else None
        # One assignment: a call that is under way sees the old weights or the new ones.
        self._weights = shifted

    def switch(self, variant: str) -> None:
        """Give one variant all of the traffic.

        Raises:
            ConfigurationError: There is no variant of that name.
        """
        self.shift({**dict.fromkeys(self._weights, 0.0), variant: 1.0})

    def variant_of(self, query: Query, *, uniform: Callable[[], float]) -> str:
        """Return the name of the variant that a query belongs to.

        Args:
            query: Its user id or session id decides, where it has one.
            uniform: Draws from 0 to 1, for a query that names no user and no session.
        """
        weights = self._weights
        open_variants = [name for name, weight in weights.items() if weight > 0]
        if len(open_variants) == 1:
            return open_variants[0]
        who = getattr(query, "user_id", None) or getattr(query, "session_id", None)

        def score(name: str) -> float:
            draw = uniform() if who is None else _draw(self._salt, name, who)
            return _score(weights[name], draw)

        return max(open_variants, key=score)

    def note(self, variant: str, *, failed: bool, elapsed: float, now: float) -> Record | None:
        """Count a call that asked the service; returns what the guard did about it."""
        watch = self._watch
        worse = watch.note(variant, failed=failed, elapsed=elapsed) if watch else None
        if worse is None or watch is not self._watch:
            return None
        self._weights, self._watch = self._before, None
        weights = dict(self._weights)
        return TrafficReturned(at=now, weights=weights, kind=worse.kind, reason=worse.reason)

    def __repr__(self) -> str:
        total = sum(self._weights.values())
        parts = (f"{name} {weight / total:.0%}" for name, weight in self._weights.items())
        return f"<Split {', '.join(parts)}>"


def _draw(salt: str, variant: str, who: str) -> float:
    # Length-prefixed, so that no two triples run together to the same text. A member of an enum of
    # str prints its name: the user is who it equals, as for that str.
    parts = map(str.__str__, (salt, variant, who))
    text = "".join(f"{len(part)}:{part}" for part in parts)
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return (int.from_bytes(digest, "big") + 0.5) / 2.0**64


def _score(weight: float, draw: float) -> float:
    return -weight / math.log(min(max(draw, 1e-300), 1.0 - 1e-16))
