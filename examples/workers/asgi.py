"""An ASGI application without a framework: the client lives as long as the application.

uvicorn --app-dir examples/workers asgi:application
gunicorn -k uvicorn_worker.UvicornWorker --chdir examples/workers asgi:application
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from irclient import AsyncIRClient, IRError
from irclient.web import response_for

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

ir = AsyncIRClient.from_env()


async def application(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Answer /similar/ITEM and /health/ir; warm up before the first, close after the last."""
    if scope["type"] == "lifespan":
        while (message := await receive())["type"] != "lifespan.shutdown":
            await ir.warm_up()
            await send({"type": f"{message['type']}.complete"})
        await ir.aclose()
        await send({"type": "lifespan.shutdown.complete"})
        return
    headers = {"Content-Type": "application/json"}
    if scope["path"] == "/health/ir":
        ready = ir.readiness()
        status, body = (200 if ready else 503), {"ready": bool(ready), "token": ready.token}
    else:
        try:
            answer = await ir.similar(scope["path"].rpartition("/")[2], count=5)
            status, body = 200, {"items": answer.ids}
        except IRError as error:
            logging.getLogger("shop").warning("no recommendations: %s", error)
            status, headers, body = response_for(error)
    sent = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})
