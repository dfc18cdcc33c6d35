"""Reading: the body of an answer into a result, within limits that need no clock.

Facts about the protocol come from the contract (`docs/reference/contract.md`): its section numbers
stand beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeGuard, TypeVar, cast

from pydantic import ValidationError
from pydantic_core import from_json

from irclient._wire.body_limits import SMALL_BODY, refuse_what_takes_long
from irclient._wire.malformed import BOM, Malformed
from irclient._wire.usual_list import usual_list
from irclient.queries import ItemSelectors, Personalize
from irclient.results import (
    Answer,
    RecommendationList,
    RecommendedItem,
    Selector,
    Selectors,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import BaseModel

    from irclient.queries import Query

__all__ = ["read_answer", "read_list", "read_selectors"]

#: The most rows with fields that cannot be read, each of which is read field by field.
_MOST_UNREADABLE: Final = 1_000


def read_answer(query: Query, body: bytes) -> Answer:
    """Read the body of a successful answer to a query.

    Raises:
        Malformed: It is not the envelope that the contract names for this operation, or holds
            more than could be read in a moment; `read_list` says how much that is.
    """
    if isinstance(query, ItemSelectors):
        return read_selectors(body)
    if isinstance(query, Personalize):
        return read_list(body, asked=len(query.candidates))
    return read_list(body, asked=getattr(query, "count", None))


def read_list(body: bytes, *, asked: int | None = None) -> RecommendationList:
    """Read a list envelope (contract section 4), tolerating everything but a missing list.

    Missing and null fields, numeric ids, unknown fields and any status are accepted; an item
    without a usable id is left out, since no caller can do anything with it.

    Args:
        body: At most 4 MiB, and about 10,000 items.
        asked: How many items were asked for. Then the answer may hold 20 times as many, though
            not more than 10,000, and 2,000 in any case; up to 15,000 if so many were asked for.

    Raises:
        Malformed: Not JSON, not an object, without a list of items, or too much to be read.
    """
    body = _within_limits(body, asked)
    a_list = usual_list(body)
    if a_list is None:
        a_list = _read_with_all_rows(_LIST, body)
    return a_list.read_from(body)


def read_selectors(body: bytes) -> Selectors:
    """Read the answer of the selectors operation (contract 6.9).

    Raises:
        Malformed: Not JSON, not an object, without a list of selectors, or too much to be read.
    """
    # Filters are few, and their values cost more to read than items.
    body = _within_limits(body, 1)
    return _read_with_all_rows(_SELECTORS, body).read_from(body)


def _within_limits(body: bytes, asked: int | None) -> bytes:
    body = body.removeprefix(BOM)
    if len(body) > SMALL_BODY:
        refuse_what_takes_long(body, asked=asked)
    return body


_AnswerT = TypeVar("_AnswerT", bound=Answer)


@dataclass(frozen=True, slots=True)
class _Envelope(Generic[_AnswerT]):
    """Where an answer keeps its rows, and what makes a row worth having.

    Attributes:
        kind: What is read.
        rows: The name of the rows.
        row_kind: What they are.
        row_key: What makes one worth having.
    """

    kind: type[_AnswerT]
    rows: str
    row_kind: type[BaseModel]
    row_key: str


_LIST: Final = _Envelope(RecommendationList, "items", RecommendedItem, "id")
_SELECTORS: Final = _Envelope(Selectors, "value", Selector, "keyName")


def _read_with_all_rows(envelope: _Envelope[_AnswerT], body: bytes) -> _AnswerT:
    try:
        answer: _AnswerT = envelope.kind.__pydantic_validator__.validate_json(body)
    except ValidationError:
        return _read_leniently(envelope, body)
    return answer


def _read_leniently(envelope: _Envelope[_AnswerT], body: bytes) -> _AnswerT:
    try:
        parsed = from_json(body)
    except ValueError:
        raise Malformed("not JSON", body) from None
    if not isinstance(parsed, dict) or envelope.rows not in parsed:
        raise Malformed(f"no {envelope.rows!r} in it", body)
    fields = cast("dict[str, Any]", parsed)
    given: object = [] if fields[envelope.rows] is None else fields[envelope.rows]
    if not isinstance(given, list):
        raise Malformed(f"{envelope.rows!r} is not a list", body)
    rows = cast("list[object]", given)
    usable = [row for row in rows if _has_name(row, envelope.row_key)]
    if given and not usable:
        raise Malformed(f"{envelope.rows!r} holds nothing with an {envelope.row_key!r}", body)
    fields[envelope.rows] = _each_read(envelope.row_kind, usable, body)
    try:
        return envelope.kind.model_validate(_readable(envelope.kind, fields))
    except ValidationError:
        raise Malformed("not the envelope of the contract", body) from None


def _each_read(
    kind: type[BaseModel], rows: Sequence[dict[str, Any]], body: bytes
) -> list[BaseModel]:
    read: list[BaseModel] = []
    unreadable = 0
    for row in rows:
        try:
            read.append(kind.__pydantic_validator__.validate_python(row))
        except ValidationError as problem:
            unreadable += 1
            if unreadable > _MOST_UNREADABLE:
                raise Malformed("more rows that cannot be read than any list has", body) from None
            read.append(kind.model_validate(_without(problem, row)))
    return read


def _has_name(row: object, key: str) -> TypeGuard[dict[str, Any]]:
    if not isinstance(row, dict):
        return False
    name = cast("dict[str, object]", row).get(key)
    return isinstance(name, str | int | float) and not isinstance(name, bool) and name != ""


def _readable(kind: type[BaseModel], fields: dict[str, Any]) -> dict[str, Any]:
    try:
        kind.model_validate(fields)
    except ValidationError as problem:
        return _without(problem, fields)
    return fields


def _without(problem: ValidationError, fields: dict[str, Any]) -> dict[str, Any]:
    """Leave out the fields of an unreadable type, so that the others are not lost."""
    unreadable = {
        detail["loc"][0] for detail in problem.errors(include_url=False, include_input=False)
    }
    return {name: value for name, value in fields.items() if name not in unreadable}
