"""What a worker does beside answering: keys and the certificate are kept fresh."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from irclient.errors import ConfigurationError
from irclient.server.identity.key_set import KeysUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from irclient.server.identity.key_set import IssuerKeys
    from irclient.server.plan import Plan

__all__ = ["fetch_keys", "kept_up", "read_files"]

_log: Final = logging.getLogger(__name__)
_READ_FILES_EVERY: Final = 2.0
_FETCH_KEYS_EVERY: Final = 15.0
_AFTER_A_FAILURE: Final = 5.0


async def read_files(plan: Plan) -> None:
    """Take up new static keys and a renewed certificate."""
    while True:
        await asyncio.sleep(_READ_FILES_EVERY)
        reloads = [each.reload for each in plan.keys.values()]
        for reload in (*reloads, plan.certificate.reload):
            await asyncio.to_thread(reload)


async def fetch_keys(issuers: Sequence[IssuerKeys]) -> None:
    """Have the issuers' keys before the first token comes, and keep them fresh."""
    while True:
        for keys in issuers:
            try:
                if keys.is_ready:
                    keys.refresh_if_old()
                else:
                    await keys.look_again()
            except KeysUnavailable:
                continue  # told where it was found
        await asyncio.sleep(_FETCH_KEYS_EVERY)


async def kept_up(job: Callable[[], Awaitable[None]]) -> None:
    """Run a job for ever: what fails is told, and tried again after a while."""
    while True:
        try:
            await job()
        except ConfigurationError as problem:
            _log.error("%s", problem)
        except Exception:  # noqa: BLE001  (whatever it is, the worker goes on serving)
            _log.exception("a job of the worker failed")
        await asyncio.sleep(_AFTER_A_FAILURE)
