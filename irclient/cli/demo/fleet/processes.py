"""The processes of the demo's fleet, as the one that started them sees them."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import IO, Final, Self

from irclient.cli.demo.fleet.worker import Orders, Report
from irclient.errors import IRError

__all__ = ["Processes"]

_READY_WITHIN: Final = 60.0
_ENDS_WITHIN: Final = 10.0


class _Process:
    def __init__(self, orders: Orders, environment: Mapping[str, str]) -> None:
        self.number, self.rate = orders.number, orders.rate
        self.report = Report()
        self.is_ready = threading.Event()
        self._is_ending = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", "irclient.cli.demo.fleet.worker"],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # A Ctrl-C is the demo's: its processes end when it tells them.
            start_new_session=True,
        )
        # Not as an argument, which every user of the machine can read: a URL may hold a password.
        self._write(json.dumps(asdict(orders)))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def has_died(self) -> bool:
        """Whether it ended without being told to."""
        return not self._is_ending and self._process.poll() is not None

    def begin(self) -> None:
        """Let it call."""
        self._write("begin")

    def _write(self, line: str) -> None:
        with suppress(OSError):  # It has ended, and will be seen to have.
            stdin = _pipe(self._process.stdin)
            stdin.write(line + "\n")
            stdin.flush()

    def _read(self) -> None:
        with suppress(ValueError):  # It was killed in the middle of a line.
            for line in _pipe(self._process.stdout):
                told = json.loads(line)
                if told == "ready":
                    self.is_ready.set()
                else:
                    self.report = Report(**told)

    def tell_to_end(self) -> None:
        """Let it make no more calls, and end once those under way have."""
        self._is_ending = True
        with suppress(OSError):
            _pipe(self._process.stdin).close()

    def end(self) -> None:
        """Wait for its end."""
        try:
            self._process.wait(_ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        _pipe(self._process.stdout).close()


class Processes:
    """Processes that call until the ``with`` block ends.

    Args:
        orders: One for each.
        environment: In which they find the service.
    """

    def __init__(self, orders: Sequence[Orders], environment: Mapping[str, str]) -> None:
        self._orders = orders
        self._environment = environment
        self._processes: list[_Process] = []

    @property
    def rates(self) -> tuple[float, ...]:
        """Calls a second, of each process."""
        return tuple(each.rate for each in self._orders)

    def reports(self) -> tuple[Report, ...]:
        """How it goes, by process.

        Raises:
            IRError: A process has died.
        """
        self._check()
        return tuple(each.report for each in self._processes)

    def begin(self) -> None:
        """Wait until all are ready, and let them call.

        Raises:
            IRError: A process has died, or does not become ready.
        """
        for each in self._processes:
            for _ in range(int(_READY_WITHIN / 0.1)):
                if each.is_ready.wait(0.1):
                    break
                self._check()
            else:
                raise IRError(f"process {each.number} of the demo did not become ready")
        for each in self._processes:
            each.begin()

    def end(self) -> tuple[Report, ...]:
        """End them, and return what they told last."""
        for each in self._processes:
            each.tell_to_end()
        for each in self._processes:
            each.end()
        return tuple(each.report for each in self._processes)

    def _check(self) -> None:
        for each in self._processes:
            if each.has_died:
                raise IRError(f"process {each.number} of the demo has died; see above")

    def __enter__(self) -> Self:
        try:
            for orders in self._orders:
                self._processes.append(_Process(orders, self._environment))
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *raised: object) -> None:
        self.end()


def _pipe(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise RuntimeError("both streams are pipes")
    return stream
