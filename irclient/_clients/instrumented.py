"""Instrumented calls: an instrument is told what a call begins, between the core and a driver.

It stands between the two as a generator that passes on what each says to the other, so that
neither knows of it, and a call without an instrument does not come past here.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeVar, cast

from irclient._core.protocol import Failure, Finish, Race, Resumed, Send, Spawn, Start, Tell
from irclient._wire.requests import with_headers
from irclient._wire.responses import Response
from irclient.instrument import NotTold
from irclient.transports.request import check_headers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from irclient._core.call_state import Noted
    from irclient._core.protocol import Call, Command, Work
    from irclient.instrument import CallUnderWay, Instrument, Purpose, RequestUnderWay
    from irclient.observe import Record
    from irclient.results import Answer

__all__ = ["instrumented", "instrumented_alone"]

_logger = logging.getLogger("irclient")

_FAILED: Final = "instrument %r failed"

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class BeginsNoted(Protocol[T_co]):
    """Begins a call for which some records may be left out."""

    def __call__(
        self,
        now: float,
        /,
        *,
        noted: Noted,
        headers: tuple[tuple[str, str], ...] = (),
        call_id: str | None = None,
    ) -> Call[T_co]:
        """Begin it."""
        ...


def instrumented(
    begin: Callable[[float], Call[T]],
    instruments: Sequence[Instrument],
    operation: str,
) -> Callable[[float], Call[T]]:
    """Return how to begin a call that is reported to instruments, the last of them first.

    Args:
        begin: Begins the call.
        instruments: Who is told.
        operation: What is asked.
    """
    for instrument in instruments:
        begin = partial(_observed, begin, instrument, operation, "call", None)
    return begin


def instrumented_alone(
    new_call_id: Callable[[], str],
    begin: BeginsNoted[T],
    instruments: Sequence[Instrument],
    operation: str,
) -> Callable[[float], Call[T]]:
    """Return how to begin a call that is told to one instrument alone.

    Args:
        new_call_id: Draws an id for the call where its records need one.
        begin: Begins the call, and makes no more records of it than the instrument wants.
        instruments: Who is told: one.
        operation: What is asked.
    """
    return partial(_observed_alone, new_call_id, begin, instruments[0], operation)


def _observed_alone(
    new_call_id: Callable[[], str],
    begin: BeginsNoted[T],
    instrument: Instrument,
    operation: str,
    now: float,
) -> Call[T]:
    try:
        under_way = instrument.begin_call(operation, "call", None)
        if isinstance(under_way, NotTold):
            if under_way.headers:
                check_headers(under_way.headers)
            return begin(now, noted="nothing", headers=under_way.headers)
        wants_all = under_way.attempts == "all"
    except Exception:
        _logger.exception(_FAILED, instrument)
        return begin(now, noted="all")
    if wants_all:
        return _told(begin(now, noted="all"), instrument, operation, under_way)
    call_id = new_call_id()
    call = begin(now, noted="but what the answer tells", call_id=call_id)
    return _told(call, instrument, operation, under_way, call_id=call_id)


def _observed(  # noqa: PLR0917  (bound by position, the time last)
    begin: Callable[[float], Call[T]],
    instrument: Instrument,
    operation: str,
    purpose: Purpose,
    origin: object,
    now: float,
) -> Call[T]:
    under_way = _begun(instrument, operation, purpose, origin)
    return begin(now) if under_way is None else _told(begin(now), instrument, operation, under_way)


def _begun(
    instrument: Instrument, operation: str, purpose: Purpose, origin: object
) -> CallUnderWay | None:
    """Begin a call; None if the instrument could not."""
    try:
        under_way = instrument.begin_call(operation, purpose, origin)
        if isinstance(under_way, NotTold):
            return _HeadersAlone(under_way.headers)
    except Exception:
        _logger.exception(_FAILED, instrument)
        return None
    return under_way


class _HeadersAlone:
    """A call that one instrument ignores and others follow."""

    __slots__ = ("headers",)

    def __init__(self, headers: tuple[tuple[str, str], ...]) -> None:
        self.headers = headers

    @property
    def attempts(self) -> Literal["failed"]:
        return "failed"

    def begin_request(self, *_: object) -> _HeadersAlone:
        return self

    def note(self, _: Record) -> None:
        pass

    def answered(self, *_: object) -> None:
        pass

    def as_origin(self) -> None:
        pass

    def end(self, *_: object) -> None:
        """Do nothing: for the call, and for its requests."""


def _told(
    call: Call[T],
    instrument: Instrument,
    operation: str,
    under_way: CallUnderWay,
    *,
    call_id: str | None = None,
) -> Call[T]:
    seen, error = _Seen(instrument, operation, under_way), None
    try:
        command = next(call)
        while True:
            try:
                if isinstance(command, Send):
                    resumed = yield seen.sent(command, is_hedge=False)
                else:
                    resumed = yield seen.begun(command)
            except BaseException as thrown:  # noqa: BLE001  (a caller that went away)
                command = call.throw(thrown)
            else:
                command = call.send(seen.ended(command, resumed) if seen.under_way else resumed)
    except StopIteration as end:
        answer: T = end.value
        if call_id is not None:
            seen.answered(cast("Answer", answer), call_id)
        return answer
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
        """What the driver is to carry out for any other command, now that the instrument knows."""
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
                    self.sent(command.first, is_hedge=False),
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

    def answered(self, answer: Answer, call_id: str) -> None:
        """Let the instrument know what the call is answered, of which there may be no record."""
        try:
            self._call.answered(answer.served, call_id)
        except Exception:
            _logger.exception(_FAILED, self._instrument)

    def over(self, error: BaseException | None) -> None:
        """Let the instrument know that it is over."""
        if self.under_way:
            self._end_the_rest("cancelled")
        try:
            self._call.end(error)
        except Exception:
            _logger.exception(_FAILED, self._instrument)

    def sent(self, send: Send, *, is_hedge: bool) -> Send:
        """The request that the driver is to send for this one, now that the instrument knows."""
        request, given, own = None, send, send.request
        try:
            request = self._call.begin_request(send.endpoint, own.method, own.target, is_hedge)
            headers = request.headers
            if headers:
                check_headers(headers)
                given = Send(
                    send.endpoint,
                    with_headers(own, headers),
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
        return None if send is None else self.sent(send, is_hedge=True)

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
    """The fetch of a token, reported to an instrument."""

    __slots__ = ("_instrument", "_origin", "_work")

    def __init__(self, work: Work, instrument: Instrument, origin: object) -> None:
        self._work = work
        self._instrument = instrument
        self._origin = origin

    def __call__(self, tell: Callable[[Record], None], /) -> None:
        """Carry it out; blocking."""
        under_way = _begun(self._instrument, "token", "renewal", self._origin)
        if under_way is None:
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
