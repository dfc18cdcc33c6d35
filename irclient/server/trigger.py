"""The contract's trigger: starts a cooking through a command, within the documented limits.

One accepted call per 30 minutes, five per rolling 24 hours, none while a cooking is under way
(contract section 13: D), over all workers and, with a state folder, over restarts.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import re
import subprocess
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from irclient.server.served import ServedModeling

__all__ = ["Trigger", "may_start"]

_log: Final = logging.getLogger(__name__)
_EVERY: Final = 30 * 60.0
_DAY: Final = 24 * 60 * 60.0
_A_DAY: Final = 5
_NICE: Final = 10


def may_start(accepted_at: Sequence[float], now: float) -> bool:
    """Whether the limits allow another cooking.

    Args:
        accepted_at: When earlier calls were accepted, in seconds since the epoch.
        now: The instant of this call.
    """
    recent = [each for each in accepted_at if now - _DAY < each <= now]
    return len(recent) < _A_DAY and all(now - each >= _EVERY for each in recent)


class Trigger:
    """Starts cookings for all workers that share its folder.

    Args:
        folder: Where the accepted calls are noted, and which cooking is under way.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def start(self, account: str, modeling: ServedModeling, now: float) -> bool:
        """Start the modeling's command unless the limits, or a cooking under way, forbid it.

        Raises:
            OSError: The command cannot be run.
        """
        return await asyncio.to_thread(self._start, account, modeling, now)

    def _start(self, account: str, modeling: ServedModeling, now: float) -> bool:
        assert modeling.cook is not None  # noqa: S101  (checked by the caller)
        name = re.sub(r"[^A-Za-z0-9_-]", "_", f"{account}-{modeling.name}")
        running = os.open(self._folder / f"{name}.running", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(running, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            noted = self._folder / f"{name}.json"
            accepted_at = _read(noted)
            if not may_start(accepted_at, now):
                return False
            # The lock goes over to the command, and ends when the last of its processes does.
            command = subprocess.Popen(  # noqa: S603  (the configuration's own command)
                modeling.cook,
                stdin=subprocess.DEVNULL,
                stdout=2,
                pass_fds=(running,),
                start_new_session=True,
            )
            _give_way(command)
            _write(noted, [each for each in accepted_at if now - each < _DAY] + [now])
        finally:
            os.close(running)
        threading.Thread(
            target=_report_end, args=(account, modeling, command), daemon=True, name="cooking"
        ).start()
        _log.info("%s: cooking of %s started", account, modeling.name)
        return True


def _give_way(command: subprocess.Popen[bytes]) -> None:
    # Requests come first: the machine cooks with what they leave.
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, command.pid, _NICE)


def _report_end(account: str, modeling: ServedModeling, command: subprocess.Popen[bytes]) -> None:
    code = command.wait()
    tell = _log.info if code == 0 else _log.error
    tell("%s: cooking of %s ended with exit code %d", account, modeling.name, code)


def _read(path: Path) -> list[float]:
    with contextlib.suppress(OSError, ValueError, TypeError):
        return [float(each) for each in json.loads(path.read_text("utf-8"))]
    return []


def _write(path: Path, accepted_at: Sequence[float]) -> None:
    # The lock keeps other writers out, and a torn file counts as empty.
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(accepted_at), "utf-8")
    temporary.replace(path)
