"""Running an emulator in the foreground, as the command does: until a signal comes."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from irclient.emulator.emulator import Emulator

__all__ = ["serve"]

#: Seconds. On Windows a wait must end before a signal can be handled.
_LOOK_EVERY: Final = 0.5


class _Signalled(BaseException):
    """SIGINT or SIGTERM came: the emulator ends, whatever it is doing."""


def serve(emulator: Emulator, *, on_ready: Callable[[Emulator], None] | None = None) -> None:
    """Run an emulator in the foreground until SIGINT or SIGTERM.

    To be called on the main thread, which alone receives signals. The first signal ends it
    cleanly, a cooking of a folder included; a second one finds the handlers of before.

    Args:
        emulator: Not yet started.
        on_ready: Called once everything answers.
    """

    def stop(_number: int, _frame: FrameType | None) -> None:
        restore()
        raise _Signalled

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        emulator.start()
        if on_ready is not None:
            on_ready(emulator)
        forever = threading.Event()
        while not forever.wait(_LOOK_EVERY):
            pass
    except _Signalled:
        pass
    finally:
        restore()
        emulator.stop()
