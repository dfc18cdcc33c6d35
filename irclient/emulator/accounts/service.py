"""One service endpoint: who may call it, how often, from which data and session it answers."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from irclient.contract.envelopes import refusal
from irclient.contract.messages import Response
from irclient.contract.operations import (
    ListCall,
    Refused,
    TriggerCall,
    accept_trigger,
    answer,
    read_call,
)
from irclient.emulator.accounts.sessions import Sessions
from irclient.emulator.http.arrivals import RateWindow
from irclient.emulator.identity.signing import InvalidToken

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from irclient.contract.messages import Request
    from irclient.cooking.cooked_data import CookedData
    from irclient.emulator.accounts.cooking_cycle import CookingCycle
    from irclient.emulator.identity.signing import Signer
    from irclient.emulator.switches import Switches

__all__ = ["Service"]

#: A request of more bytes may take long to answer, and is answered beside the others.
_SMALL: Final = 4_096


@dataclass(kw_only=True, eq=False, repr=False)
class Service:
    """The service endpoint of one account.

    Attributes:
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

    account: str
    tps: float
    signer: Signer
    audiences: frozenset[str]
    allowed: set[str]
    cycles: Mapping[str, CookingCycle]
    switches: Switches
    is_struck: Callable[[], bool]
    clock: Callable[[], float]

    def __post_init__(self) -> None:
        # Real time, whatever the clock of tokens and cookings says: callers' rates are real.
        self._window = RateWindow(self.tps)
        self._sessions = Sessions(views=self.switches.session_views)

    def handle(self, request: Request) -> Response | Awaitable[Response]:
        """Answer a request: identity first, then capacity, then the operation."""
        refused = self._check_token(request)
        if refused is not None:
            return refused
        if self.switches.over_tps == "refuse" and not self._window.accept(time.monotonic()):
            seconds = self.switches.retry_after
            advice = () if seconds is None else (("retry-after", f"{seconds:g}"),)
            return refusal("TooManyRequests", headers=advice)
        if len(request.target) + len(request.body) > _SMALL:
            return asyncio.to_thread(self._routed, request)
        return self._routed(request)

    def _check_token(self, request: Request) -> Response | None:
        kind, _, text = request.headers.get("authorization", "").partition(" ")
        if kind.casefold() != "bearer" or not text.strip():
            return Response(status=401)
        try:
            token = self.signer.verify(text.strip(), audiences=self.audiences, now=self.clock())
            if self.signer.is_revoked(token):
                raise InvalidToken("it was revoked")
        except InvalidToken as problem:
            # The service's own 401 is empty; the header is for people who debug with curl.
            return Response(status=401, headers=(("x-emulator-reason", str(problem)),))
        if token.app_id in self.allowed:
            return None
        if self.switches.not_on_allow_list == 401:
            return Response(status=401)
        return refusal("Forbidden")

    def _routed(self, request: Request) -> Response:
        try:
            return self._route(request)
        except Refused as problem:
            return refusal(problem.code, problem.message)

    def _route(self, request: Request) -> Response:
        call = read_call(request, choices=self.switches)
        if isinstance(call, TriggerCall):
            return self._trigger(call)
        views = self._seen(call) if isinstance(call, ListCall) else ()
        data = self._data(call.parameters.modeling)
        return answer(call, data, views=views, now=self.clock(), choices=self.switches)

    def _seen(self, call: ListCall) -> tuple[str, ...]:
        session_id = call.parameters.session_id
        if session_id is None:
            return ()
        if call.viewed_item is not None:
            self._sessions.record(session_id, call.viewed_item)
        return self._sessions.views(session_id)

    def _trigger(self, call: TriggerCall) -> Response:
        now = self.clock()
        if not self._cycle(call.parameters.modeling).trigger(now):
            raise Refused("TooManyRequests")
        return accept_trigger(self.account, now=now, choices=self.switches)

    def _data(self, modeling: str | None) -> CookedData | None:
        data = self._cycle(modeling).data(self.clock())
        return None if self.is_struck() else data

    def _cycle(self, modeling: str | None) -> CookingCycle:
        default = next(iter(self.cycles.values()))
        if modeling is None:
            return default
        found = self.cycles.get(modeling.casefold())
        if found is None and self.switches.unknown_modeling == "refuse":
            raise Refused("NotFound", f"no modeling {modeling!r}; there is {list(self.cycles)}")
        return found or default
