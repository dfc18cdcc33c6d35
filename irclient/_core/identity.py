"""Identity: when two calls ask the same, so that one answer may serve both.

The request's target says everything that changes the answer. Asking with a side effect, and a
live session, have no identity: each such call is one of its own.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, TypeAlias, TypeVar, cast

from irclient._runtime.forks import fork_safe_lock
from irclient._values.kept_identity import keep_identity
from irclient._wire.requests import target_of
from irclient.filters import Filters
from irclient.queries import Query

__all__ = ["Asked", "KnownQueries", "identity", "user_ids_of"]

QueryT = TypeVar("QueryT", bound=Query)

Asked: TypeAlias = tuple[type[QueryT], *tuple[object, ...]]
"""The arguments of a list method, by which its query is known: the kind of the query, the types of
the numbers (True equals 1, and is no count), and every argument in the method's own order."""

#: The types of nearly all arguments that are neither a list nor a mapping.
_LASTING: Final = frozenset({str, int, type, type(None), Filters})
_LASTING_OR_TUPLE: Final = _LASTING | {tuple}
#: What lists that were left out are by default.
_NONE_OF_THEM: Final = ()
#: Tells a mapping from the tuple of its pairs.
_MAPPING: Final = object()


def identity(query: Query, variant: str | None = None) -> str | None:
    """Return what equal calls have in common, or None where no answer may be shared.

    Args:
        query: What is asked; its identity is kept with it, for a query never changes. Something
            that is no query has none.
        variant: The variant of a traffic split; variants share nothing.
    """
    known: str | None = getattr(query, "_identity", None)
    if known is None:
        if not isinstance(query, Query) or query.has_side_effect:
            return None
        known = target_of(query, modeling=None)
        keep_identity(query, known)
    return f"{variant}\n{known}" if variant else known


def user_ids_of(query: Query) -> tuple[str, ...]:
    """Return the users that a query is about, by name or in raw parameters: mostly one or none."""
    named: str | None = getattr(query, "user_id", None)
    if not query.params:
        return () if named is None else (named,)
    raw = cast("tuple[tuple[str, str], ...]", query.params)
    ids = [named, *(value for name, value in raw if name.lower() == "userid")]
    return tuple(dict.fromkeys(each for each in ids if each is not None))


class KnownQueries:
    """The queries that were asked lately: asking them again needs neither a check nor a request.

    Args:
        most: How many are known; the one that was learned first is forgotten first.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        # Not a dict: the first key of one whose first keys were deleted is searched for each time.
        self._known: OrderedDict[object, Any] = OrderedDict()
        self._lock = fork_safe_lock()

    def find(self, asked: Asked[QueryT]) -> QueryT | None:
        """Return the query that was learned from these arguments, or None."""
        known: QueryT | None
        try:
            known = self._known.get(asked)
        except TypeError:  # There is a list or a mapping among them.
            with suppress(TypeError):
                known = self._known.get(_lasting(asked))
                return known
            return None  # It is not what a query is made of, which the query says itself.
        return known

    @staticmethod
    def lasting(value: object) -> object:
        """Return a list or a mapping so that it can be looked up; anything else as it is.

        What arguments hold is looked up anew each time, for it may have changed. Without this
        the look-up would find out by an error, which takes as long as all the rest of it.
        """
        return value if type(value) in _LASTING else _without_lists(value)

    def learn(self, asked: tuple[object, ...], query: Query) -> None:
        """Keep a query by the arguments that it was made from, if its answer may be shared."""
        if identity(query) is None:
            return
        # What holds lists of its own comes last; what else may hold them was made lasting before.
        has_none = asked[-1] is _NONE_OF_THEM and asked[-2] is _NONE_OF_THEM
        lasting = asked if has_none else _lasting(asked)
        with self._lock:
            self._known[lasting] = query
            if len(self._known) > self._most:
                try:
                    self._known.popitem(last=False)
                except KeyError:
                    return  # A signal handler has made it forget in between.

    def forget(self) -> None:
        """Know nothing of what was asked, and so of the users that it was about."""
        with self._lock:
            self._known.clear()

    def __len__(self) -> int:
        return len(self._known)


def _lasting(asked: tuple[object, ...]) -> tuple[object, ...]:
    """Return arguments without lists and mappings: these can be looked up, and do not change."""
    if _LASTING_OR_TUPLE.issuperset(map(type, asked)):
        try:
            hash(asked)
        except TypeError:
            pass  # There is a list in one of the tuples.
        else:
            return asked
    return tuple([each if each is _NONE_OF_THEM else KnownQueries.lasting(each) for each in asked])


def _without_lists(value: object) -> object:
    if type(value) is dict or isinstance(value, Mapping):  # Most are dicts: quicker to find out.
        pairs = cast("Mapping[object, object]", value).items()
        return _MAPPING, *[
            (name, tuple(cast("list[object]", each)) if isinstance(each, list) else each)
            for name, each in pairs
        ]
    if isinstance(value, list | tuple | Sequence) and not isinstance(value, str | bytes):
        values = cast("Sequence[object]", value)
        return tuple([tuple(cast("list[object]", v)) if isinstance(v, list) else v for v in values])
    return value
