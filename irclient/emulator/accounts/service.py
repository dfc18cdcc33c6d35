"""One service endpoint: who may call it, how often, from which data and session it answers."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import OrderedDict, deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from irclient.contract.envelopes import refusal, trigger_accepted
from irclient.contract.messages import Response
from irclient.contract.operations import (
    Refused,
    SelectorsCall,
    TriggerCall,
    answer_list,
    answer_selectors,
    read_call,
)
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

_MOST_SESSIONS: Final = 10_000
#: A request of more bytes may take long to answer, and is answered beside the others.
_SMALL: Final = 4_096


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
        self._is_struck = is_struck
        self._clock = clock
        # Real time, whatever the clock of tokens and cookings says: callers' rates are real.
        self._window = RateWindow(tps)
        self._sessions: OrderedDict[str, deque[str]] = OrderedDict()
        self._lock = threading.Lock()

    def handle(self, request: Request) -> Response | Awaitable[Response]:
        """Answer a request: identity first, then capacity, then the operation."""
        refused = self._check_token(request)
        if refused is not None:
            return refused
        if self._switches.over_tps == "refuse" and not self._window.accept(time.monotonic()):
            seconds = self._switches.retry_after
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

    def _routed(self, request: Request) -> Response:
        try:
            return self._route(request)
        except Refused as problem:
            return refusal(problem.code, problem.message)

    def _route(self, request: Request) -> Response:
        call = read_call(request, choices=self._switches)
        if isinstance(call, TriggerCall):
            return self._trigger(call)
        if isinstance(call, SelectorsCall):
            data, now = self._data(call.parameters.modeling), self._now()
            return answer_selectors(call, data, now=now, choices=self._switches)
        session_id = call.parameters.session_id
        if call.viewed_item is not None:
            self._record_view(session_id, call.viewed_item)
        return answer_list(
            call,
            self._data(call.parameters.modeling),
            views=self._views(session_id),
            now=self._now(),
            choices=self._switches,
        )

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def _trigger(self, call: TriggerCall) -> Response:
        now = self._clock()
        if not self._cycle(call.parameters.modeling).trigger(now):
            raise Refused("TooManyRequests")
        return trigger_accepted(
            environment_id=self._account,
            version=datetime.fromtimestamp(now, UTC).strftime("%Y%m%d%H%M%S"),
            form=self._switches.trigger_answer,
        )

    def _data(self, modeling: str | None) -> CookedData | None:
        data = self._cycle(modeling).data(self._clock())
        return None if self._is_struck() else data

    def _cycle(self, modeling: str | None) -> CookingCycle:
        default = next(iter(self.cycles.values()))
        if modeling is None:
            return default
        found = self.cycles.get(modeling.casefold())
        if found is None and self._switches.unknown_modeling == "refuse":
            raise Refused("NotFound", f"no modeling {modeling!r}; there is {list(self.cycles)}")
        return found or default

    def _record_view(self, session_id: str | None, item_id: str) -> None:
        if session_id is None:
            return
        with self._lock:
            self._note_view(session_id, item_id)

    def _note_view(self, session_id: str, item_id: str) -> None:
        views = self._sessions.setdefault(session_id, deque(maxlen=self._switches.session_views))
        if item_id in views:
            views.remove(item_id)
        views.appendleft(item_id)
        self._sessions.move_to_end(session_id)
        if len(self._sessions) > _MOST_SESSIONS:
            self._sessions.popitem(last=False)

    def _views(self, session_id: str | None) -> tuple[str, ...]:
        with self._lock:
            return tuple(self._sessions.get(session_id, ())) if session_id is not None else ()
