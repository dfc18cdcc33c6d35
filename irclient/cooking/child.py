"""Cooking in a process of its own: it leaves this process free, and can be ended at any instant.

Reading and counting hold Python's lock for seconds. On a thread they would stop whatever else
this process serves, and nothing could interrupt them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Final

from irclient.cooking.data.partitions import DataContractError
from irclient.cooking.pipeline import compute_here

__all__ = ["CookingProcesses", "CookingStopped"]

_REFUSED: Final = 3
_REFUSAL: Final = "refused.txt"


class CookingStopped(Exception):  # noqa: N818  (somebody asked for it)
    """The cooking was ended before it had a result."""


class CookingProcesses:
    """Cooks data-contract folders, each in a process that ends with this one.

    Any thread may use it.

    Args:
        scratch: An existing folder for results on their way.
    """

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._lock = threading.Lock()
        self._stopped = False
        self._running: set[subprocess.Popen[str]] = set()

    def compute(self, folder: Path, into: Path) -> None:
        """Compute every list of a folder.

        Args:
            folder: Holds `model.json` and the CSV files.
            into: An empty folder that becomes an output.

        Raises:
            DataContractError: The folder does not follow the data contract.
            CookingStopped: `stop` was called.
            RuntimeError: The process failed in another way; the message has its last words.
        """
        if not sys.executable:
            # Python inside another program cannot be started again.
            compute_here(folder, into)
            return
        with tempfile.TemporaryDirectory(dir=self._scratch, prefix="cooking-") as results:
            code, words = self._run(folder, into, results)
            if self._stopped:
                raise CookingStopped("the cooking was stopped")
            if code == _REFUSED:
                raise DataContractError((Path(results) / _REFUSAL).read_text("utf-8"))
            if code != 0:
                raise RuntimeError(f"cooking ended with code {code}: {words}")

    def stop(self) -> None:
        """End every cooking under way, and refuse later ones."""
        with self._lock:
            self._stopped = True
            running = tuple(self._running)
        for process in running:
            process.kill()

    def _run(self, folder: Path, into: Path, results: str) -> tuple[int, str]:
        """Wait for a process; its exit code and the last line that it wrote."""
        with self._start(folder, into, results) as process:
            assert process.stdout is not None  # noqa: S101  (a pipe was asked for)
            try:
                said = process.stdout.read()
            finally:
                with self._lock:
                    self._running.discard(process)
        return process.returncode, said.strip().rpartition("\n")[2]

    def _start(self, folder: Path, into: Path, results: str) -> subprocess.Popen[str]:
        # The same packages, wherever this process found them.
        path = os.pathsep.join(each or os.curdir for each in sys.path)
        with self._lock:
            if self._stopped:
                raise CookingStopped("the cooking was stopped")
            process = subprocess.Popen(  # noqa: S603  (this interpreter, and paths as arguments)
                [sys.executable, "-m", __spec__.name, str(folder), str(into), results],
                # Never written to: it ends when this process does, in whatever way.
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONPATH": path},
                encoding="utf-8",
                errors="replace",
            )
            self._running.add(process)
        return process


def _main(folder: str, into: str, results: str) -> int:
    # A Ctrl-C reaches every process of a terminal; the one that started this one decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        compute_here(Path(folder), Path(into))
    except DataContractError as problem:
        (Path(results) / _REFUSAL).write_text(str(problem), "utf-8")
        return _REFUSED
    return 0


def _end_with_parent() -> None:
    # Not by way of sys.stdin, whose lock would be held when the interpreter ends.
    with contextlib.suppress(OSError):
        os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    raise SystemExit(_main(*sys.argv[1:]))
