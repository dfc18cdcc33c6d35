"""What may hang or starve a process is tried in one that can be spared.

Run as a program it is told what to try, in which world, and the ports of two accounts; it prints
one line of JSON. `confined` starts it, and ends it when it hangs.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from benchmarks.promise.accounts import HANGS
from benchmarks.promise.stage import another, failed, late, on_stage
from benchmarks.serving import ROOT
from irclient import Caching, Pair, ServiceEndpoint, Settings
from irclient.queries import Similar

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.promise.accounts import Accounts
    from benchmarks.promise.stage import Stage

__all__ = ["can_limit_processes", "confined"]

_MOST_THREADS: Final = 60
#: Ends with the process that it sends to, or after a minute.
_SENDER: Final = """
import os, signal, sys, time
for _ in range(100_000):
    os.kill(int(sys.argv[1]), signal.SIGUSR1)
    time.sleep(0.0005)
"""
_STALE: Final = 300
_CAP_DAC_READ_SEARCH: Final = 1 << 2
_PR_SET_KEEPCAPS: Final = 8
_CAPABILITIES_3: Final = 0x20080522


def can_limit_processes() -> bool:
    """Whether this process may become another user, whose processes can be counted alone."""
    return os.geteuid() == 0


def confined(
    what: str, world: str, service: Accounts, *more: str, within: float = 30
) -> dict[str, Any]:
    """Try something in a process of its own; `hung` is set when it did not end in time."""
    ports = [service.url(name).rpartition(":")[2] for name in "ab"]
    command = [sys.executable, "-m", "benchmarks.promise.confined", what, world, *ports, *more]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            overdue = threading.Timer(within, process.kill)
            overdue.start()
            said = process.stdout.readline()
            if said.strip() == "ready":
                for name in "ab":
                    service.behave(name, HANGS)
                process.stdin.write("go on\n")
                process.stdin.flush()
                said = process.stdout.readline()
            found: dict[str, Any] = json.loads(said) if said.strip() else {"hung": True}
            if not found.get("hung"):
                # What it found is said; whether it can end is part of it.
                found["ended"] = process.wait(within) == 0
            return found
        finally:
            overdue.cancel()
            process.kill()


def _process_limit(world: str, pair: Pair, *_: str) -> dict[str, Any]:
    """Stale answers for all, and hardly a thread to be had."""
    queries = [Similar(f"stale-{number}") for number in range(_STALE)]
    settings = Settings(caching=Caching(fresh_for=0.05))
    with on_stage(world, pair, settings=settings) as stage:
        stage.do(lambda ir: ir.fetch_many(queries, concurrency=8))
        print("ready", flush=True)
        sys.stdin.readline()
        _become_somebody_with_few_threads()
        ends = [stage.call(lambda ir, query=query: ir.fetch(query)) for query in queries]
        began_at = time.monotonic()
        raised = ""
        try:
            stage.close()
        except Exception as error:  # noqa: BLE001  (which one is the figure)
            raised = f"{type(error).__name__}: {error}"
        closed_after = time.monotonic() - began_at
        errors = sorted({type(each.error).__name__ for each in failed(ends)})
        _say(
            answered=len(ends) - len(failed(ends)),
            errors=errors,
            slowest=late(ends, 1.0),
            closed_after=closed_after,
            raised=raised,
        )
        if raised:
            os._exit(1)
    return {}


def _become_somebody_with_few_threads() -> None:
    """Become a user without other processes; files may be read as before, for late imports."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_NPROC, (_MOST_THREADS, _MOST_THREADS))
    user = 200_000 + os.getpid()
    os.setresuid(user, user, user)
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_3, 0)
    kept = (ctypes.c_uint32 * 6)(_CAP_DAC_READ_SEARCH, _CAP_DAC_READ_SEARCH, 0, 0, 0, 0)
    libc.capset(ctypes.byref(header), ctypes.byref(kept))


def _signals(world: str, pair: Pair, number: str) -> dict[str, Any]:
    """A handler that asks for the health, while calls are made on the thread that it interrupts."""
    handled, over = [0], threading.Event()
    with on_stage(world, pair, settings=Settings(caching=Caching(fresh_for=0.01))) as stage:

        def handler(_number: int, _frame: object) -> None:
            stage.ir.health()
            stage.ir.stats()
            handled[0] += 1

        signal.signal(signal.SIGUSR1, handler)
        helpers = [
            threading.Thread(target=_ask_until, args=(stage, over), daemon=True) for _ in range(2)
        ]
        helpers.append(
            threading.Thread(target=_wait_for, args=(handled, int(number), over), daemon=True)
        )
        for helper in helpers:
            helper.start()
        # From outside: a thread of this process would only send when the main one waits.
        sender = [sys.executable, "-c", _SENDER, str(os.getpid())]
        with subprocess.Popen(sender) as sending:
            _ask_until(stage, over)
            sending.kill()
        for helper in helpers:
            helper.join(5)
    return {"handled": handled[0]}


def _ask_until(stage: Stage, over: threading.Event) -> None:
    while not over.is_set():
        # Of the main thread's loop only threads can be interrupted within the client's locks.
        with suppress(Exception):
            stage.call(another)
            for _ in range(20):
                stage.call(lambda ir: ir.popular())


def _wait_for(handled: list[int], number: int, over: threading.Event) -> None:
    while handled[0] < number:
        time.sleep(0.05)
    over.set()


def _resolver(world: str, *_: object) -> dict[str, Any]:
    """The name server does not answer: 60 calls a second for 4 s, each look-up stuck."""
    really = socket.getaddrinfo

    def stuck(host: Any, *arguments: Any, **more: Any) -> Any:
        if "contoso" in str(host):
            time.sleep(15)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return really(host, *arguments, **more)

    socket.getaddrinfo = stuck
    pair = Pair(
        ServiceEndpoint("contoso-a", "web", tps=1_000),
        ServiceEndpoint("contoso-b", "web", tps=1_000),
    )
    with on_stage(world, pair) as stage:
        ours = threading.active_count()
        ends = stage.at_rate(60, 4)
        _say(threads=threading.active_count() - ours, slowest=late(ends, 1.0), calls=len(ends))
        # The look-ups that are stuck would be waited for.
        os._exit(0)


_TRIED: Final[dict[str, Callable[..., dict[str, Any]]]] = {
    "process limit": _process_limit,
    "signals": _signals,
    "resolver": _resolver,
}


def _say(**found: Any) -> None:
    print(json.dumps(found), flush=True)


def _main(what: str, world: str, first: str, second: str, *more: str) -> None:
    primary, secondary = (
        ServiceEndpoint(name, "web", tps=10_000, url=f"http://127.0.0.1:{port}")
        for name, port in zip("ab", (first, second), strict=True)
    )
    found = _TRIED[what](world, Pair(primary, secondary), *more)
    if found:
        _say(**found)


if __name__ == "__main__":
    _main(*sys.argv[1:])
