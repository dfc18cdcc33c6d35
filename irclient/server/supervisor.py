"""The process that starts the workers, puts new ones where one died, and ends them together."""

from __future__ import annotations

import contextlib
import gc
import logging
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import time
from importlib import import_module
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Final

from irclient.errors import ConfigurationError
from irclient.server.metrics import forget_worker, keep_metrics_in

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from multiprocessing.context import ForkProcess
    from types import FrameType

    from irclient.server.configuration import Configuration
    from irclient.server.outputs import Edition
    from irclient.server.plan import Plan

__all__ = ["serve"]

_log: Final = logging.getLogger(__name__)
#: A worker that lives shorter than this died of something that the next one will die of too.
_SHORT_LIFE: Final = 5.0
_LONGEST_PAUSE: Final = 10.0
_MOST_SHORT_LIVES: Final = 5
#: Beyond the time that workers have for draining.
_GRACE: Final = 5.0


def serve(
    configuration: Configuration,
    *,
    out: Path | None,
    on_ready: Callable[[str, Plan], None] = lambda _url, _plan: None,
    open_edition: Callable[[Path], Edition] | None = None,
) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Args:
        configuration: What the file says.
        out: The folder of outputs for those endpoints that name none; None if all name theirs.
        on_ready: Called once, when all workers accept requests: with the URL and what is served.
        open_edition: Opens what is current in a folder of outputs; None for what `irclient cook`
            makes.

    Raises:
        ConfigurationError: Something that the configuration names cannot be used, the port is
            taken, or the workers die again and again.
    """
    if sys.platform == "win32":
        raise ConfigurationError("irclient serve needs Linux or macOS; on Windows run it in WSL")
    with tempfile.TemporaryDirectory(prefix="irclient-serve-") as folder:
        scratch = Path(folder)
        (scratch / "metrics").mkdir()
        keep_metrics_in(scratch / "metrics")
        # Imported after the library of the metrics was told where to keep them.
        from irclient.server.outputs import open_current  # noqa: PLC0415
        from irclient.server.plan import make_plan  # noqa: PLC0415

        # So that all workers share what importing takes.
        for each in ("irclient.server.worker", "prometheus_client", "uvloop"):
            with contextlib.suppress(ModuleNotFoundError):
                import_module(each)

        opener = open_edition or open_current
        plan = make_plan(configuration, out=out, scratch=scratch, open_edition=opener)
        with _sockets(configuration) as sockets:
            _Supervisor(plan, sockets).run(on_ready)


@contextlib.contextmanager
def _sockets(configuration: Configuration) -> Generator[list[socket.socket]]:
    """One listening socket a worker, all on one port, between which the system shares callers.

    They stay open here, so that what waits in one outlives its worker. Where the system does not
    share, the workers accept from one socket.
    """
    host, port = configuration.host, configuration.port
    shares = sys.platform == "linux"
    found: list[socket.socket] = []
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # Another server that shares its port too would be given half of the requests.
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
        for _ in range(configuration.workers if shares else 1):
            listening = socket.socket(family, socket.SOCK_STREAM)
            found.append(listening)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if shares:
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            listening.bind(address)
            address = listening.getsockname()
    except OSError as problem:
        for each in found:
            each.close()
        raise ConfigurationError(
            f"cannot listen on {host!r}, port {port}: {problem.strerror or problem}; choose "
            "another host or port"
        ) from None
    try:
        yield found if shares else found * configuration.workers
    finally:
        for each in found:
            each.close()


class _Supervisor:
    def __init__(self, plan: Plan, sockets: list[socket.socket]) -> None:
        self._plan = plan
        self._sockets = sockets
        self._context = multiprocessing.get_context("fork")
        self._workers: dict[int, tuple[ForkProcess, float]] = {}
        self._started: set[int] = set()
        self._short_lives = 0
        self._wake_reader, self._wake_writer = os.pipe()
        self._told, self._tell = os.pipe()
        self._signals = 0

    def run(self, on_ready: Callable[[str, Plan], None]) -> None:
        for handled in (signal.SIGTERM, signal.SIGINT):
            signal.signal(handled, self._on_signal)
        # What was made so far is shared: collecting would write to, and so copy, all of it.
        gc.collect()
        gc.freeze()
        for number in range(len(self._sockets)):
            self._start(number)
        announced = False
        while not self._signals:
            self._look(timeout=1.0)
            if not announced and len(self._started) == len(self._sockets):
                announced = True
                on_ready(self._url(), self._plan)
        self._end()

    def _url(self) -> str:
        host, port = self._sockets[0].getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        scheme = "http" if self._plan.certificate.context is None else "https"
        return f"{scheme}://{shown}:{port}"

    def _on_signal(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self._signals += 1
        os.write(self._wake_writer, b"!")

    def _start(self, number: int) -> None:
        process = self._context.Process(target=self._work, args=(number,), daemon=False)
        process.start()
        self._workers[number] = (process, time.monotonic())

    def _work(self, number: int) -> None:
        """In the new process: serve."""
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for each in self._sockets:
            if each is not self._sockets[number]:
                each.close()
        from irclient.server.worker import Worker  # noqa: PLC0415

        def started() -> None:
            os.write(self._tell, bytes([number]))

        Worker(self._plan).run(self._sockets[number], started)

    def _look(self, *, timeout: float) -> None:
        """Wait for something to happen: a worker that started or died, a signal."""
        sentinels = {process.sentinel: number for number, (process, _) in self._workers.items()}
        for ready in wait([self._told, self._wake_reader, *sentinels], timeout):
            if ready == self._told:
                self._started.update(os.read(self._told, 256))
            elif ready == self._wake_reader:
                os.read(self._wake_reader, 256)
            elif isinstance(ready, int) and ready in sentinels:
                self._replace(sentinels[ready])

    def _replace(self, number: int) -> None:
        process, began_at = self._workers.pop(number)
        process.join()
        if process.pid is not None:
            forget_worker(process.pid)
        if self._signals:
            return
        lived = time.monotonic() - began_at
        self._short_lives = self._short_lives + 1 if lived < _SHORT_LIFE else 0
        if self._short_lives >= _MOST_SHORT_LIVES * len(self._sockets):
            self._end()
            raise ConfigurationError(
                f"the workers end again and again, the last with exit code {process.exitcode}; "
                "what they wrote above says why"
            )
        _log.error("worker %d ended with exit code %s; starting another", number, process.exitcode)
        if self._short_lives:
            time.sleep(min(0.1 * 2**self._short_lives, _LONGEST_PAUSE))
        self._start(number)

    def _end(self) -> None:
        """Let all workers drain, then end those that do not."""
        self._signals = max(self._signals, 1)
        begun = self._signals
        configuration = self._plan.configuration
        # The workers have them open until they are drained. Were they open here for longer, callers
        # would wait in them for an answer that never comes.
        for each in self._sockets:
            each.close()
        for process, _ in self._workers.values():
            process.terminate()
        until = time.monotonic() + configuration.drain_delay + configuration.drain_timeout + _GRACE
        while self._workers and time.monotonic() < until and self._signals == begun:
            self._look(timeout=0.1)
        for process, _ in list(self._workers.values()):
            process.kill()
            process.join()
