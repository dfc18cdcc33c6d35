"""Daemon threads: bounded, reused, never waited for, and honest where none can be had."""

from __future__ import annotations

import gc
import os
import signal
import threading
import warnings
import weakref

import pytest

from irclient._runtime import threads as _threads
from irclient._runtime.threads import DaemonThreads


class Gate:
    """Work that runs until it is let go, and tells when it begins and ends."""

    def __init__(self) -> None:
        self.begun, self.go, self.ended = threading.Event(), threading.Event(), threading.Event()
        self.thread: threading.Thread | None = None

    def __call__(self) -> None:
        self.thread = threading.current_thread()
        self.begun.set()
        self.go.wait(10)
        self.ended.set()


def until(claim) -> bool:
    pause = threading.Event()
    return any(claim() or pause.wait(0.005) for _ in range(2000))


def named(name: str) -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == name]


def test_work_runs_on_a_named_daemon_thread() -> None:
    gate = Gate()
    assert DaemonThreads(1, "irclient-named").try_start(gate)
    assert gate.begun.wait(5)
    assert gate.thread is not None
    assert gate.thread.daemon
    assert gate.thread.name == "irclient-named"
    gate.go.set()


def test_no_more_run_at_once_than_may() -> None:
    threads, gates = DaemonThreads(2, "irclient-two"), [Gate() for _ in range(3)]
    assert [threads.try_start(gate) for gate in gates] == [True, True, False]
    assert all(gate.begun.wait(5) for gate in gates[:2])
    assert not gates[2].begun.is_set()
    for gate in gates:
        gate.go.set()
    assert until(lambda: threads.try_start(gates[2]))
    assert gates[2].ended.wait(5)


def test_a_thread_is_used_again() -> None:
    threads, seen = DaemonThreads(8, "irclient-again"), []
    for _ in range(5):
        gate = Gate()
        gate.go.set()
        assert threads.try_start(gate)
        assert gate.ended.wait(5)
        seen.append(gate.thread)
        assert until(lambda: threads._crew.idle)
    assert len(set(seen)) == 1


def test_idle_threads_end_and_others_take_their_place(monkeypatch) -> None:
    monkeypatch.setattr(_threads, "_IDLE_FOR", 0.01)
    threads = DaemonThreads(1, "irclient-idle")
    for _ in range(3):
        done = threading.Event()
        assert until(lambda done=done: threads.try_start(done.set))
        assert done.wait(5)
        assert until(lambda: not named("irclient-idle"))


def test_no_work_is_lost_to_a_thread_that_ends_at_that_moment(monkeypatch) -> None:
    monkeypatch.setattr(_threads, "_IDLE_FOR", 0.0005)
    threads, done, begun = DaemonThreads(4, "irclient-ends"), threading.Semaphore(0), 0
    pause = threading.Event()
    for index in range(1500):
        begun += threads.try_start(done.release)
        pause.wait((index % 7) * 0.0001)
    assert begun > 100
    assert all(done.acquire(timeout=5) for _ in range(begun))


def test_where_the_system_grants_no_thread_nothing_is_raised_and_nothing_lost(monkeypatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    threads, done = DaemonThreads(1, "irclient-refused"), threading.Event()
    with monkeypatch.context() as weather:
        weather.setattr(threading.Thread, "start", refuse)
        assert [threads.try_start(done.set) for _ in range(3)] == [False] * 3
    assert threads.try_start(done.set)
    assert done.wait(5)


def test_nothing_is_started_while_the_interpreter_shuts_down(monkeypatch) -> None:
    threads = DaemonThreads(1, "irclient-end")
    monkeypatch.setattr(_threads.sys, "is_finalizing", lambda: True)
    assert not threads.try_start(lambda: None)
    assert not named("irclient-end")


def test_work_that_raises_ends_its_thread_and_frees_its_place(monkeypatch) -> None:
    threads, done, told = DaemonThreads(1, "irclient-raises"), threading.Event(), []
    monkeypatch.setattr(threading, "excepthook", told.append)

    def fail() -> None:
        raise LookupError

    assert threads.try_start(fail)
    assert until(lambda: told and not told[0].thread.is_alive())
    assert told[0].exc_type is LookupError
    assert threads.try_start(done.set)
    assert done.wait(5)


def test_what_work_holds_is_let_go_when_it_is_done() -> None:
    threads, gate = DaemonThreads(1, "irclient-holds"), Gate()
    gone = weakref.ref(gate)
    gate.go.set()
    assert threads.try_start(gate)
    assert gate.ended.wait(5)
    del gate
    assert until(lambda: gc.collect() >= 0 and gone() is None)
    assert named("irclient-holds")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork")
def test_a_forked_child_has_all_places_free() -> None:
    threads, gate = DaemonThreads(1, "irclient-fork"), Gate()
    assert threads.try_start(gate)
    assert gate.begun.wait(5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        done = threading.Event()
        os._exit(0 if threads.try_start(done.set) and done.wait(5) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert not threads.try_start(lambda: None)
    gate.go.set()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timer here")
def test_a_signal_handler_may_start_work_at_any_moment() -> None:
    threads, started = DaemonThreads(2, "irclient-signal"), []
    before = signal.signal(
        signal.SIGALRM, lambda *_: started.append(threads.try_start(lambda: None))
    )
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        for _ in range(3000):
            threads.try_start(lambda: None)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert started


def test_there_is_at_least_one_thread() -> None:
    with pytest.raises(ValueError, match="at least 1, got 0"):
        DaemonThreads(0, "irclient-none")


def test_threads_that_are_let_go_end_without_waiting_for_more() -> None:
    threads, idle, busy = DaemonThreads(2, "irclient-let-go"), Gate(), Gate()
    assert threads.try_start(idle)
    assert threads.try_start(busy)
    assert idle.begun.wait(5)
    assert busy.begun.wait(5)
    idle.go.set()
    assert until(lambda: len(threads._crew.idle) == 1)
    crew = threads._crew
    threads.let_go()
    # The idle one at once, the other one after its work; and there may be others by then.
    assert until(lambda: idle.thread is not None and not idle.thread.is_alive())
    assert not busy.ended.is_set()
    again = Gate()
    assert threads.try_start(again)
    again.go.set()
    busy.go.set()
    assert until(lambda: busy.thread is not None and not busy.thread.is_alive())
    assert len(crew.permits) == 2
    assert again.ended.wait(5)
    threads.let_go()
    assert until(lambda: not named("irclient-let-go"))
