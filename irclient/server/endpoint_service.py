"""One service endpoint: identity first, then capacity, then the operation."""

from __future__ import annotations

import logging
import math
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from irclient.contract.envelopes import refusal
from irclient.contract.messages import Response, read_request
from irclient.contract.operations import (
    ListCall,
    Refused,
    SelectorsCall,
    TriggerCall,
    accept_trigger,
    answer,
    read_call,
)
from irclient.server.admission import check_size
from irclient.server.answers_memory import AnswersMemory

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from irclient.contract.choices import Choices
    from irclient.contract.operations import Call
    from irclient.server.configuration import Limits
    from irclient.server.identity.callers import Callers
    from irclient.server.outputs import ServedOutput
    from irclient.server.served import ServedEndpoint, ServedModeling
    from irclient.server.trigger import Trigger

__all__ = ["Capacity", "EndpointService", "Noted", "Sessions"]

_log: Final = logging.getLogger(__name__)
_UNAUTHORIZED: Final = Response(status=401, headers=(("www-authenticate", "Bearer"),))


class Capacity(Protocol):
    """Counts requests against the TPS of endpoints."""

    async def take(self, endpoint: ServedEndpoint, /) -> float:
        """Take one request; 0, or the seconds until one will fit."""
        ...


class Sessions(Protocol):
    """Remembers what visitors looked at."""

    async def record(self, account: str, session_id: str, item_id: str, /) -> None:
        """Note that an item was seen."""
        ...

    async def views(self, account: str, session_id: str, /) -> tuple[str, ...]:
        """The items that were seen, most recent first."""
        ...


@dataclass(slots=True)
class Noted:
    """What is told of a request, beside its answer."""

    operation: str = "none"
    caller: str = "unknown"
    user_id: str | None = None
    session_id: str | None = None


@dataclass(eq=False, repr=False)
class EndpointService:
    """Answers the requests for one endpoint; used on one event loop.

    Attributes:
        served: The endpoint.
        outputs: The outputs of all folders.
        callers: Who may call.
        capacity: Counts requests.
        sessions: Remembers views.
        trigger: Starts cookings.
        limits: How large a request may be.
        choices: What the contract leaves open.
        clock: Seconds since the epoch.
        memory: Answers that may be given again.
    """

    served: ServedEndpoint
    _: KW_ONLY
    outputs: Mapping[Path, ServedOutput]
    callers: Callers
    capacity: Capacity
    sessions: Sessions
    trigger: Trigger
    limits: Limits
    choices: Choices
    clock: Callable[[], float]
    memory: AnswersMemory = field(default_factory=AnswersMemory, init=False)

    def __post_init__(self) -> None:
        self._account = self.served.account.name
        self._modelings = {
            each.name.casefold(): (each, self.outputs[each.output])
            for each in self.served.modelings
        }

    async def answer(
        self,
        method: str,
        target: str,
        *,
        authorization: str | None,
        body: Callable[[], Awaitable[bytes]],
    ) -> tuple[Response, Noted]:
        """Answer a request.

        Args:
            method: The HTTP method.
            target: Path and query, as they were sent.
            authorization: The header, if there is one.
            body: Reads the body; only asked for where one belongs.
        """
        noted = Noted()
        verdict = self.callers.known(authorization, self.clock())
        if verdict is None:
            verdict = await self.callers.prove(authorization or "", self.clock())
        noted.caller = verdict.label
        if verdict.status != 200:
            return _not_admitted(verdict.status), noted
        wait = await self.capacity.take(self.served)
        if wait > 0.0:
            seconds = str(max(1, math.ceil(wait)))
            return refusal("TooManyRequests", headers=(("retry-after", seconds),)), noted
        try:
            return await self._operate(method, target, body, noted), noted
        except Refused as problem:
            return refusal(problem.code, problem.message), noted

    async def _operate(
        self, method: str, target: str, body: Callable[[], Awaitable[bytes]], noted: Noted
    ) -> Response:
        now = self.clock()
        found = self.memory.find(target, now) if method == "GET" else None
        if found is not None:
            response, about = found
            noted.operation, noted.user_id = about
            return response
        content = await body() if method == "POST" else b""
        call = read_call(
            read_request(method, target, headers={}, body=content), choices=self.choices
        )
        check_size(call, self.limits)
        noted.operation = operation_of(call)
        noted.user_id, noted.session_id = call.parameters.user_id, call.parameters.session_id
        modeling, output = self._modeling(call.parameters.modeling)
        if isinstance(call, TriggerCall):
            return await self._start_cooking(modeling, now)
        return await self._read(call, target, output, now)

    async def _read(
        self, call: ListCall | SelectorsCall, target: str, output: ServedOutput, now: float
    ) -> Response:
        edition = output.edition
        data = None if edition is None else edition.data
        session_id = call.parameters.session_id
        views: tuple[str, ...] = ()
        if isinstance(call, ListCall) and session_id is not None:
            views = await self._seen(call, session_id)
        response = answer(call, data, views=views, now=now, choices=self.choices)
        if edition is not None and session_id is None and operation_of(call) != "personalize":
            self.memory.keep(
                target,
                response,
                about=(operation_of(call), call.parameters.user_id),
                output=output,
                edition=edition,
                until=edition.next_change(now),
            )
        return response

    async def _seen(self, call: ListCall, session_id: str) -> tuple[str, ...]:
        if call.viewed_item is not None:
            await self.sessions.record(self._account, session_id, call.viewed_item)
        if call.operation == "picks":
            return await self.sessions.views(self._account, session_id)
        return ()

    async def _start_cooking(self, modeling: ServedModeling, now: float) -> Response:
        if modeling.cook is None:
            raise Refused("NotFound", "no cooking command is configured here")
        try:
            started = await self.trigger.start(self._account, modeling, now)
        except OSError as problem:
            _log.error("%s: %s cannot be cooked: %s", self._account, modeling.name, problem)
            raise Refused("ServiceUnavailable") from None
        if not started:
            raise Refused("TooManyRequests")
        return accept_trigger(self._account, now=now, choices=self.choices)

    def _modeling(self, name: str | None) -> tuple[ServedModeling, ServedOutput]:
        if name is None:
            return next(iter(self._modelings.values()))
        found = self._modelings.get(name.casefold())
        if found is None:
            known = ", ".join(each.name for each, _ in self._modelings.values())
            raise Refused("NotFound", f"no modeling {name!r}; there is {known}")
        return found


def operation_of(call: Call) -> str:
    """How metrics and logs name what was asked for."""
    if isinstance(call, ListCall):
        return call.operation
    return "selectors" if isinstance(call, SelectorsCall) else "trigger"


def _not_admitted(status: int) -> Response:
    if status == 401:
        return _UNAUTHORIZED
    return refusal("Forbidden" if status == 403 else "ServiceUnavailable")
