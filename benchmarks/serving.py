"""The server's process: started for a run, ended with it."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["ROOT", "serving"]

ROOT: Final = Path(__file__).parent.parent


@contextmanager
def serving(authority: str | None = None) -> Generator[str]:
    """Run the server, over TLS where the folder of an authority is given; gives its URL."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.server", *([authority] if authority else [])],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            scheme = "https" if authority else "http"
            yield f"{scheme}://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()
