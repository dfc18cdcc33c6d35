"""How large a call may be: ids, filters, seeds and candidates within the limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from irclient.contract.operations import ListCall, Refused, SelectorsCall

if TYPE_CHECKING:
    from collections.abc import Iterable

    from irclient.contract.operations import Call
    from irclient.server.configuration import Limits

__all__ = ["check_size"]


def check_size(call: Call, limits: Limits) -> None:
    """Make sure that a call keeps within the limits.

    Raises:
        Refused: It does not; says which limit, and by how much.
    """
    parameters = call.parameters
    pairs = sum(len(values) for values in parameters.filters.values())
    _check_count("filters", pairs, limits.filters)
    seeds = call.seeds if isinstance(call, ListCall) else ()
    candidates = call.candidates if isinstance(call, ListCall) else ()
    _check_count("seed items", len(seeds), limits.seeds)
    _check_count("candidates", len(candidates), limits.candidates)
    named = (
        parameters.modeling,
        parameters.channel_id,
        parameters.catalog_id,
        parameters.user_id,
        parameters.session_id,
        parameters.algo_type,
        call.item_id if isinstance(call, SelectorsCall) else None,
    )
    _check_lengths((each for each in named if each is not None), limits.id_length)
    for texts in (seeds, candidates, parameters.refinements, parameters.filters):
        _check_lengths(texts, limits.id_length)
    for values in parameters.filters.values():
        _check_lengths(values, limits.id_length)


def _check_count(what: str, given: int, most: int) -> None:
    if given > most:
        raise Refused("BadRequest", f"at most {most} {what} are accepted, got {given}")


def _check_lengths(texts: Iterable[str], most: int) -> None:
    for text in texts:
        if len(text) > most:
            raise Refused(
                "BadRequest",
                f"ids, names and values have at most {most} characters, got one of {len(text)}",
            )
