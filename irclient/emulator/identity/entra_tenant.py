"""The emulated Microsoft Entra ID: discovery, keys, and tokens for applications with a secret.

The protocol is OAuth 2.0 client credentials as Microsoft's identity platform documents it (D,
outside the contract). Error codes and shapes follow what real clients parse.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import parse_qsl, unquote_plus

from irclient.contract.messages import Response, json_response
from irclient.emulator.identity.signing import AccessToken, Signer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from irclient.contract.messages import Request

__all__ = ["Application", "Entra"]

_DEFAULT_SCOPE: Final = "/.default"
_NO_STORE: Final = (("cache-control", "no-store, no-cache"), ("pragma", "no-cache"))


@dataclass(slots=True, kw_only=True)
class Application:
    """An app registration.

    Attributes:
        client_id: Its App ID.
        secret: Its present secret.
        standing: Whether that secret still counts.
    """

    client_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(30), repr=False)
    standing: Literal["valid", "expired"] = "valid"


@dataclass(kw_only=True, eq=False)
class _Refusal(Exception):  # noqa: N818  (a finding, turned into an answer)
    """Why there is no token: an OAuth error, an AADSTS code and its words."""

    status: int
    error: str
    code: int
    words: str


class Entra:
    """One tenant.

    Args:
        tenant_id: The tenant.
        audiences: What tokens can be asked for: the resource of a scope, in lower case and
            without a trailing slash, to the audience that its tokens carry.
        token_lifetime: Seconds.
        refresh_in: Seconds after which renewal is advised; None gives no advice.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        *,
        tenant_id: str,
        audiences: Mapping[str, str],
        token_lifetime: float,
        refresh_in: float | None,
        clock: Callable[[], float],
    ) -> None:
        self.url = ""
        self.signer = Signer()
        self.tenant_id = tenant_id
        self.audiences = dict(audiences)
        self.token_lifetime = token_lifetime
        self._refresh_in = refresh_in
        self._clock = clock
        self._applications: dict[str, Application] = {}

    @property
    def issuer(self) -> str:
        """Who issues: the tenant's address, which is also what msal accepts as an OIDC issuer."""
        return f"{self.url}/{self.tenant_id}/v2.0"

    def register(self, application: Application) -> None:
        """Let an application ask for tokens."""
        self._applications[application.client_id] = application

    def handle(self, request: Request) -> Response:
        """Answer a request to the authority."""
        try:
            return self._route(request)
        except _Refusal as refusal:
            return self._refused(refusal)

    def issue(self, application: Application, *, audience: str) -> tuple[str, float]:
        """Sign a token for an application; returns it with the seconds it lives."""
        now = self._clock()
        token = AccessToken(
            app_id=application.client_id,
            audience=audience,
            expires_at=now + self.token_lifetime,
        )
        text = self.signer.issue(token, issuer=self.issuer, tenant_id=self.tenant_id, issued_at=now)
        return text, self.token_lifetime

    def audience_of(self, resource: str) -> str | None:
        """The audience of a resource's tokens, or None for an unknown resource."""
        return self.audiences.get(resource.rstrip("/").casefold())

    def _route(self, request: Request) -> Response:
        tenant, path = request.segments[:1], request.segments[1:]
        if path and (not tenant or tenant[0].casefold() != self.tenant_id.casefold()):
            words = f"Tenant '{tenant[0]}' not found. Check to make sure you have the correct id."
            raise _Refusal(status=400, error="invalid_tenant", code=90002, words=words)
        match (request.method, *(segment.casefold() for segment in path)):
            case ("GET", "v2.0", ".well-known", "openid-configuration"):
                return json_response(200, self._discovery())
            case ("GET", "discovery", "v2.0", "keys"):
                return json_response(200, self.signer.key_set())
            case ("POST", "oauth2", "v2.0", "token"):
                return self._token(request)
            case _:
                return Response(status=404)

    def _discovery(self) -> dict[str, object]:
        tenant = f"{self.url}/{self.tenant_id}"
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{tenant}/oauth2/v2.0/authorize",
            "token_endpoint": f"{tenant}/oauth2/v2.0/token",
            "jwks_uri": f"{tenant}/discovery/v2.0/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "grant_types_supported": ["client_credentials"],
            "response_types_supported": ["token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def _token(self, request: Request) -> Response:
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        grant = form.get("grant_type", "")
        if grant != "client_credentials":
            words = f"The app requested an unsupported grant type '{grant}'."
            raise _Refusal(status=400, error="unsupported_grant_type", code=70003, words=words)
        application = self._authenticated(request, form)
        audience = self._audience(form.get("scope", ""))
        token, lives_for = self.issue(application, audience=audience)
        content: dict[str, object] = {
            "token_type": "Bearer",
            "expires_in": _seconds(lives_for),
            "ext_expires_in": _seconds(lives_for),
            "access_token": token,
        }
        if self._refresh_in is not None:
            content["refresh_in"] = _seconds(self._refresh_in)
        return json_response(200, content, headers=_NO_STORE)

    def _authenticated(self, request: Request, form: Mapping[str, str]) -> Application:
        client_id, secret = _credentials(request, form)
        application = self._applications.get(client_id.casefold())
        if application is None:
            words = f"Application with identifier '{client_id}' was not found in the directory."
            raise _Refusal(status=400, error="unauthorized_client", code=700016, words=words)
        if secret is None:
            words = "The request body must contain 'client_secret' or 'client_assertion'."
            raise _Refusal(status=401, error="invalid_client", code=7000218, words=words)
        if not hmac.compare_digest(secret.encode(), application.secret.encode()):
            words = f"Invalid client secret provided for app '{client_id}'."
            raise _Refusal(status=401, error="invalid_client", code=7000215, words=words)
        if application.standing == "expired":
            words = f"The provided client secret keys for app '{client_id}' are expired."
            raise _Refusal(status=401, error="invalid_client", code=7000222, words=words)
        return application

    def _audience(self, scope: str) -> str:
        resource = scope.strip().removesuffix(_DEFAULT_SCOPE)
        if not resource or resource == scope.strip() or " " in resource:
            words = (
                f"The provided value for scope '{scope}' is not valid; it must end in /.default."
            )
            raise _Refusal(status=400, error="invalid_scope", code=70011, words=words)
        audience = self.audience_of(resource)
        if audience is None:
            words = f"The resource principal named '{resource}' was not found in the tenant."
            raise _Refusal(status=400, error="invalid_resource", code=500011, words=words)
        return audience

    def _refused(self, refusal: _Refusal) -> Response:
        trace_id, correlation_id = str(uuid.uuid4()), str(uuid.uuid4())
        timestamp = datetime.fromtimestamp(self._clock(), UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        description = (
            f"AADSTS{refusal.code}: {refusal.words} Trace ID: {trace_id} "
            f"Correlation ID: {correlation_id} Timestamp: {timestamp}"
        )
        content = {
            "error": refusal.error,
            "error_description": description,
            "error_codes": [refusal.code],
            "timestamp": timestamp,
            "trace_id": trace_id,
            "correlation_id": correlation_id,
            "error_uri": f"{self.url}/error?code={refusal.code}",
        }
        return json_response(refusal.status, content, headers=_NO_STORE)


def _credentials(request: Request, form: Mapping[str, str]) -> tuple[str, str | None]:
    """The App ID and secret, from the form or from a Basic header (RFC 6749, section 2.3.1)."""
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind.casefold() == "basic":
        try:
            client_id, _, secret = base64.b64decode(encoded).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", None
        return unquote_plus(client_id), unquote_plus(secret)
    return form.get("client_id", ""), form.get("client_secret")


def _seconds(value: float) -> int:
    """OAuth's lifetimes are whole seconds; a token must not be told to live longer than it does."""
    return max(0, int(value))
