"""What a fork does: locks are free in the child, and the child can tell."""

from __future__ import annotations

import os
import threading
import warnings
from contextlib import ExitStack, contextmanager

import pytest

from irclient._runtime.forks import fork_count, fork_safe_lock

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork")


def in_a_child(claim) -> bool:
    with warnings.catch_warnings():
        # Forking with threads about is the very situation that these locks are for.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            os._exit(0 if claim() else 1)
        finally:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@contextmanager
def held_elsewhere(*locks):
    """Locks that another thread holds, as it does when this one forks."""
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with ExitStack() as stack:
            for lock in locks:
                stack.enter_context(lock)
            held.set()
            release.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert held.wait(30)
        yield
    finally:
        release.set()
        thread.join()


def test_a_lock_held_while_forking_is_free_in_the_child_and_held_in_the_parent() -> None:
    lock = fork_safe_lock()
    with held_elsewhere(lock):
        assert in_a_child(lambda: lock.acquire(timeout=1))
        assert not lock.acquire(blocking=False)
    assert lock.acquire(blocking=False)


def test_a_thread_that_holds_a_lock_may_take_it_again() -> None:
    lock = fork_safe_lock()
    with lock, lock:
        pass
    with held_elsewhere(lock):
        assert not lock.acquire(blocking=False)


def test_a_lock_that_is_gone_is_forgotten() -> None:
    lock = fork_safe_lock()
    del lock
    assert in_a_child(lambda: True)


def test_the_count_of_forks_changes_in_the_child_only() -> None:
    before = fork_count()
    assert in_a_child(lambda: fork_count() == before + 1)
    assert fork_count() == before


def test_a_grandchild_counts_both_forks() -> None:
    before = fork_count()
    assert in_a_child(lambda: in_a_child(lambda: fork_count() == before + 2))
