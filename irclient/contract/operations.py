"""Each operation of the contract, apart from who may ask and how often.

A request is first read into a call, which needs no data; a call is then answered from the cooked
data. Between the two the service does what only it can: it finds the data, keeps sessions, counts
requests. The server and the emulator share this module.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, cast

from irclient.contract.envelopes import selectors, served_list, trigger_accepted, waiting_list
from irclient.contract.parameters import BadParameter, PagingRules, read_parameters
from irclient.cooking.cooked_data import ListRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from irclient.contract.choices import Choices
    from irclient.contract.messages import Request, Response
    from irclient.contract.parameters import Parameters
    from irclient.cooking.cooked_data import Operation

__all__ = [
    "Call",
    "CookedLists",
    "ListCall",
    "Refused",
    "SelectorsCall",
    "TriggerCall",
    "accept_trigger",
    "answer",
    "read_call",
]

#: Lists that take no item from the path.
_PLAIN_LISTS: Final[Mapping[str, Operation]] = {
    "new": "new",
    "popular": "popular",
    "bestselling": "popular",
    "trending": "trending",
    "picks": "picks",
}
#: With this algoType, picks look at the session instead of the user (contract section 7: C).
_RECENT_VIEWS: Final = "recentviews"


class Refused(Exception):  # noqa: N818  (a finding, turned into an answer)
    """The request cannot be answered.

    Attributes:
        code: The code of the error body, which is the name of its HTTP status.
        message: What is wrong; None where the code says it.
    """

    def __init__(self, code: str, message: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


class CookedLists(Protocol):
    """What cooked data must be able to do, as `CookedData` does."""

    @property
    def interactions_version(self) -> str: ...

    @property
    def personalization_enabled(self) -> bool: ...

    def ranking(self, request: ListRequest, /) -> Sequence[str]: ...

    def selectors(self, request: ListRequest, /) -> Mapping[str, Sequence[str]]: ...

    def knows_item(self, item_id: str, /) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCall:
    """A list is asked for.

    Attributes:
        operation: Which list.
        parameters: The query.
        seeds: The items that it starts from.
        candidates: The items that personalize ranks.
    """

    operation: Operation
    parameters: Parameters
    seeds: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()

    @property
    def viewed_item(self) -> str | None:
        """The item that the call records as seen in its session (contract section 10: C)."""
        has_view = self.operation == "similar" and self.parameters.session_id is not None
        return self.seeds[0] if has_view else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectorsCall:
    """The filters of an item's visually similar list are asked for."""

    parameters: Parameters
    item_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerCall:
    """A cooking is asked for."""

    parameters: Parameters


Call: TypeAlias = ListCall | SelectorsCall | TriggerCall


def read_call(request: Request, *, choices: Choices) -> Call:
    """Say which operation a request asks for, and with what.

    Raises:
        Refused: There is no such operation, or something is missing or wrong.
    """
    try:
        return _read_call(request, choices)
    except BadParameter as problem:
        raise Refused("BadRequest", str(problem)) from None


def _read_call(request: Request, choices: Choices) -> Call:
    names = tuple(segment.casefold() for segment in request.segments)
    family, names = names[:2], names[2:]
    if family == ("control", "v1.0") and names == ("model",):
        _expect(request, "POST")
        return TriggerCall(parameters=_parameters(request, choices))
    if family != ("reco", "v1.0"):
        raise Refused("NotFound")
    parameters = _parameters(request, choices)
    if names == ("personalization",):
        _expect(request, "POST")
        candidates = _candidates(request.body, choices)
        if parameters.user_id is None:
            raise Refused("BadRequest", "personalization needs a userId")
        return ListCall(operation="personalize", parameters=parameters, candidates=candidates)
    _expect(request, "GET")
    return _read_list(names, request.segments[2:], parameters, choices)


def _parameters(request: Request, choices: Choices) -> Parameters:
    paging = PagingRules(
        default_count=choices.default_count,
        most_count=choices.most_count,
        bad_paging=choices.bad_paging,
    )
    return read_parameters(request.query, paging=paging)


def _read_list(
    names: tuple[str, ...], path: tuple[str, ...], parameters: Parameters, choices: Choices
) -> Call:
    match names:
        case ("discovery", "similar", "selectors", _):
            return SelectorsCall(parameters=parameters, item_id=path[3])
        case ("picks",) if parameters.user_id is None and parameters.session_id is None:
            if choices.picks_without_user == "refuse":
                raise Refused("BadRequest", "picks need a userId, or a SessionId")
            return ListCall(operation="picks", parameters=parameters)
        case (name,) if name in _PLAIN_LISTS:
            return ListCall(operation=_PLAIN_LISTS[name], parameters=parameters)
        case ("cart", "items"):
            if not parameters.seed_item_ids:
                raise Refused("BadRequest", "cart/items needs seedItemIds, separated by commas")
            seeds = parameters.seed_item_ids
            return ListCall(operation="cart", parameters=parameters, seeds=seeds)
        case ("cart", _):
            return ListCall(operation="bought_together", parameters=parameters, seeds=(path[1],))
        case ("similar", _):
            return ListCall(operation="similar", parameters=parameters, seeds=(path[1],))
        case _:
            raise Refused("NotFound")


def answer(
    call: ListCall | SelectorsCall,
    data: CookedLists | None,
    *,
    views: tuple[str, ...] = (),
    now: float,
    choices: Choices,
) -> Response:
    """Answer a call from the cooked data.

    Args:
        call: The call.
        data: The cooked data; None before the first cooking.
        views: What was seen in the call's session, most recent first.
        now: When the items must be available, in seconds since the epoch.
        choices: What the contract leaves open.

    Raises:
        Refused: It cannot be answered.
    """
    instant = datetime.fromtimestamp(now, UTC)
    if isinstance(call, SelectorsCall):
        return _answer_selectors(call, data, instant, choices)
    return _answer_list(call, data, views, instant, choices)


def accept_trigger(account: str, *, now: float, choices: Choices) -> Response:
    """Answer a trigger that started a cooking; it is named after the instant.

    Args:
        account: The account that is cooked.
        now: Seconds since the epoch.
        choices: What the contract leaves open.
    """
    version = datetime.fromtimestamp(now, UTC).strftime("%Y%m%d%H%M%S")
    return trigger_accepted(environment_id=account, version=version, form=choices.trigger_answer)


def _answer_list(
    call: ListCall,
    data: CookedLists | None,
    views: tuple[str, ...],
    now: datetime,
    choices: Choices,
) -> Response:
    if data is None:
        if choices.not_cooked == "ServiceUnavailable":
            raise Refused("ServiceUnavailable")
        return waiting_list(call.operation)
    parameters = call.parameters
    if call.operation == "picks" and not (parameters.user_id or parameters.session_id):
        return _page(call, (), data=None, choices=choices)
    if _is_disabled(call, data):
        if choices.personalization_disabled == "refuse":
            raise Refused("BadRequest", "PersonalizationEnabled is False in Reco_Config")
        return _page(call, (), data=data, choices=choices)
    ranking = data.ranking(
        ListRequest(
            operation=call.operation,
            seeds=call.seeds,
            candidates=call.candidates,
            algo_type=parameters.algo_type,
            user_id=parameters.user_id,
            session_views=views,
            channel_id=parameters.channel_id,
            catalog_id=parameters.catalog_id,
            filters=parameters.filters,
            refinements=parameters.refinements,
            now=now,
        )
    )
    if choices.unknown_item == "refuse" and call.seeds and not ranking:
        _refuse_unknown(call.seeds, data)
    return _page(call, ranking, data=data, choices=choices)


def _answer_selectors(
    call: SelectorsCall, data: CookedLists | None, now: datetime, choices: Choices
) -> Response:
    if data is None:
        # Its envelope has no status, so the contract leaves only an error for it.
        raise Refused("ServiceUnavailable")
    if choices.unknown_item == "refuse":
        _refuse_unknown((call.item_id,), data)
    of_similar = ListRequest(
        operation="similar",
        seeds=(call.item_id,),
        # The operation is about items that look alike (documented).
        algo_type=call.parameters.algo_type or "Visual",
        channel_id=call.parameters.channel_id,
        catalog_id=call.parameters.catalog_id,
        now=now,
    )
    return selectors(data.selectors(of_similar))


def _page(
    call: ListCall, ranking: Sequence[str], *, data: CookedLists | None, choices: Choices
) -> Response:
    first = call.parameters.skip_items
    # Personalize has no paging (contract section 6.8): it answers with every candidate.
    whole = call.operation == "personalize"
    page = ranking if whole else ranking[first : first + call.parameters.count]
    shown = data is not None and choices.interactions_version == "present"
    version = data.interactions_version if data is not None and shown else None
    return served_list(call.operation, page, total_items=len(ranking), interactions_version=version)


def _is_disabled(call: ListCall, data: CookedLists) -> bool:
    if call.operation not in {"picks", "personalize"} or data.personalization_enabled:
        return False
    algo_type = (call.parameters.algo_type or "").casefold()
    return algo_type != _RECENT_VIEWS or bool(call.parameters.user_id)


def _refuse_unknown(seeds: tuple[str, ...], data: CookedLists) -> None:
    if not any(data.knows_item(seed) for seed in seeds):
        raise Refused("NotFound", f"no item {seeds[0]!r}")


def _candidates(body: bytes, choices: Choices) -> tuple[str, ...]:
    try:
        content: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused("BadRequest", "the body is not JSON") from None
    wrapped: Any = _field(content, "RecommendationContext")
    if wrapped is not None and choices.personalization_body != "bare":
        content = wrapped
    elif choices.personalization_body == "wrapped":
        raise Refused("BadRequest", "the body needs RecommendationContext")
    given: Any = _field(content, "PersonalizationCandidates")
    if not isinstance(given, list):
        raise Refused("BadRequest", "the body needs PersonalizationCandidates, a list of ids")
    return tuple(str(each) for each in cast("list[object]", given))


def _expect(request: Request, method: str) -> None:
    if request.method != method:
        raise Refused("MethodNotAllowed")


def _field(content: object, name: str) -> object:
    """A field of a JSON object, its name in any case."""
    if not isinstance(content, dict):
        return None
    fields = cast("dict[str, object]", content)
    return next((fields[key] for key in fields if key.casefold() == name.casefold()), None)
