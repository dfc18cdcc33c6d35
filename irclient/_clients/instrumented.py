"""Instrumented calls: an instrument is told what a call begins, between the core and a driver.

It stands between the two as a generator that passes on what each says to the other, so that
neither knows of it, and a call without an instrument does not come past here.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar, cast

from irclient._core.protocol import Failure, Finish, Race, Resumed, Send, Spawn, Start, Tell
from irclient._wire.requests import Request
from irclient._wire.responses import Response
from irclient.transports.request import check_headers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from irclient._core.protocol import Call, Command, Work
    from irclient.instrument import CallUnderWay, Instrument, Purpose, RequestUnderWay
    from irclient.observe import Record

__all__ = ["instrumented"]

_logger = logging.getLogger("irclient")

_FAILED: Final = "instrument %r failed"

T = TypeVar("T")


def instrumented(
    begin: Callable[[float], Call[T]],
    instruments: Sequence[Instrument],
    operation: str,
) -> Callable[[float], Call[T]]:
    """Return how to begin a call of which instruments are told, the last of them first.

    Args:
        begin: Begins the call.
        instruments: Who is told.
        operation: What is asked.
    """
    for instrument in instruments:
        begin = partial(_observed, begin, instrument, operation, "call", None)
    return begin


def _observed(  # noqa: PLR0917  (bound by position, the time last)
    begin: Callable[[float], Call[T]],
    instrument: Instrument,
    operation: str,
    purpose: Purpose,
    origin: object,
    now: float,
) -> Call[T]:
    call = begin(now)
    try:
        under_way = instrument.begin_call(operation, purpose, origin)
    except Exception:
        _logger.exception(_FAILED, instrument)
        return (yield from call)
    seen, error = _Seen(instrument, operation, under_way), None
    try:
        command = next(call)
        while True:
            try:
                resumed = yield seen.begun(command)
            except BaseException as thrown:  # noqa: BLE001  (a caller that went away)
                command = call.throw(thrown)
            else:
                command = call.send(seen.ended(command, resumed) if seen.under_way else resumed)
    except StopIteration as end:
        return cast("T", end.value)
    except BaseException as raised:
        error = raised
        raise
    finally:
        call.close()
        seen.over(error)


class _Seen:
    """One call as one instrument sees it; what the instrument raises is logged."""

    __slots__ = ("_call", "_instrument", "_operation", "under_way")

    def __init__(self, instrument: Instrument, operation: str, call: CallUnderWay) -> None:
        self._instrument = instrument
        self._operation = operation
        self._call = call
        #: By the request that the driver was given: the core's own, and what follows it.
        self.under_way: dict[int, tuple[Send, RequestUnderWay | None]] = {}

    def begun(self, command: Command) -> Command:
        """What the driver is to carry out for this command, now that the instrument knows."""
        if isinstance(command, Send):
            return self._sent(command, is_hedge=False)
        if isinstance(command, Tell):
            if command.is_own:
                try:
                    self._call.note(command.record)
                except Exception:
                    _logger.exception(_FAILED, self._instrument)
            return command
        match command:
            case Race():
                return Race(
                    self._sent(command.first, is_hedge=False),
                    command.other_at,
                    partial(self._other, command),
                    partial(self._is_good, command),
                )
            case Spawn():
                origin, purpose = self._origin(), command.purpose
                instrument, operation = self._instrument, self._operation
                begin = partial(_observed, command.call, instrument, operation, purpose, origin)
                return Spawn(begin, purpose)
            case Start():
                return Start(_Renewal(command.work, self._instrument, self._origin()))
            case _:
                return command

    def ended(self, command: Command, resumed: Resumed) -> Resumed:
        """What the core is to be sent, now that the instrument knows what came of its requests."""
        if not isinstance(command, Race):
            _, request = self.under_way.popitem()[1]
            self._end(request, resumed.outcome, ago=0.0)
            return resumed
        own: list[Finish] = []
        for finish in cast("tuple[Finish, ...]", resumed.outcome):
            send, request = self.under_way.pop(id(finish.send))
            self._end(request, finish.outcome, ago=resumed.now - finish.at)
            own.append(Finish(send, finish.outcome, finish.at))
        self._end_the_rest("overtaken")
        return Resumed(resumed.now, tuple(own))

    def over(self, error: BaseException | None) -> None:
        """Let the instrument know that it is over."""
        self._end_the_rest("cancelled")
        try:
            self._call.end(error)
        except Exception:
            _logger.exception(_FAILED, self._instrument)

    def _sent(self, send: Send, *, is_hedge: bool) -> Send:
        request, given, own = None, send, send.request
        try:
            request = self._call.begin_request(send.endpoint, own.method, own.target, is_hedge)
            headers = request.headers
            if headers:
                check_headers(headers)
                given = Send(
                    send.endpoint,
                    Request(own.method, own.target, own.body, (*own.headers, *headers)),
                    send.token,
                    send.within,
                    send.connect_within,
                    send.over_new_connection,
                )
        except Exception:
            _logger.exception(_FAILED, self._instrument)
        self.under_way[id(given)] = send, request
        return given

    def _origin(self) -> object:
        try:
            return self._call.as_origin()
        except Exception:
            _logger.exception(_FAILED, self._instrument)
            return None

    def _other(self, race: Race, now: float) -> Send | None:
        send = race.other(now)
        return None if send is None else self._sent(send, is_hedge=True)

    def _is_good(self, race: Race, given: Send, outcome: Response | Failure) -> bool:
        return race.is_good(self.under_way[id(given)][0], outcome)

    def _end_the_rest(self, trouble: str) -> None:
        while self.under_way:
            _, request = self.under_way.popitem()[1]
            self._end(request, trouble, ago=0.0)

    def _end(self, request: RequestUnderWay | None, outcome: object, *, ago: float) -> None:
        if request is None:
            return
        try:
            if isinstance(outcome, Response):
                request.end(outcome.status, None, ago)
            else:
                trouble = outcome.trouble.value if isinstance(outcome, Failure) else str(outcome)
                request.end(None, trouble, ago)
        except Exception:
            _logger.exception(_FAILED, self._instrument)


class _Renewal:
    """The fetch of a token, of which an instrument is told."""

    __slots__ = ("_instrument", "_origin", "_work")

    def __init__(self, work: Work, instrument: Instrument, origin: object) -> None:
        self._work = work
        self._instrument = instrument
        self._origin = origin

    def __call__(self, tell: Callable[[Record], None], /) -> None:
        """Carry it out; blocking."""
        try:
            under_way = self._instrument.begin_call("token", "renewal", self._origin)
        except Exception:
            _logger.exception(_FAILED, self._instrument)
            self._work(tell)
            return
        seen, error = _Seen(self._instrument, "token", under_way), None

        def tell_both(record: Record) -> None:
            seen.begun(Tell(record))
            tell(record)

        try:
            self._work(tell_both)
        except BaseException as raised:
            error = raised
            raise
        finally:
            seen.over(error)

    def abandon(self) -> None:
        """Let it count as failed, unless it has begun."""
        self._work.abandon()
