"""Daemon threads for work that blocks: a bounded number, kept for a while, never waited for."""

from __future__ import annotations

import os
import queue
import sys
import threading
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DaemonThreads"]

#: Seconds that a thread without work waits for more before it ends.
_IDLE_FOR: Final = 5.0


class DaemonThreads:
    """Threads that a process may end without waiting for them.

    Nothing here takes a lock, so a signal handler or a finalizer may start work while the thread
    it interrupted is starting some. A forked child, which inherits no threads, begins with none.

    Args:
        most: How many threads there may be at once.
        name: The name of each thread.
    """

    def __init__(self, most: int, name: str) -> None:
        if most < 1:
            raise ValueError(f"most must be at least 1, got {most}")
        self._most = most
        self._name = name
        self._crew = _Crew(most)
        _pools.add(self)

    def try_start(self, work: Callable[[], None]) -> bool:
        """Run work on a thread, at once; False, and nothing done, where no thread can be started.

        That is so when all threads are busy, when the system grants no more, and while the
        interpreter shuts down. Work that raises ends its thread, as any thread's would.
        """
        if sys.is_finalizing():
            # Daemon threads no longer run, and Python 3.11 waits for ever for a new one.
            return False
        crew = self._crew
        try:
            inbox, _ = crew.idle.popitem()
        except KeyError:
            return self._start_thread(crew, work)
        inbox.put(work)
        return True

    def _start_thread(self, crew: _Crew, work: Callable[[], None]) -> bool:
        try:
            permit = crew.permits.pop()
        except IndexError:
            return False
        thread = threading.Thread(target=crew.serve, args=([work],), name=self._name, daemon=True)
        # Unbound here, or this frame would keep alive what the work holds.
        del work
        try:
            thread.start()
        except (RuntimeError, MemoryError):
            # "can't start new thread": the limit of the container, or the interpreter's end.
            crew.permits.append(permit)
            return False
        return True

    def let_go(self) -> None:
        """Let threads end as soon as they are without work, instead of a while later."""
        crew, self._crew = self._crew, _Crew(self._most)
        crew.is_over = True
        while crew.idle:
            with suppress(KeyError):
                inbox, _ = crew.idle.popitem()
                inbox.put(None)

    def forget_threads(self) -> None:
        """Begin anew in a forked child, where the threads of the parent do not exist."""
        self._crew = _Crew(self._most)

    def __repr__(self) -> str:
        return f"DaemonThreads({self._most}, {self._name!r})"


_Inbox: TypeAlias = "queue.SimpleQueue[Callable[[], None] | None]"


class _Crew:
    """The threads of one process; each step on `permits` and `idle` is atomic."""

    def __init__(self, most: int) -> None:
        self.permits: list[object] = [None] * most
        self.idle: dict[_Inbox, None] = {}
        self.is_over = False

    def serve(self, first: list[Callable[[], None]]) -> None:
        """Do work, and wait a while for more."""
        inbox: _Inbox = queue.SimpleQueue()
        try:
            work: Callable[[], None] | None = first.pop()
            while work is not None:
                work()
                # What it holds must not live for as long as the thread is idle.
                del work
                self.idle[inbox] = None
                try:
                    work = inbox.get(timeout=0 if self.is_over else _IDLE_FOR)
                except queue.Empty:
                    if self.idle.pop(inbox, False) is None:
                        return
                    # Chosen in this very moment: the work is on its way.
                    work = inbox.get()
        finally:
            self.permits.append(None)


_pools: weakref.WeakSet[DaemonThreads] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for pool in _pools:
        pool.forget_threads()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
