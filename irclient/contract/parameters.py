"""Reading a request's query: the parameters that the contract names, and filters for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from irclient.filters import RESERVED_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BadParameter", "PagingRules", "Parameters", "read_parameters"]

_LONGEST_NUMBER: Final = 10


class BadParameter(Exception):  # noqa: N818  (a finding, turned into an answer)
    """A parameter that cannot be used; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PagingRules:
    """What a service makes of ``count`` and ``skipItems``, where the contract is silent.

    Attributes:
        default_count: Items in a list without ``count``.
        most_count: The largest ``count``; more is cut down to it. None for no limit.
        bad_paging: Whether a number that cannot be read is an error, or as if it were left out.
    """

    default_count: int
    most_count: int | None
    bad_paging: Literal["refuse", "ignore"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What a query asks for; None where it does not say.

    Attributes:
        count: Items to answer with.
        skip_items: Items to leave out first.
        filters: Wanted values by filter name, both as the caller wrote them.
    """

    modeling: str | None
    channel_id: str | None
    catalog_id: str | None
    user_id: str | None
    session_id: str | None
    algo_type: str | None
    seed_item_ids: tuple[str, ...]
    refinements: tuple[str, ...]
    count: int
    skip_items: int
    filters: Mapping[str, tuple[str, ...]]


def read_parameters(query: tuple[tuple[str, str], ...], *, paging: PagingRules) -> Parameters:
    """Read the query pairs. Names match in any case; of a repeated one the first counts.

    Raises:
        BadParameter: A number cannot be read, or is negative.
    """
    named: dict[str, str] = {}
    filters: dict[str, tuple[str, list[str]]] = {}
    for name, value in query:
        folded = name.casefold()
        if folded in RESERVED_NAMES:
            named.setdefault(folded, value)
        else:
            filters.setdefault(folded, (name, []))[1].append(value)
    count = _number(named, "count", default=paging.default_count, paging=paging)
    if paging.most_count is not None:
        count = min(count, paging.most_count)
    return Parameters(
        modeling=named.get("modeling") or None,
        channel_id=named.get("channelid") or None,
        catalog_id=named.get("catalogid") or None,
        user_id=named.get("userid") or None,
        session_id=named.get("sessionid") or None,
        algo_type=named.get("algotype") or None,
        seed_item_ids=_listed(named.get("seeditemids")),
        refinements=_listed(named.get("refinements")),
        count=count,
        skip_items=_number(named, "skipitems", default=0, paging=paging),
        filters={name: tuple(values) for name, values in filters.values()},
    )


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(part for part in (text or "").split(",") if part)


def _number(named: Mapping[str, str], name: str, *, default: int, paging: PagingRules) -> int:
    text = named.get(name, "")
    if not text:
        return default
    if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER:
        return int(text)
    if paging.bad_paging == "refuse":
        raise BadParameter(f"{name} must be a whole number of at least 0, got {text!r}")
    return default
