"""The queries: one frozen, checked value for each operation of the service.

Every method of a client is `fetch` of one of these. A query that cannot be sent cannot be
built: each raises `QueryError` with the value and what to write instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence  # noqa: TC003  (fields can be resolved)
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final, TypeAlias, cast

from irclient._values.frozen import frozen
from irclient._values.kept_identity import KeepsIdentity, keep_identity
from irclient.errors import QueryError
from irclient.filters import (
    Filters,
    FilterValues,  # noqa: TC001  (fields can be resolved)
    check_encodable,
    how_to_write,
)

__all__ = [
    "AlgoType",
    "BoughtTogether",
    "Cart",
    "ItemSelectors",
    "ListQuery",
    "New",
    "Params",
    "Personalize",
    "Picks",
    "Popular",
    "Query",
    "Similar",
    "Trending",
]

Params: TypeAlias = Mapping[str, str] | Sequence[tuple[str, str]]

_NO_FILTERS: Final[Mapping[str, FilterValues]] = Filters()


class AlgoType(StrEnum):
    """The algorithm names that are known. The service's list is open: any other str is sent as is.

    Sources: contract section 7; `VISUAL` and `TEXTUAL` are documented, the others were seen in
    public code. What the service answers to a name it does not know is not documented.
    """

    VISUAL = "Visual"
    TEXTUAL = "Textual"
    MATRIX_FACTORIZATION = "MF"
    COMPLETE_SIMILAR_STYLES = "CompleteSimilarStyles"
    RECENT_PURCHASES = "RecentPurchases"
    RECENT_VIEWS = "RecentViews"


@dataclass(frozen=True, kw_only=True)
class Query(KeepsIdentity):
    """What all operations share.

    Attributes:
        modeling: The modeling component to read; None leaves it to the endpoint, then the account.
        channel_id: Only items that are assigned to this channel.
        catalog_id: Only items of this catalog within the channel.
        params: Raw query parameters, sent as they are after the others: the way out for
            whatever an application knows its service to understand and this client does not.
    """

    #: The name that logs, metrics, scenarios and the command use for this operation.
    operation: ClassVar[str]
    modeling: str | None = None
    channel_id: str | None = None
    catalog_id: str | None = None
    params: Params = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        # A dataclass with slots makes one of each field, those of its bases as well.
        if "params" in vars(cls).get("__slots__", ()):
            raise TypeError(
                f"{cls.__name__}: the fields of a query cannot be slots; "
                "leave slots=True out of its @dataclass"
            )

    def __post_init__(self) -> None:
        keep_identity(self, None)
        fields = self.__dict__
        if fields["params"] != ():
            fields["params"] = _pairs(self.params)
        for name, value in fields.items():
            if value is None and name != _REQUIRED:
                continue
            check = _CHECKS.get(name)
            if check is not None:
                check(self, name, value)

    @property
    def has_side_effect(self) -> bool:
        """Whether asking changes what the service will answer later, or is a live session."""
        if not self.params:
            return False
        params = cast("tuple[tuple[str, str], ...]", self.params)  # Made so when it was built.
        return any(name.lower() == "sessionid" for name, _ in params)


@dataclass(frozen=True, kw_only=True)
class ListQuery(Query):
    """What the operations share that answer a page of a ranked list.

    Attributes:
        count: How many items to answer, at least 1; None leaves it to the service (25 observed).
        skip: How many items of the ranked list to leave out first.
        filters: Filter names and the value or values to match.
        user_id: The user to rank for. On lists other than picks the documentation adds that
            "other flags" must be set, and never names them.
        refinements: Names such as ``RemoveUserHistory``, sent comma-separated (inferred).
    """

    count: int | None = None
    skip: int | None = None
    filters: Mapping[str, FilterValues] | None = _NO_FILTERS
    user_id: str | None = None
    refinements: str | Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.filters is None:
            self.__dict__["filters"] = _NO_FILTERS
        elif not isinstance(self.filters, Filters):
            if not isinstance(self.filters, Mapping):
                raise QueryError(
                    f"{self.operation}: filters must be a mapping of name to value or values, "
                    f"got {self.filters!r}; write {{'Category': 'Clothing'}}"
                )
            _set(self, "filters", Filters(self.filters))
        if self.refinements != ():
            given = (self.refinements,) if isinstance(self.refinements, str) else self.refinements
            _set(self, "refinements", _ids(f"{self.operation}: refinements", given, commas=False))
        Query.__post_init__(self)  # Not by `super`, which takes as long as a check.


@frozen
class New(ListQuery):
    """Items by release date, newest first (contract 6.1, documented)."""

    operation: ClassVar[str] = "new"


@frozen
class Popular(ListQuery):
    """Items with the most interactions over a look-back period (contract 6.2, documented)."""

    operation: ClassVar[str] = "popular"


@frozen
class Trending(ListQuery):
    """Popular items, newer interactions weighing more (contract 6.3, documented)."""

    operation: ClassVar[str] = "trending"


class _InSession(ListQuery):
    """A list that may be asked for in a session."""

    session_id: str | None

    @property
    def has_side_effect(self) -> bool:
        """With a session it has: asking records a view there, or a view of it changes the list."""
        return self.session_id is not None or super().has_side_effect


@frozen
class Similar(_InSession):
    """Items similar to one item (contract 6.4, documented).

    Attributes:
        item_id: The seed. May be an image id with `AlgoType.VISUAL` (documented scenario,
            inferred path).
        algo_type: The algorithm; None asks for "People Also", the service's own choice.
        session_id: An anonymous session. Asking with one records the view (seen in code).
    """

    operation: ClassVar[str] = "similar"
    item_id: str
    algo_type: str | None = None
    session_id: str | None = None


@frozen
class Cart(ListQuery):
    """Items that complete a cart: "next best action" (contract 6.5, documented).

    Attributes:
        item_ids: The items in the cart, at least one. They travel comma-separated, so no id may
            hold a comma.
    """

    operation: ClassVar[str] = "cart"
    item_ids: Sequence[str]

    def __post_init__(self) -> None:
        _set(self, "item_ids", _ids("cart: item_ids", self.item_ids, commas=False, least=1))
        super().__post_init__()


@frozen
class BoughtTogether(ListQuery):
    """Items frequently bought together with one item.

    Source: contract 6.6, documented in the preview, absent from the later reference, still
    answered in 2023 (seen in code).

    Attributes:
        item_id: The seed. ``items`` cannot be asked for: that path is the cart's.
    """

    operation: ClassVar[str] = "bought_together"
    item_id: str

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.item_id.lower() == "items":
            raise QueryError(
                f"bought_together: item_id {self.item_id!r} cannot be asked for, because the "
                "service reads that path as the cart; use cart([...]) for this item"
            )


@frozen
class Picks(_InSession):
    """Picks for a user, or for an anonymous session (contract 6.7).

    Attributes:
        user_id: The user (documented as required, though callers with a session left it out).
        session_id: The session, with `AlgoType.RECENT_VIEWS` (seen in code).
        algo_type: `AlgoType.RECENT_PURCHASES` or `AlgoType.RECENT_VIEWS`, or None.
    """

    operation: ClassVar[str] = "picks"
    user_id: str | None = None
    algo_type: str | None = None
    session_id: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.user_id is None and self.session_id is None:
            raise QueryError("picks: give a user_id or a session_id; both are missing")


@frozen
class Personalize(Query):
    """The given items, ranked for a user, likeliest first (contract 6.8, preview reference).

    Attributes:
        user_id: The user to rank for.
        candidates: The ids of the items to rank, at least one. They travel in a JSON body.
    """

    operation: ClassVar[str] = "personalize"
    user_id: str
    candidates: Sequence[str]

    def __post_init__(self) -> None:
        _set(self, "candidates", _ids("personalize: candidates", self.candidates, least=1))
        _text("personalize: user_id", self.user_id)
        super().__post_init__()

    @property
    def has_side_effect(self) -> bool:
        """Personalization belongs to one user's page view: it is never shared."""
        return True


@frozen
class ItemSelectors(Query):
    """The filters that apply to the list of items visually similar to one (contract 6.9).

    Attributes:
        item_id: The seed.
        algo_type: As for `Similar`.
    """

    operation: ClassVar[str] = "selectors"
    item_id: str
    algo_type: str | None = None


def _set(query: Query, name: str, value: object) -> None:
    # Frozen from outside; while it is being built a query may still normalize its own fields.
    object.__setattr__(query, name, value)


def _text(what: str, value: object) -> None:
    if isinstance(value, str) and value.isalnum():
        return  # As nearly all are.
    if not isinstance(value, str):
        raise QueryError(f"{what} must be a str, got {value!r}{how_to_write(value)}")
    if not value.strip():
        raise QueryError(f"{what} must not be empty, got {value!r}")
    check_encodable(what, value)


def _number(what: str, value: object, *, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise QueryError(f"{what} must be an int, got {value!r}")
    if value < least:
        raise QueryError(f"{what} must be at least {least}, got {value}")


# What is nearly always well is found to be so before the words are put together for an error.
def _is_text(query: Query, name: str, value: object) -> None:
    if not isinstance(value, str) or not value.isalnum():
        _text(f"{query.operation}: {name}", value)


def _is_count(query: Query, name: str, value: object) -> None:
    if type(value) is not int or value < 1:
        _number(f"{query.operation}: {name}", value, least=1)


def _is_skip(query: Query, name: str, value: object) -> None:
    _number(f"{query.operation}: {name}", value, least=0)


def _ids(what: str, given: object, *, commas: bool = True, least: int = 0) -> tuple[str, ...]:
    if isinstance(given, str):
        raise QueryError(f"{what} must be a list of str, got the str {given!r}; write [{given!r}]")
    if not isinstance(given, Sequence) or isinstance(given, bytes):
        raise QueryError(f"{what} must be a list of str, got {given!r}")
    ids = cast("Sequence[str]", given)
    if len(ids) < least:
        raise QueryError(f"{what} must hold at least {least} id, got none")
    for each in ids:
        _text(f"{what}: each", each)
        if not commas and "," in each:
            raise QueryError(
                f"{what}: {each!r} holds a comma, which separates the ids on the wire and "
                "cannot be escaped; leave this one out"
            )
    return tuple(ids)


def _pairs(params: object) -> tuple[tuple[str, str], ...]:
    given: object = list(cast("Params", params.items())) if isinstance(params, Mapping) else params
    if isinstance(given, str | bytes) or not isinstance(given, Sequence):
        raise QueryError(f"params must be a mapping or a list of pairs of str, got {params!r}")
    return tuple(_pair(each) for each in cast("Sequence[object]", given))


def _pair(given: object) -> tuple[str, str]:
    if isinstance(given, tuple | list) and len(cast("Sequence[object]", given)) == 2:
        name, value = cast("Sequence[object]", given)
        if isinstance(name, str) and isinstance(value, str) and name:
            check_encodable("params: the name", name)
            check_encodable(f"params: the value of {name!r}", value)
            return name, value
    raise QueryError(f"params: each must be a pair of str, name and value, got {given!r}")


_CHECKS: Final[Mapping[str, Callable[[Query, str, object], None]]] = {
    "modeling": _is_text,
    "channel_id": _is_text,
    "catalog_id": _is_text,
    "user_id": _is_text,
    "item_id": _is_text,
    "algo_type": _is_text,
    "session_id": _is_text,
    "count": _is_count,
    "skip": _is_skip,
}
_REQUIRED: Final = "item_id"
