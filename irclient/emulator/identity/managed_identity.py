"""The emulated managed identity of an App Service: tokens for callers that know its header.

Plain HTTP on loopback, as the real endpoint is (D, App Service's REST endpoint reference).
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING, Final

from irclient.contract.messages import Response, json_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient.contract.messages import Request
    from irclient.emulator.identity.entra_tenant import Application, Entra

__all__ = ["API_VERSION", "PATH", "ManagedIdentity"]

API_VERSION: Final = "2019-08-01"
PATH: Final = "/msi/token"


class ManagedIdentity:
    """The token endpoint that ``IDENTITY_ENDPOINT`` and ``IDENTITY_HEADER`` point to.

    Args:
        entra: Who issues the tokens.
        application: Whom they are issued to.
        clock: Seconds since the epoch.
    """

    def __init__(
        self, *, entra: Entra, application: Application, clock: Callable[[], float]
    ) -> None:
        self.header = secrets.token_hex(16)
        self._entra = entra
        self._application = application
        self._clock = clock

    def handle(self, request: Request) -> Response:
        """Answer a request for a token."""
        query = {name.casefold(): value for name, value in request.query}
        if request.method != "GET" or "/" + "/".join(request.segments) != PATH:
            return Response(status=404)
        given = request.headers.get("x-identity-header", "")
        if not hmac.compare_digest(given.encode(), self.header.encode()):
            return _error(403, "The X-IDENTITY-HEADER is missing or wrong.")
        if query.get("api-version") != API_VERSION:
            return _error(400, f"api-version must be {API_VERSION}.")
        if query.get("client_id", self._application.client_id) != self._application.client_id:
            return _error(400, "No User Assigned or Delegated Managed Identity found for this id.")
        audience = self._entra.audience_of(query.get("resource", ""))
        if audience is None:
            return _error(400, f"The resource '{query.get('resource', '')}' is not known.")
        token, lives_for = self._entra.issue(self._application, audience=audience)
        content = {
            "access_token": token,
            "client_id": self._application.client_id,
            "expires_on": str(int(self._clock() + lives_for)),
            "resource": query.get("resource", ""),
            "token_type": "Bearer",
        }
        return json_response(200, content, headers=(("cache-control", "no-store"),))


def _error(status: int, words: str) -> Response:
    return json_response(status, {"statusCode": status, "message": words})
