"""Hooks for gunicorn, with ``--preload`` and without.

```python
# gunicorn.conf.py
from irclient.integrations.gunicorn import *

preload_app = True
workers = 4
```

| hook               | runs in    | and                                                            |
|--------------------|------------|----------------------------------------------------------------|
| `nworkers_changed` | the master | says in ``WEB_CONCURRENCY`` how many workers there are, before |
|                    |            | the application is loaded, so that ``share="auto"`` is right   |
| `on_starting`      | the master | loads what the first call would load, and keeps it shared      |
| `post_fork`        | a worker   | works out ``share="auto"`` again, for clients made before      |
| `worker_exit`      | a worker   | closes its connections, and spares it the last collections of  |
|                    |            | garbage, which take most of the time in which it ends          |
| `child_exit`       | the master | lets prometheus_client forget the gauges of a worker that has  |
|                    |            | ended, where its multiprocess mode is used                     |

A hook of your own with one of these names calls this one first. gunicorn itself is not imported.
"""

from __future__ import annotations

import gc
import os
from importlib.util import find_spec
from typing import Protocol

from irclient.process import close_connections, preload, share_anew
from irclient.worker_share import WORKERS

__all__ = ["child_exit", "nworkers_changed", "on_starting", "post_fork", "worker_exit"]


class Arbiter(Protocol):
    """What is used of gunicorn's master."""

    @property
    def num_workers(self) -> int:
        """How many workers there are to be."""
        ...


class Worker(Protocol):
    """What is used of a worker of gunicorn."""

    @property
    def pid(self) -> int:
        """Its process."""
        ...


def nworkers_changed(server: Arbiter, new_value: int, old_value: int | None) -> None:  # noqa: ARG001
    """Say how many workers there are, for ``share="auto"``; while gunicorn stops, there are none.

    Workers that run already keep the share that they have: after a SIGTTIN, reload.
    """
    if new_value > 0:
        os.environ[WORKERS] = str(new_value)


def on_starting(server: Arbiter) -> None:
    """Load in the master what the first call of each worker would load, and keep it shared."""
    nworkers_changed(server, server.num_workers, None)
    preload()
    # What is loaded by now stays: a collector that never looks at it leaves its memory shared, and
    # a worker ends in a tenth of the time that it would take to look through a thousand modules.
    gc.freeze()


def post_fork(server: Arbiter, worker: Worker) -> None:  # noqa: ARG001
    """Give the clients of a preloaded application this worker's share."""
    share_anew()


def worker_exit(server: Arbiter, worker: Worker) -> None:  # noqa: ARG001
    """Close the connections of a worker that ends, and let it end quickly."""
    close_connections()
    # Else the interpreter looks through all that the worker has loaded several times before it
    # ends: a third of a second of the processor for each worker, all of them at once.
    gc.freeze()


def child_exit(server: Arbiter, worker: Worker) -> None:  # noqa: ARG001
    """Remove the gauges of a worker that has ended from prometheus_client."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder and find_spec("prometheus_client"):
        from prometheus_client import multiprocess  # noqa: PLC0415  (only where it is used)

        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
