"""What a fork does to this process: locks made usable again in the child, and how to notice one.

A child inherits locks that threads of its parent were holding, and no thread that would ever
release them; and it shares the parent's sockets, over which two processes would read each
other's answers. Both were measured to happen under gunicorn's ``--preload``.
"""

from __future__ import annotations

import os
import threading
import weakref

__all__ = ["fork_count", "fork_safe_lock"]

_locks: weakref.WeakSet[threading.Lock] = weakref.WeakSet()
_forks = 0


def fork_safe_lock() -> threading.Lock:
    """Return a lock that is free in a forked child, whoever held it in the parent."""
    lock = threading.Lock()
    _locks.add(lock)
    return lock


def fork_count() -> int:
    """How many forks lie between the first process and this one: it changes in a child only."""
    return _forks


def _after_fork_in_child() -> None:
    global _forks  # noqa: PLW0603  (a process has one history)
    _forks += 1
    for lock in _locks:
        # What the standard library does for its own locks (threading, logging, queue).
        lock._at_fork_reinit()  # type: ignore[attr-defined]  # noqa: SLF001


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
