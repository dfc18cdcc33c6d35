"""The blocking driver: a call runs on the thread that makes it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, TypeVar

from irclient._core.protocol import Race, Resumed, Send, Spawn, Start, Tell, Wait
from irclient._drivers.background import unheard
from irclient._drivers.observing import tell
from irclient._drivers.racing import race
from irclient.errors import IRError
from irclient.transports.exchange import exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import httpx

    from irclient._core.protocol import Call, Failure, Finish
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
        self.transport = transport
        self._observers = observers
        self._background: set[threading.Thread] = set()

    def run(self, begin: Callable[[float], Call[T]]) -> T:
        """Run a call to its end and return its result."""
        call = begin(time.monotonic())
        try:
            command = next(call)
            outcome: Response | Failure | tuple[Finish, ...] | None
            while True:
                # Asked first: nearly every command of a call is one of these.
                if isinstance(command, Send):
                    outcome = exchange(self.transport, command)
                else:
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
        stopped = threading.Event()

        def run(each: Callable[[float], Call[T]]) -> T | IRError:
            if stopped.is_set():
                raise CancelledError
            try:
                return self.run(each)
            except IRError as error:
                if return_errors:
                    return error
                # Here and not where the results are read: until then others would be begun.
                stopped.set()
                raise

        with ThreadPoolExecutor(concurrency, thread_name_prefix="irclient") as pool:
            # Each in a copy of the caller's context, where tracing keeps the span it is in.
            futures = [pool.submit(copy_context().run, run, each) for each in begin]
            try:
                for future in as_completed(futures):
                    if not isinstance(future.exception(), CancelledError):
                        future.result()
                        done()
            except BaseException:
                stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
            return [future.result() for future in futures]

    def close(self) -> None:
        """Wait for the calls in the background; they end within an attempt's time."""
        for thread in list(self._background):
            if thread is not threading.current_thread():
                thread.join()

    def _carry_out(self, command: Race | Wait | Tell | Start | Spawn) -> tuple[Finish, ...] | None:
        match command:
            case Race():
                return race(self.transport, command)
            case Wait():
                _wait(command)
            case Tell():
                self.tell(command.record)
            case Start():
                _on_thread(lambda: command.work(self.tell), "irclient-token").start()
            case Spawn():
                self._spawn(command.call)
        return None

    def tell(self, record: Record) -> None:
        """Hand a record to the observers."""
        tell(self._observers, record)

    def _spawn(self, begin: Callable[[float], Call[Any]]) -> None:
        def run() -> None:
            try:
                with unheard():
                    self.run(begin)
            finally:
                self._background.discard(thread)

        thread = _on_thread(run, "irclient-background")
        self._background.add(thread)
        thread.start()


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


def _on_thread(work: Callable[[], None], name: str) -> threading.Thread:
    # Daemons: a process must be able to end while a vault or an account does not answer.
    return threading.Thread(target=work, name=name, daemon=True)
