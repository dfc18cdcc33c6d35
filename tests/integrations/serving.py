"""Example applications under their real servers: started, loaded, stopped, and their logs read."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Server", "serving"]

ROOT = Path(__file__).parent.parent.parent
#: What a log may not hold: warnings of Python, and tracebacks.
COMPLAINTS = re.compile(r"Warning\b|Traceback|Exception ignored|never awaited|never retrieved")
_STARTS_IN = 40.0


@dataclass
class Server:
    """A server in a process group of its own, on a port of loopback."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def get(self, path: str, *, timeout: float = 10.0, **headers: str) -> tuple[int, bytes]:
        """Ask on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            return _ask(connection, path, headers)
        finally:
            connection.close()

    def load(self, path: str, *, seconds: float, connections: int) -> Counter[int | str]:
        """Ask on some connections, one request after the other, and count the answers by status.

        Args:
            path: Holds ``{}`` for a number that makes each request another one.
            seconds: How long.
            connections: How many.
        """
        numbers = count(1)
        until = time.monotonic() + seconds
        found: Counter[int | str] = Counter()

        def ask() -> Counter[int | str]:
            own: Counter[int | str] = Counter()
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            while time.monotonic() < until:
                try:
                    own[_ask(connection, path.format(next(numbers)), {})[0]] += 1
                except (OSError, http.client.HTTPException) as problem:
                    own[type(problem).__name__] += 1
                    connection.close()
            connection.close()
            return own

        with ThreadPoolExecutor(connections) as pool:
            for own in [pool.submit(ask) for _ in range(connections)]:
                found += own.result()
        return found

    def stop(self) -> float:
        """Send SIGTERM, and return how many seconds the server took to end."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        return time.monotonic() - began

    def complaints(self) -> list[str]:
        """Lines of the log that no good server writes."""
        lines = self.log.read_text("utf-8").splitlines()
        # The servers leave the socket on which they listen to the end of the process.
        listening = f"laddr=('127.0.0.1', {self.port})>"
        return [
            line
            for line in lines
            if COMPLAINTS.search(line) and listening not in line and "tracemalloc" not in line
        ]


@contextmanager
def serving(
    *command: str, folder: str, environment: Mapping[str, str], log: Path, ready: str = "/health/ir"
) -> Iterator[Server]:
    """Start a server, wait until it is ready, and see that it is gone at the end.

    Args:
        command: A module and its arguments; ``{port}`` stands for the port.
        folder: The example.
        environment: Variables beside those of this process.
        log: Where both of its outputs go.
        ready: What answers 200 when it is ready.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ours = {name: value for name, value in os.environ.items() if not name.startswith("IRCLIENT_")}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-W", "default", "-m", *(part.format(port=port) for part in command)],
            cwd=ROOT / "examples" / folder,
            env=ours | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(process, port, log)
    try:
        _wait_until_ready(server, ready)
        yield server
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def _wait_until_ready(server: Server, path: str) -> None:
    until = time.monotonic() + _STARTS_IN
    answer: object = None
    while time.monotonic() < until and server.process.poll() is None:
        try:
            answer = server.get(path)
            if answer[0] == 200:
                return
        except (OSError, http.client.HTTPException) as problem:
            answer = problem
        time.sleep(0.1)
    raise AssertionError(f"not ready: {answer}\n{server.log.read_text('utf-8')[-3000:]}")


def _ask(
    connection: http.client.HTTPConnection, path: str, headers: Mapping[str, str]
) -> tuple[int, bytes]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("GET", path, headers=named)
    answer = connection.getresponse()
    return answer.status, answer.read()
