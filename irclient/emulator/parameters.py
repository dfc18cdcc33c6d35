"""Reading a request's query: the parameters that the contract names, and filters for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from irclient.emulator.switches import Switches

__all__ = ["BadParameter", "Parameters", "read_parameters"]

#: The parameters that are no filters (contract section 5), in lower case.
_NAMED: Final = frozenset(
    {
        "algotype",
        "catalogid",
        "channelid",
        "clienttype",
        "count",
        "environmentid",
        "modeling",
        "refinements",
        "seeditemids",
        "sessionid",
        "skipitems",
        "userid",
    }
)
_LONGEST_NUMBER: Final = 10


class BadParameter(Exception):  # noqa: N818  (a finding, turned into an answer)
    """A parameter that cannot be used; the message names it."""


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


def read_parameters(query: tuple[tuple[str, str], ...], *, switches: Switches) -> Parameters:
    """Read the query pairs. Names match in any case; of a repeated one the first counts.

    Raises:
        BadParameter: A number cannot be read, or is negative.
    """
    named: dict[str, str] = {}
    filters: dict[str, tuple[str, ...]] = {}
    for name, value in query:
        folded = name.casefold()
        if folded in _NAMED:
            named.setdefault(folded, value)
        else:
            spelled = next((known for known in filters if known.casefold() == folded), name)
            filters[spelled] = (*filters.get(spelled, ()), value)
    count = _number(named, "count", default=switches.default_count, switches=switches)
    if switches.most_count is not None:
        count = min(count, switches.most_count)
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
        skip_items=_number(named, "skipitems", default=0, switches=switches),
        filters=filters,
    )


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(part for part in (text or "").split(",") if part)


def _number(named: Mapping[str, str], name: str, *, default: int, switches: Switches) -> int:
    text = named.get(name, "")
    if not text:
        return default
    if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER:
        return int(text)
    if switches.bad_paging == "refuse":
        raise BadParameter(f"{name} must be a whole number of at least 0, got {text!r}")
    return default
