"""Which items may be returned now, in this channel and this catalog.

Availability is applied at the call (contract section 8: D). Channel "0" and catalog "0" are the
defaults; every item belongs to the default channel, and within a channel to its default catalog,
without being told so (D). A channel or catalog that the data does not know has no items (D).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from irclient.cooking.data.instants import milliseconds

if TYPE_CHECKING:
    from datetime import datetime

    from irclient.cooking.data.instants import Flags
    from irclient.cooking.output import Cooked

__all__ = ["DEFAULT_SCOPE", "Availability"]

DEFAULT_SCOPE: Final = "0"


class Availability:
    """Answers, for an instant and a scope, which items may be returned.

    May be shared by threads: what is remembered is replaced whole.
    """

    def __init__(self, cooked: Cooked) -> None:
        arrays = cooked.arrays
        self._scopes = cooked.texts["scopes"]
        self._starts = arrays["scope_starts"]
        self._items = arrays["window_items"]
        self._starts_at, self._ends_at = arrays["window_starts_at"], arrays["window_ends_at"]
        self._none: Flags = np.zeros(len(cooked.texts["ids"]), dtype=np.bool_)
        self._none.flags.writeable = False
        #: For each scope the latest mask, and from when until when it holds.
        self._known: dict[int, tuple[int, int, Flags]] = {}

    def mask(self, now: datetime, *, channel: str | None, catalog: str | None) -> Flags:
        """For each item whether it may be returned; not to be changed.

        The same array as before, as long as nothing has become available or ceased to be.
        """
        scope = self._scopes.find(f"{channel or DEFAULT_SCOPE}\n{catalog or DEFAULT_SCOPE}")
        if scope is None:
            return self._none
        at = milliseconds(now)
        known = self._known.get(scope)
        if known is None or not known[0] <= at < known[1]:
            known = self._look(scope, at)
            self._known[scope] = known
        return known[2]

    def _look(self, scope: int, at: int) -> tuple[int, int, Flags]:
        own = slice(int(self._starts[scope]), int(self._starts[scope + 1]))
        starts_at, ends_at = self._starts_at[own], self._ends_at[own]
        mask = self._none.copy()
        mask[self._items[own][(starts_at <= at) & (at <= ends_at)]] = True
        mask.flags.writeable = False
        # A window's last instant is within it.
        begun, over = starts_at[starts_at <= at], ends_at[ends_at < at]
        coming, going = starts_at[starts_at > at], ends_at[ends_at >= at]
        since = max(_most(begun, _EVER), _most(over, _EVER) + 1)
        until = min(_least(coming, _NEVER), _least(going, _NEVER - 1) + 1)
        return since, until, mask


_EVER: Final = int(np.iinfo(np.int64).min)
_NEVER: Final = int(np.iinfo(np.int64).max)


def _most(instants: np.ndarray[tuple[int], np.dtype[np.int64]], otherwise: int) -> int:
    return int(instants.max()) if instants.size else otherwise


def _least(instants: np.ndarray[tuple[int], np.dtype[np.int64]], otherwise: int) -> int:
    return min(int(instants.min()), otherwise) if instants.size else otherwise
