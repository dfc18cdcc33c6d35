"""Locks that forks and signals leave usable, and how to notice a fork.

A child inherits locks that threads of its parent were holding, and no thread that would ever
release them; and it shares the parent's sockets, over which two processes would read each
other's answers. Both were measured to happen under gunicorn's ``--preload``.

A signal handler, and a finalizer that the collector runs, interrupt a thread wherever it is,
inside a lock too; a plain lock that they then wait for is never released. (`health()` in a
handler of SIGUSR1 hung a process for good after 70 signals.) So the locks here let a thread in
again that holds them, and what they protect must stand that: whatever is half done must make
sense to who comes in between, and go on from what that one left.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import Any

__all__ = ["fork_count", "fork_safe_lock"]

_locks: weakref.WeakSet[Any] = weakref.WeakSet()
_forks = 0


def fork_safe_lock() -> threading.RLock:
    """Return a lock that is free in a forked child, even if a thread of the parent held it.

    A thread that holds it may take it again: a signal handler does.
    """
    lock = threading.RLock()
    _locks.add(lock)
    return lock


def fork_count() -> int:
    """How many forks lie between the first process and this one: it changes in a child only."""
    return _forks


def _after_fork_in_child() -> None:
    global _forks  # noqa: PLW0603  (a process has one history)
    _forks += 1
    for lock in _locks:
        _free(lock)


def _free(lock: threading.RLock) -> None:
    """Free a lock that a thread of the parent held, and which will never release it."""
    # What the standard library does for its own locks (threading, logging, queue).
    lock._at_fork_reinit()  # type: ignore[attr-defined]  # noqa: SLF001


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
