"""Which event loop runs here: asyncio's or trio's."""

from __future__ import annotations

import asyncio
from typing import Any

__all__ = ["asyncio_loop", "this_loop"]


def asyncio_loop() -> asyncio.AbstractEventLoop | None:
    """The loop of the task that runs here, or None under another event loop."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return None
    # Not the loop alone: trio can run as a guest of one, with no task of asyncio's around.
    return None if asyncio.current_task(loop) is None else loop


def this_loop() -> Any:  # noqa: ANN401  (asyncio and trio share no type)
    """The loop that runs here; it can be compared, and looked up."""
    loop = asyncio_loop()
    if loop is not None:
        return loop
    import anyio.lowlevel  # noqa: PLC0415  (only where asyncio does not run)

    return anyio.lowlevel.current_token().native_token
