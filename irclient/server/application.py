"""The ASGI application: health, metrics, and each request to the endpoint that its host names.

A plain ASGI callable: a router and middleware of a framework would cost as much as the lists.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from irclient.contract.envelopes import refusal
from irclient.contract.messages import Response, json_response
from irclient.contract.operations import Refused
from irclient.server.endpoint_service import Noted
from irclient.server.metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping, Sequence

    from irclient.server.access_log import AccessLog
    from irclient.server.endpoint_service import EndpointService
    from irclient.server.hosts import Hosts
    from irclient.server.metrics import Metrics

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

__all__ = ["Application", "Readiness"]

_log: Final = logging.getLogger(__name__)
_LONGEST_PATH: Final = 200
#: Headers that mean nothing when they are there twice.
_SINGLE: Final = (b"host", b"authorization")


class _Gone(Exception):  # noqa: N818  (an event, not a failure of ours)
    """The caller went away before its request had come in."""


class Readiness:
    """Whether this worker wants requests, and why not.

    Attributes:
        is_draining: Set when the process was told to end.
    """

    def __init__(self, reasons: Callable[[], Sequence[str]]) -> None:
        self.is_draining = False
        self._reasons = reasons

    def missing(self) -> list[str]:
        """What is missing; empty when all is well."""
        return ["draining"] if self.is_draining else list(self._reasons())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Application:
    """Answers every request of a worker.

    Attributes:
        hosts: The endpoints by host.
        readiness: Whether requests are wanted.
        metrics: Counts what is answered.
        access_log: Notes what is answered; None for no log.
        most_body_bytes: The largest body.
    """

    hosts: Hosts[EndpointService]
    readiness: Readiness
    metrics: Metrics
    access_log: AccessLog | None
    most_body_bytes: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        try:
            if path.startswith("/health/") or path == "/metrics":
                response = await self._about_us(scope["method"], path)
            else:
                response = await self._about_lists(scope, receive)
        except _Gone:
            self.metrics.refused("gone")
            return
        await self._send(response, send)

    async def _about_us(self, method: str, path: str) -> Response:
        if method not in {"GET", "HEAD"}:
            return refusal("MethodNotAllowed")
        if path == "/health/live":
            return json_response(200, {"status": "live"})
        if path == "/health/ready":
            missing = self.readiness.missing()
            if missing:
                return json_response(503, {"status": "not ready", "missing": missing})
            return json_response(200, {"status": "ready"})
        if path == "/metrics":
            body = await asyncio.to_thread(self.metrics.exposition)
            return Response(status=200, headers=(("content-type", CONTENT_TYPE),), body=body)
        return refusal("NotFound")

    async def _about_lists(self, scope: Scope, receive: Receive) -> Response:
        started_at = time.perf_counter()
        try:
            host, authorization = _headers(scope)
        except Refused as twice:
            self.metrics.refused("head")
            return refusal(twice.code, twice.message)
        service = self.hosts.find(host)
        if service is None:
            self.metrics.refused("unknown host")
            return refusal("NotFound", f"no endpoint is reached by the host {host!r}")
        target = _target(scope)

        async def body() -> bytes:
            return await _body(receive, self.most_body_bytes)

        try:
            response, noted = await service.answer(
                scope["method"], target, authorization=authorization, body=body
            )
        except _Gone:
            raise
        except Exception:  # noqa: BLE001  (a fault of ours must not end the connection)
            _log.exception("a request failed: %s", scope["method"])
            response, noted = refusal("InternalServerError"), Noted()
        seconds = time.perf_counter() - started_at
        self.metrics.answered(service.served, noted, response.status, seconds)
        if self.access_log is not None:
            self._note(scope, service, noted, response, seconds)
        return response

    def _note(
        self,
        scope: Scope,
        service: EndpointService,
        noted: Noted,
        response: Response,
        seconds: float,
    ) -> None:
        assert self.access_log is not None  # noqa: S101  (the caller has looked)
        client: tuple[str, int] | None = scope.get("client")
        fields = {
            "endpoint": service.served.label,
            "method": scope["method"],
            # The query may name a user.
            "path": scope["path"][:_LONGEST_PATH],
            "operation": noted.operation,
            "status": response.status,
            "milliseconds": round(seconds * 1_000, 2),
            "bytes": len(response.body),
            "caller": noted.caller,
            "client": client[0] if client else None,
        }
        self.access_log.note(fields, user_id=noted.user_id, session_id=noted.session_id)

    async def _send(self, response: Response, send: Send) -> None:
        headers = [(b"content-length", str(len(response.body)).encode())]
        headers.extend((name.encode(), value.encode("latin-1")) for name, value in response.headers)
        if self.readiness.is_draining or response.status == 413:
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})


def _headers(scope: Scope) -> tuple[str | None, str | None]:
    """The values of `Host` and `Authorization`.

    Raises:
        Refused: One is there twice: an ingress in front may have looked at the other.
    """
    found: dict[bytes, str] = {}
    for name, value in scope["headers"]:
        if name in _SINGLE:
            if name in found:
                raise Refused("BadRequest", f"the header {name.decode()} is there twice")
            found[name] = value.decode("latin-1")
    return found.get(b"host"), found.get(b"authorization")


def _target(scope: Scope) -> str:
    path: str = scope["raw_path"].decode("latin-1")
    query: bytes = scope["query_string"]
    return f"{path}?{query.decode('latin-1')}" if query else path


async def _body(receive: Receive, most: int) -> bytes:
    found = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        found += message.get("body", b"")
        if len(found) > most:
            raise Refused("RequestEntityTooLarge", f"a body has at most {most} bytes")
        if not message.get("more_body", False):
            return bytes(found)
