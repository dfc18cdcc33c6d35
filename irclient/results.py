"""What a call returns: lists, selectors, and how they were served."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeAlias, cast

from pydantic import AliasPath, FailFast, Field, field_serializer, field_validator
from pydantic_core import from_json

from irclient._display.html import table, table_of_items
from irclient._values.frozen import frozen_by_keyword
from irclient._values.item_columns import ItemColumns, MadeWhenAsked
from irclient._values.pydantic_slots import set_extra, set_field_names, set_fields, set_private
from irclient._values.rows import Rows
from irclient._values.tolerant import Tolerant, TolerantRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pydantic import FieldSerializationInfo, SerializerFunctionWrapHandler

    from irclient.queries import Query

__all__ = [
    "Answer",
    "RecommendationList",
    "RecommendedItem",
    "Selector",
    "Selectors",
    "Served",
    "Source",
]

Source: TypeAlias = Literal["service", "cache", "stale", "fallback"]


@frozen_by_keyword
class Served:
    """How an answer came about.

    Attributes:
        endpoint: The label of the service endpoint that answered, ``account/name``; None when
            none did.
        account: The IR account of that endpoint.
        variant: The variant of the traffic split, or None without one.
        source: Where the answer came from.
        attempts: Requests sent for this call.
        elapsed: Seconds that the call took.
        age: Seconds since the service gave this answer.
        degraded: Whether this is less than what was asked for.
        fresh_for: Seconds for which this may still be used as it is, by the settings of the call:
            what a page that shows it may say in its ``Cache-Control``. 0 if it is stale or
            degraded, and for a query whose answers are not kept.
    """

    endpoint: str | None = None
    account: str | None = None
    variant: str | None = None
    source: Source = "service"
    attempts: int = 0
    elapsed: float = 0.0
    age: float = 0.0
    degraded: bool = False
    fresh_for: float = 0.0


_UNSERVED = Served()
#: What is private to an answer that no service gave.
_MADE_HERE: dict[str, Any] = {"body": b"null", "served": _UNSERVED}

_new = object.__new__


def _of_the_first(private: dict[str, Any] | None) -> dict[str, Any]:
    """What is private to the answer that was handed out first."""
    first: dict[str, Any] | None = private and private.get("first", private)
    return first or _MADE_HERE


class Answer(Tolerant):
    """What every answer of the service can tell about itself."""

    # What is private is kept where pydantic keeps and copies it, but not declared: for declared
    # attributes pydantic calls back into Python with each answer that it reads. It is a dict of
    # the `body` that was read, how it was `served`, and the `query`; or of that of the `first`
    # answer, how long after that one (`age`) it was handed out again, from memory, for how long it
    # was fresh, and the `query`.

    @property
    def raw(self) -> Any:  # noqa: ANN401  (JSON has every shape)
        """The body as parsed JSON, as the service sent it."""
        return from_json(self.body)

    @property
    def body(self) -> bytes:
        """The body as the service sent it; that of an answer which it did not send is ``null``."""
        body: bytes = _of_the_first(self.__pydantic_private__)["body"]
        return body

    @property
    def query(self) -> Query | None:
        """What this answers: the query of the call, also where the answer is a fallback's.

        None for an answer that no call gave.
        """
        return cast("Query | None", (self.__pydantic_private__ or {}).get("query"))

    @property
    def served(self) -> Served:
        """How this answer came about."""
        first = _of_the_first(self.__pydantic_private__)
        served = first["served"]
        if not isinstance(served, Served):
            # Most answers are never asked how they were served, so it is put together here, of
            # what `note_served` kept.
            endpoint, account, variant, attempts, elapsed, fresh_for = served
            served = first["served"] = Served(
                endpoint=endpoint, account=account, variant=variant, attempts=attempts,
                elapsed=elapsed, fresh_for=fresh_for,
            )  # fmt: skip
        private = self.__pydantic_private__
        if private is None or "age" not in private:
            return served
        return Served(
            endpoint=served.endpoint,
            account=served.account,
            variant=served.variant,
            source="cache",
            # Another thread may have kept it after this one was told the time.
            age=max(private["age"], 0.0),
            fresh_for=max(private.get("fresh_for", 0.0) - max(private["age"], 0.0), 0.0),
        )

    def given_by(self) -> tuple[str | None, float]:
        """Return the endpoint that gave this, and how many seconds ago, without making `served`."""
        private = self.__pydantic_private__
        if private is None or "age" not in private:
            return self.served.endpoint, self.served.age
        served, age = (private["first"] or _MADE_HERE)["served"], private["age"]
        endpoint = served.endpoint if isinstance(served, Served) else served[0]
        return endpoint, max(0.0, age)

    def to_dict(self, *, served: bool = False) -> dict[str, Any]:
        """Return this as a dict of plain values, for a web answer.

        Names are the service's (``trackingId``), so a page that used to ask the service reads it
        as before, and `model_validate` reads it again. What the service left out is left out.

        Args:
            served: Whether to add how it was served, below ``served`` with the names of `Served`;
                it names the account, so perhaps not for a public page.
        """
        plain = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        if served:
            plain["served"] = asdict(self.served)
        return plain

    def __eq__(self, other: object) -> bool:
        """Whether the service answered the same; how each was served does not count."""
        return (
            isinstance(other, Answer)
            and type(self) is type(other)
            and self._by_name == other._by_name
            and self.model_extra == other.model_extra
        )

    def __hash__(self) -> int:
        return hash(tuple(self._by_name.values()))

    @property
    def _by_name(self) -> dict[str, Any]:
        """The fields by name, all made; `_fields` would make a namedtuple of it for pandas."""
        return vars(self)

    def read_from(self, body: bytes) -> Self:
        """Complete an answer that was just read: keep the body that it was read from."""
        set_private(self, {"body": body, "served": _UNSERVED})
        return self

    def note_served(
        self,
        endpoint: str,
        account: str,
        variant: str | None,
        attempts: int,
        elapsed: float,
        *,
        query: Query | None = None,
        fresh_for: float = 0.0,
    ) -> None:
        """Complete an answer that was just read: note what it answers and how it was given."""
        private = self.__pydantic_private__
        if private is not None:  # As it is of what was read.
            private["served"] = (endpoint, account, variant, attempts, elapsed, fresh_for)
            private["query"] = query

    def as_served(self, served: Served, *, query: Query | None = None) -> Self:
        """Return the same answer with another `served`.

        Args:
            served: How it did.
            query: What it answers now; the same as before when left out.
        """
        again = self.out_of_memory(0.0)
        of_again = {"body": self.body, "served": served, "query": query or self.query}
        set_private(again, of_again)
        return again

    def out_of_memory(self, age: float, query: Query | None = None, fresh_for: float = 0.0) -> Self:
        """Return the same answer as served from memory.

        Args:
            age: Seconds since it was given.
            query: What it answers now; the same as before when left out.
            fresh_for: Seconds for which it was fresh when it was given.
        """
        again = _new(type(self))
        # What is frozen may be shared: pydantic's own copy takes longer than all the rest of an
        # answer from memory.
        set_fields(again, self.__dict__)
        set_extra(again, self.__pydantic_extra__)
        set_field_names(again, self.__pydantic_fields_set__)
        private = self.__pydantic_private__
        # A user's store may keep what came out of memory.
        first = private and private.get("first", private)
        set_private(
            again,
            {"first": first, "age": age, "fresh_for": fresh_for, "query": query or self.query},
        )
        return again


class RecommendedItem(TolerantRow):
    """One item of a list; ``item["id"]`` reads it as well, so that a list makes a data frame.

    Attributes:
        id: The item's id, always a str (contract section 4, documented).
        tracking_id: As the service sends it; it was the same for all items in every sample.
    """

    id: str = Field(min_length=1)
    tracking_id: str | None = Field(default=None, alias="trackingId")


class RecommendationList(Rows[RecommendedItem], Answer):  # type: ignore[misc]  # over its rows
    """A ranked list, best first: a sequence of its items.

    ``"64702" in a_list`` and ``a_list.index("64702")`` are about ids; they take items as well.

    Attributes:
        items: The items in rank order.
        title: The list's title, for example ``Popular``.
        long_title: A longer title; the same text in every sample.
        title_id: 3 for New and 5 for Popular; others are not known.
        total_items: The size of the whole list before `skip` and `count`.
        interactions_version: The cooked data set, ``yyyyMMddHHmmss``; absent in 2023 answers.
        status: ``Success`` in every list that was seen; others may exist.
        details: The service's own words; only seen while waiting for data.
    """

    # One row that cannot be read is enough to read all of them one by one.
    items: Annotated[tuple[RecommendedItem, ...], FailFast()]
    title: str | None = None
    long_title: str | None = Field(default=None, alias="longTitle")
    title_id: int | None = Field(default=None, alias="titleId")
    total_items: int | None = Field(
        default=None,
        validation_alias=AliasPath("pagingInfo", "totalItems"),
        serialization_alias="pagingInfo",
    )
    interactions_version: str | None = Field(default=None, alias="interactionsVersion")
    status: str | None = None
    details: str | None = None

    @field_serializer("total_items")
    def _inside_paging_info(
        self, total_items: int | None, info: FieldSerializationInfo
    ) -> int | dict[str, int | None] | None:
        # Under the service's name it stands where the service puts it, and is read from there.
        return {"totalItems": total_items} if info.by_alias else total_items

    # Without a type to return: pydantic would describe, and write, the items by that.
    @field_serializer("items", mode="wrap")
    def _write_items(self, _: object, write: SerializerFunctionWrapHandler):  # type: ignore[no-untyped-def]  # noqa: ANN202
        return write(self.items)

    @property
    def _by_name(self) -> dict[str, Any]:
        return self.__dict__ | {"items": self.items}

    @property
    def ids(self) -> list[str]:
        """The items' ids in rank order."""
        items = self.__dict__["items"]
        return list(items.ids) if isinstance(items, ItemColumns) else [each.id for each in items]

    @property
    def _rows(self) -> tuple[RecommendedItem, ...]:
        return self.items

    def __len__(self) -> int:
        return len(self.__dict__["items"])

    def __contains__(self, value: object) -> bool:
        """Whether an id, or an item, is in the list."""
        return value in self._as_asked(value)

    def index(self, value: object, start: int = 0, stop: int = sys.maxsize) -> int:
        """Return the rank of an id, or of an item, the first being 0.

        Raises:
            ValueError: It is not in the list.
        """
        return self._as_asked(value).index(value, start, stop)

    def count(self, value: object) -> int:
        """Return how many times an id, or an item, is in the list."""
        return self._as_asked(value).count(value)

    def _as_asked(self, value: object) -> Sequence[object]:
        return self.ids if isinstance(value, str) else self.items

    def __repr__(self) -> str:
        shown = ", ".join(repr(item.id) for item in self.items[:5])
        more = ", …" if len(self.items) > 5 else ""
        return (
            f"<RecommendationList {self.title!r}, {len(self.items)} items [{shown}{more}], "
            f"{self.served.source} {self.served.endpoint}>"
        )

    __str__ = __repr__

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """What rich and devtools show, none of which is still to be made."""
        return [*self._by_name.items(), *(self.model_extra or {}).items()]

    def _repr_html_(self) -> str:
        caption = [self.title or "untitled", f"{len(self)} items", _how_served(self.served)]
        titles = [(item.model_extra or {}).get("title") for item in self.items]
        first = 1 + (getattr(self.query, "skip", None) or 0)
        return table_of_items(caption, self.ids, titles, first=first)


# In the body of the class, pydantic would take it for the field's default.
type.__setattr__(RecommendationList, "items", MadeWhenAsked(RecommendedItem))


class Selector(Tolerant):
    """One filter name and the values it can take.

    Attributes:
        name: The filter's name, for example ``color`` (``keyName`` on the wire).
        values: The values, for example ``red`` (``valueString`` on the wire).
    """

    name: str = Field(alias="keyName", min_length=1)
    values: Annotated[tuple[str, ...], FailFast()] = ()

    @field_serializer("values")
    def _wrap(
        self, values: tuple[str, ...], info: FieldSerializationInfo
    ) -> tuple[str, ...] | tuple[dict[str, str], ...]:
        return tuple({"valueString": each} for each in values) if info.by_alias else values

    @field_validator("values", mode="before")
    @classmethod
    def _unwrap(cls, given: object) -> object:
        if not isinstance(given, list | tuple):
            return given or ()
        each_of = cast("Sequence[object]", given)
        values = [
            cast("dict[str, object]", each).get("valueString") if isinstance(each, dict) else each
            for each in each_of
        ]
        return [value for value in values if value is not None]


class Selectors(Rows[Selector], Answer):  # type: ignore[misc]  # over its rows
    """The filters that apply to the items that look like one item: a sequence of `Selector`.

    Source: contract section 6.9 (documented schema; no sample was recovered).
    """

    selectors: Annotated[tuple[Selector, ...], FailFast()] = Field(alias="value")

    @property
    def _rows(self) -> tuple[Selector, ...]:
        return self.selectors

    def _repr_html_(self) -> str:
        caption = [f"{len(self)} selectors", _how_served(self.served)]
        rows = ((each.name, ", ".join(each.values)) for each in self)
        return table(caption, ["name", "values"], rows, total=len(self))


def _how_served(served: Served) -> str:
    parts = [served.source, served.endpoint or "", f"{served.age:.0f} s old" if served.age else ""]
    return " ".join(filter(None, [*parts, "degraded" if served.degraded else ""]))
