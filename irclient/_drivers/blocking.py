"""The blocking driver: a call runs on the thread that makes it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from irclient._core.protocol import Resumed, Send, Spawn, Start, Tell, Wait
from irclient._drivers.observing import tell
from irclient.errors import IRError
from irclient.transports.exchange import exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    import httpx

    from irclient._core.protocol import Call, Command, Failure
    from irclient._wire import Response
    from irclient.observe import Observer, Record

__all__ = ["BlockingDriver"]

T = TypeVar("T")


class BlockingDriver:
    """Carries commands out on the calling thread.

    Args:
        transport: What requests go through.
        observers: Who is told what happened.
    """

    def __init__(self, transport: httpx.BaseTransport, observers: Sequence[Observer]) -> None:
        self._transport = transport
        self._observers = observers

    def run(self, begin: Callable[[float], Call[T]]) -> T:
        """Run a call to its end and return its result."""
        call = begin(time.monotonic())
        try:
            command = next(call)
            while True:
                outcome = self._carry_out(command)
                command = call.send(Resumed(time.monotonic(), outcome))
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            call.close()

    def run_many(
        self,
        begin: Sequence[Callable[[float], Call[T]]],
        *,
        concurrency: int,
        done: Callable[[], object],
        return_errors: bool,
    ) -> list[T | IRError]:
        """Run calls, so many at a time; results keep the order of the calls."""
        with ThreadPoolExecutor(concurrency, thread_name_prefix="irclient") as pool:
            futures = [pool.submit(self.run, each) for each in begin]
            try:
                for future in as_completed(futures):
                    error = future.exception()
                    if error is not None and not (return_errors and isinstance(error, IRError)):
                        raise error
                    done()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return [_result_or_error(future) for future in futures]

    def _carry_out(self, command: Command) -> Response | Failure | None:
        match command:
            case Send():
                return exchange(self._transport, command)
            case Wait():
                _wait(command)
            case Tell():
                self._tell(command.record)
            case Start():
                _in_background(lambda: command.work(self._tell), "irclient-token")
            case Spawn():
                _in_background(lambda: self._run_unheard(command.call), "irclient-background")
        return None

    def _tell(self, record: Record) -> None:
        tell(self._observers, record)

    def _run_unheard(self, begin: Callable[[float], Call[Any]]) -> None:
        # An error was told to the observers; nobody waits for it.
        with suppress(IRError):
            self.run(begin)


def _result_or_error(future: Future[T]) -> T | IRError:
    try:
        return future.result()
    except IRError as error:
        return error


def _wait(command: Wait) -> None:
    left = command.until - time.monotonic()
    if command.flight is None:
        time.sleep(max(left, 0.0))
        return
    landed = threading.Event()
    if command.flight.join(landed.set):
        try:
            landed.wait(max(left, 0.0))
        finally:
            command.flight.leave(landed.set)


def _in_background(work: Callable[[], None], name: str) -> None:
    # Daemons: a process must be able to end while a vault or an account does not answer.
    threading.Thread(target=work, name=name, daemon=True).start()
