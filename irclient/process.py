"""What concerns a whole process: what it loads ahead, its share of the TPS, and its end."""

from __future__ import annotations

import os
from functools import partial
from importlib import import_module
from threading import Thread
from typing import Final

from irclient._clients.worked_out import work_out_anew
from irclient.transports.at_exit import close_connections

__all__ = ["close_connections", "preload", "share_anew"]

#: What clients, their configuration and their first token load when they first need it.
_LOADED_LATE: Final = (
    "azure.identity",
    "azure.keyvault.secrets",
    "irclient._clients.assembly",
    "irclient._clients.options",
    "irclient._core.cached_answer",
    "irclient._core.paging",
    "irclient._core.readying",
    "irclient._display.progress",
    "irclient._drivers.blocking",
    "irclient._drivers.tasks",
    "irclient.aclient",
    "irclient.auth.azure",
    "irclient.auth.rotation",
    "irclient.auth.tokens",
    "irclient.client",
    "irclient.configuration.building",
    "irclient.configuration.source",
    "irclient.transports.blocking",
    "irclient.transports.tasks",
    "msal",
    "requests",  # What msal asks with, and loads with its first application.
    "tenacity",
)


def preload() -> None:
    """Load every module that a client and its first token need, and do nothing else.

    For the master of a preforking server: its workers then share what was loaded, and each starts
    as quickly as the first. No connection is opened, no thread is left, and nothing is read from
    the environment.
    """
    for module in _LOADED_LATE:
        import_module(module)
    # What reads unusual lists is built with the first one, which takes as long as a hundred calls.
    import_module("irclient._wire.reading").read_list(b'{"items": [{"id": "1"}]}')
    # What anyio needs for asyncio it loads with the first loop that it runs, and in no other public
    # way. On a thread, since this one may have a loop, or keep one for later.
    loading = Thread(target=partial(import_module("anyio").run, _nothing))
    loading.start()
    loading.join()


async def _nothing() -> None:
    """Run, that a loop is."""


def share_anew() -> None:
    """Compute every ``share="auto"`` of this process again, from its present variables.

    For a worker that was forked with clients in it, made before the number of workers was known.

    Raises:
        ConfigurationError: ``WEB_CONCURRENCY`` or ``IRCLIENT_REPLICAS`` is no whole number of at
            least 1.
    """
    work_out_anew(os.environ)
