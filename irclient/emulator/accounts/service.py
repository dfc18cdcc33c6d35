"""One service endpoint: who may call it, how often, and what each operation answers."""

from __future__ import annotations

import json
import time
from collections import OrderedDict, deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast

from irclient.contract.envelopes import (
    refusal,
    selectors,
    served_list,
    trigger_accepted,
    waiting_list,
)
from irclient.contract.messages import Response
from irclient.contract.parameters import BadParameter, PagingRules, read_parameters
from irclient.cooking.cooked_data import ListRequest
from irclient.emulator.http.arrivals import RateWindow
from irclient.emulator.identity.signing import InvalidToken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from irclient.contract.messages import Request
    from irclient.contract.parameters import Parameters
    from irclient.cooking.cooked_data import CookedData, Operation
    from irclient.emulator.accounts.cooking_cycle import CookingCycle
    from irclient.emulator.identity.signing import Signer
    from irclient.emulator.switches import Switches

__all__ = ["Service"]

#: Lists that take no item from the path.
_PLAIN_LISTS: Final[Mapping[str, Operation]] = {
    "new": "new",
    "popular": "popular",
    "bestselling": "popular",
    "trending": "trending",
    "picks": "picks",
}
_MOST_SESSIONS: Final = 10_000
#: With this algoType, picks look at the session instead of the user (contract section 7: C).
_RECENT_VIEWS: Final = "recentviews"


class _Refused(Exception):  # noqa: N818  (a finding, turned into an answer)
    def __init__(self, code: str, message: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


class Service:
    """The service endpoint of one account.

    Args:
        account: The account's name.
        tps: Its provisioned transactions per second.
        signer: Who signs the tokens that it accepts.
        audiences: The audiences that it accepts, in lower case, without a trailing slash.
        allowed: The App IDs on the account's allow-list.
        cycles: The modeling components by lower-case name; the first is the default one.
        switches: What the contract leaves open.
        is_struck: Whether the fault "not cooked" strikes the present request.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        *,
        account: str,
        tps: float,
        signer: Signer,
        audiences: frozenset[str],
        allowed: set[str],
        cycles: Mapping[str, CookingCycle],
        switches: Switches,
        is_struck: Callable[[], bool],
        clock: Callable[[], float],
    ) -> None:
        self.audiences = audiences
        self.allowed = allowed
        self.cycles = cycles
        self._account = account
        self._signer = signer
        self._switches = switches
        self._paging = PagingRules(
            default_count=switches.default_count,
            most_count=switches.most_count,
            bad_paging=switches.bad_paging,
        )
        self._is_struck = is_struck
        self._clock = clock
        # Real time, whatever the clock of tokens and cookings says: callers' rates are real.
        self._window = RateWindow(tps)
        self._sessions: OrderedDict[str, deque[str]] = OrderedDict()

    def handle(self, request: Request) -> Response:
        """Answer a request: identity first, then capacity, then the operation."""
        refused = self._check_token(request)
        if refused is not None:
            return refused
        if self._switches.over_tps == "refuse" and not self._window.accept(time.monotonic()):
            seconds = self._switches.retry_after
            advice = () if seconds is None else (("retry-after", f"{seconds:g}"),)
            return refusal("TooManyRequests", headers=advice)
        try:
            return self._route(request)
        except BadParameter as problem:
            return refusal("BadRequest", str(problem))
        except _Refused as problem:
            return refusal(problem.code, problem.message)

    def _check_token(self, request: Request) -> Response | None:
        kind, _, text = request.headers.get("authorization", "").partition(" ")
        if kind.casefold() != "bearer" or not text.strip():
            return Response(status=401)
        try:
            token = self._signer.verify(text.strip(), audiences=self.audiences, now=self._clock())
            if self._signer.is_revoked(token):
                raise InvalidToken("it was revoked")
        except InvalidToken as problem:
            # The service's own 401 is empty; the header is for people who debug with curl.
            return Response(status=401, headers=(("x-emulator-reason", str(problem)),))
        if token.app_id in self.allowed:
            return None
        if self._switches.not_on_allow_list == 401:
            return Response(status=401)
        return refusal("Forbidden")

    def _route(self, request: Request) -> Response:
        family = tuple(segment.casefold() for segment in request.segments[:2])
        path = request.segments[2:]
        names = tuple(segment.casefold() for segment in path)
        if family == ("control", "v1.0") and names == ("model",):
            _expect(request, "POST")
            return self._trigger(request)
        if family != ("reco", "v1.0"):
            raise _Refused("NotFound")
        parameters = read_parameters(request.query, paging=self._paging)
        if names == ("personalization",):
            _expect(request, "POST")
            candidates = self._candidates(request.body)
            return self._personalize(parameters, candidates)
        _expect(request, "GET")
        return self._read(path, parameters)

    def _read(self, path: tuple[str, ...], parameters: Parameters) -> Response:
        match tuple(segment.casefold() for segment in path):
            case ("discovery", "similar", "selectors", _):
                return self._selectors(parameters, path[3])
            case (name,) if name in _PLAIN_LISTS:
                return self._plain(_PLAIN_LISTS[name], parameters)
            case ("cart", "items"):
                return self._cart(parameters)
            case ("cart", _):
                return self._list("bought_together", parameters, seeds=(path[1],))
            case ("similar", _):
                self._record_view(parameters.session_id, path[1])
                return self._list("similar", parameters, seeds=(path[1],))
            case _:
                raise _Refused("NotFound")

    def _plain(self, operation: Operation, parameters: Parameters) -> Response:
        if operation != "picks":
            return self._list(operation, parameters)
        if parameters.user_id is None and parameters.session_id is None:
            if self._switches.picks_without_user == "refuse":
                raise _Refused("BadRequest", "picks need a userId, or a SessionId")
            return self._page("picks", (), parameters)
        return self._list("picks", parameters)

    def _cart(self, parameters: Parameters) -> Response:
        if not parameters.seed_item_ids:
            raise _Refused("BadRequest", "cart/items needs seedItemIds, separated by commas")
        return self._list("cart", parameters, seeds=parameters.seed_item_ids)

    def _personalize(self, parameters: Parameters, candidates: tuple[str, ...]) -> Response:
        if parameters.user_id is None:
            raise _Refused("BadRequest", "personalization needs a userId")
        return self._list("personalize", parameters, candidates=candidates)

    def _list(
        self,
        operation: Operation,
        parameters: Parameters,
        *,
        seeds: tuple[str, ...] = (),
        candidates: tuple[str, ...] = (),
    ) -> Response:
        data = self._data(parameters.modeling)
        if data is None:
            return self._not_cooked(operation)
        if self._is_disabled(operation, parameters, data):
            if self._switches.personalization_disabled == "refuse":
                raise _Refused("BadRequest", "PersonalizationEnabled is False in Reco_Config")
            return self._page(operation, (), parameters, data)
        request = ListRequest(
            operation=operation,
            seeds=seeds,
            candidates=candidates,
            algo_type=parameters.algo_type,
            user_id=parameters.user_id,
            session_views=self._views(parameters.session_id),
            channel_id=parameters.channel_id,
            catalog_id=parameters.catalog_id,
            filters=parameters.filters,
            refinements=parameters.refinements,
            now=datetime.fromtimestamp(self._clock(), UTC),
        )
        ranking = data.ranking(request)
        if self._switches.unknown_item == "refuse" and seeds and not ranking:
            self._refuse_unknown(seeds, data)
        return self._page(operation, ranking, parameters, data)

    def _refuse_unknown(self, seeds: tuple[str, ...], data: CookedData) -> None:
        if not any(data.knows_item(seed) for seed in seeds):
            raise _Refused("NotFound", f"no item {seeds[0]!r}")

    def _page(
        self,
        operation: Operation,
        ranking: Sequence[str],
        parameters: Parameters,
        data: CookedData | None = None,
    ) -> Response:
        first = parameters.skip_items
        # Personalize has no paging (contract section 6.8): it answers with every candidate.
        page = ranking if operation == "personalize" else ranking[first : first + parameters.count]
        shown = data is not None and self._switches.interactions_version == "present"
        version = data.interactions_version if data is not None and shown else None
        return served_list(operation, page, total_items=len(ranking), interactions_version=version)

    def _is_disabled(self, operation: Operation, parameters: Parameters, data: CookedData) -> bool:
        if operation not in {"picks", "personalize"} or data.personalization_enabled:
            return False
        return (parameters.algo_type or "").casefold() != _RECENT_VIEWS or bool(parameters.user_id)

    def _selectors(self, parameters: Parameters, item_id: str) -> Response:
        data = self._data(parameters.modeling)
        if data is None:
            # Its envelope has no status, so the contract leaves only an error for it.
            raise _Refused("ServiceUnavailable")
        if self._switches.unknown_item == "refuse":
            self._refuse_unknown((item_id,), data)
        found = data.selectors(
            item_id,
            now=datetime.fromtimestamp(self._clock(), UTC),
            channel_id=parameters.channel_id,
            catalog_id=parameters.catalog_id,
            algo_type=parameters.algo_type,
        )
        return selectors(found)

    def _trigger(self, request: Request) -> Response:
        parameters = read_parameters(request.query, paging=self._paging)
        now = self._clock()
        if not self._cycle(parameters.modeling).trigger(now):
            raise _Refused("TooManyRequests")
        return trigger_accepted(
            environment_id=self._account,
            version=datetime.fromtimestamp(now, UTC).strftime("%Y%m%d%H%M%S"),
            form=self._switches.trigger_answer,
        )

    def _not_cooked(self, operation: Operation) -> Response:
        if self._switches.not_cooked == "ServiceUnavailable":
            raise _Refused("ServiceUnavailable")
        return waiting_list(operation)

    def _data(self, modeling: str | None) -> CookedData | None:
        data = self._cycle(modeling).data(self._clock())
        return None if self._is_struck() else data

    def _cycle(self, modeling: str | None) -> CookingCycle:
        default = next(iter(self.cycles.values()))
        if modeling is None:
            return default
        found = self.cycles.get(modeling.casefold())
        if found is None and self._switches.unknown_modeling == "refuse":
            raise _Refused("NotFound", f"no modeling {modeling!r}; there is {list(self.cycles)}")
        return found or default

    def _candidates(self, body: bytes) -> tuple[str, ...]:
        try:
            content: Any = json.loads(body)
        except ValueError:
            raise _Refused("BadRequest", "the body is not JSON") from None
        wrapped: Any = _field(content, "RecommendationContext")
        allowed = self._switches.personalization_body
        if wrapped is not None and allowed != "bare":
            content = wrapped
        elif allowed == "wrapped":
            raise _Refused("BadRequest", "the body needs RecommendationContext")
        given: Any = _field(content, "PersonalizationCandidates")
        if not isinstance(given, list):
            raise _Refused("BadRequest", "the body needs PersonalizationCandidates, a list of ids")
        return tuple(str(each) for each in cast("list[object]", given))

    def _record_view(self, session_id: str | None, item_id: str) -> None:
        if session_id is None:
            return
        views = self._sessions.setdefault(session_id, deque(maxlen=self._switches.session_views))
        if item_id in views:
            views.remove(item_id)
        views.appendleft(item_id)
        self._sessions.move_to_end(session_id)
        if len(self._sessions) > _MOST_SESSIONS:
            self._sessions.popitem(last=False)

    def _views(self, session_id: str | None) -> tuple[str, ...]:
        return tuple(self._sessions.get(session_id, ())) if session_id is not None else ()


def _expect(request: Request, method: str) -> None:
    if request.method != method:
        raise _Refused("MethodNotAllowed")


def _field(content: object, name: str) -> object:
    """A field of a JSON object, its name in any case."""
    if not isinstance(content, dict):
        return None
    fields = cast("dict[str, object]", content)
    return next((fields[key] for key in fields if key.casefold() == name.casefold()), None)
