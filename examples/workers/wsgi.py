"""A WSGI application without a framework: one client for the process, errors as HTTP answers.

    gunicorn --config examples/workers/gunicorn.conf.py --chdir examples/workers wsgi

The client is configured by the environment (`IRCLIENT_…`); `IRCLIENT_SHARE=auto` gives each
worker its part of the TPS.
"""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

from irclient import IRClient, IRError
from irclient.web import response_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ir = IRClient.from_env()


def application(
    environ: dict[str, object], start_response: Callable[..., object]
) -> Iterable[bytes]:
    """Answer /similar/ITEM with ids, and /health/ir with whether there is anything to answer."""
    path = str(environ["PATH_INFO"])
    headers = {"Content-Type": "application/json"}
    if path == "/health/ir":
        ready = ir.readiness()
        status, body = (200 if ready else 503), {"ready": bool(ready), "token": ready.token}
    else:
        try:
            status, body = 200, {"items": ir.similar(path.rpartition("/")[2], count=5).ids}
        except IRError as error:
            logging.getLogger("shop").warning("no recommendations: %s", error)
            status, headers, body = response_for(error)
    start_response(f"{status} {HTTPStatus(status).phrase}", list(headers.items()))
    return [json.dumps(body).encode()]
