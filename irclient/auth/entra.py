"""A secret into a token: OAuth 2.0 client credentials at Microsoft Entra ID, spoken by msal.

msal is the protocol engine and nothing else. An application of its remembers tokens, errors and
answers, and each of these memories has given somebody an old token or an old error; so each
request gets an application of its own. HTTP is ours: bounded in time and size, without
redirects, and with an explicit CA file that no environment variable can overrule.
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

import httpx

from irclient._runtime.proxies import proxy_for
from irclient._runtime.tls import ssl_context
from irclient._version import __version__
from irclient._wire.responses import Response, retry_after
from irclient.auth.exchange import (
    FIX_CONNECTION,
    FIX_PROXY,
    FIX_THROTTLE,
    FIX_TROUBLE,
    FetchedToken,
    TokenRefused,
    TokenUnanswered,
    provider_code,
    redacted,
)
from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from irclient._values.secret import Secret

__all__ = ["ClientCredentials", "SecretRejected"]

_TIMEOUT: Final = httpx.Timeout(5.0)
#: For a whole answer, however slowly it drips.
_ANSWER_WITHIN: Final = 10.0
_LARGEST_ANSWER: Final = 256 * 1024
_HEADERS: Final = {
    # What arrives is then as long as it says: nothing can be blown up by decompression.
    "Accept-Encoding": "identity",
    "User-Agent": f"irclient/{__version__}",
}

#: What to do about Entra's answers (documented: "Microsoft Entra authentication and
#: authorization error codes").
_FIXES: Final[Mapping[str, str]] = {
    "AADSTS7000215": "put the application's current secret into the vault: the secret's value, "
    "not its id",
    "AADSTS7000222": "the secret has expired: create a new one for the application and put it "
    "into the vault",
    "AADSTS700016": "check client_id, and that tenant_id is the tenant of that application",
    "AADSTS7000229": "create a service principal of the application in the tenant",
    "AADSTS90002": "check tenant_id and authority",
    "AADSTS900023": "check tenant_id",
    "AADSTS70011": "check scope",
    "AADSTS500011": "check scope, and that the tenant knows the service that it names",
    "AADSTS1002012": "check scope: it must end with /.default",
}
_FIX_CODE: Final = "look the code up at https://login.microsoftonline.com/error"
_FIX_AUTHORITY: Final = "check authority: Entra names a code of its own in what it refuses"
#: Errors that OAuth 2.0 sends with any status and that mean "later" (RFC 6749, 4.1.2.1).
_PASSING: Final = frozenset({"temporarily_unavailable", "server_error"})


class SecretRejected(TokenRefused):
    """Entra knows the application and does not accept its secret (``invalid_client``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCredentials:
    """Where an application asks for its tokens.

    Attributes:
        authority: Entra's URL, without the tenant.
        tenant_id: The tenant.
        client_id: The application's id (App ID).
        scope: What the token is for.
        ca_file: A PEM file of the only authorities to trust; None trusts the process's usual.
    """

    authority: str
    tenant_id: str
    client_id: str
    scope: str
    ca_file: str | None

    def token_for(self, secret: Secret) -> FetchedToken:
        """Ask Entra for a new token.

        Raises:
            SecretRejected: The secret is wrong or has expired.
            TokenRefused: Another refusal: the application, the tenant, the scope.
            TokenUnanswered: No answer, or not Entra's.
        """
        # Loaded here: on the fetching thread, at the first fetch.
        import msal  # type: ignore[import-untyped]  # noqa: PLC0415

        with self._client() as client:
            http = _MsalHttp(client, self.authority, secret)
            application: Any = msal.ConfidentialClientApplication(
                self.client_id,
                client_credential=secret.reveal(),
                authority=f"{self.authority}/{self.tenant_id}",
                http_client=http,
                # The authority is configured, not discovered: msal would otherwise ask the
                # public cloud about it, from sovereign clouds and closed networks as well.
                instance_discovery=False,
            )
            answer: Mapping[str, Any] = application.acquire_token_for_client([self.scope]) or {}
        return self._token_in(answer, secret, http.renew_after)

    def _client(self) -> httpx.Client:
        try:
            proxy = proxy_for(urlsplit(self.authority).hostname or "")
        except ConfigurationError as problem:
            raise TokenRefused.by(problem) from None
        try:
            return httpx.Client(
                verify=self._trusted(),
                timeout=_TIMEOUT,
                follow_redirects=False,
                headers=_HEADERS,
                # httpx would read the variables by a rule of its own, and fail where one names a
                # proxy that it does not know, though another one is used.
                trust_env=False,
                proxy=None if proxy is None else proxy.url,
            )
        except (ImportError, ValueError, httpx.InvalidURL) as problem:
            named = "" if proxy is None else f" {proxy} of {proxy.variable}"
            reason = f"the proxy{named} cannot be used: {problem}"
            raise TokenUnanswered(reason, fix=FIX_PROXY) from None

    def _trusted(self) -> ssl.SSLContext:
        try:
            return ssl_context(ca_file=self.ca_file)
        except ConfigurationError as problem:
            raise TokenRefused.by(problem) from None

    def _token_in(
        self, answer: Mapping[str, Any], secret: Secret, renew_after: float | None
    ) -> FetchedToken:
        token = answer.get("access_token")
        if not isinstance(token, str):
            raise _refusal(answer, secret, asking=f"client_id {self.client_id!r}")
        lives_for = _seconds(answer.get("expires_in"))
        if lives_for is None:
            raise TokenUnanswered("Entra sent a token without saying how long it lives")
        return FetchedToken(token, lives_for, renew_after)


def _refusal(answer: Mapping[str, Any], secret: Secret, *, asking: str) -> Exception:
    error = str(answer.get("error") or "")
    description = redacted(str(answer.get("error_description") or error), secret)
    if not error:
        return TokenUnanswered("Entra sent neither a token nor an error")
    code = provider_code(description) or redacted(error, secret)
    if error in _PASSING:
        return TokenUnanswered(f"Entra has trouble of its own: {description}", fix=FIX_TROUBLE)
    unknown = _FIX_CODE if code.startswith("AADSTS") else _FIX_AUTHORITY
    fix = _FIXES.get(code, unknown)
    known_as = "" if description == error else f" ({error})"
    what = f"Entra refused a token for {asking}: {description}{known_as}"
    if error == "invalid_client":
        return SecretRejected(what, fix=fix, code=code)
    return TokenRefused(what, fix=fix, code=code)


def _seconds(given: object) -> float | None:
    # Some answers spell numbers as text.
    try:
        seconds = float(cast("str | float", given))
    except (TypeError, ValueError):
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


@dataclass(frozen=True, slots=True)
class _Answer:
    """What msal reads of a response."""

    status_code: int
    text: str
    headers: Mapping[str, str]

    def raise_for_status(self) -> None:
        """Nothing left to raise: `_MsalHttp` lets no such answer through."""


class _MsalHttp:
    """msal's ``HttpClient`` over httpx: lets JSON objects through and raises on the rest.

    Its exceptions pass through msal untouched. A body that is not JSON must not reach msal: it
    would log it, and half of an answer may hold a whole token.
    """

    def __init__(self, client: httpx.Client, authority: str, secret: Secret) -> None:
        self._client = client
        self._authority = authority
        self._secret = secret
        #: Entra's advice on when to renew, which msal keeps for its own memory.
        self.renew_after: float | None = None

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **_options: object,
    ) -> _Answer:
        """Send msal's request for the tenant's endpoints."""
        answer, parsed = self._exchange(
            self._client.build_request("GET", url, params=params, headers=headers)
        )
        if answer.status_code >= 400:
            # msal would keep the status to itself, and Entra's words and code as well.
            error = parsed.get("error")
            said = error if isinstance(error, str) else f"HTTP {answer.status_code}"
            raise _refusal(
                {**parsed, "error": said},
                self._secret,
                asking=f"the tenant at {redacted(url)}",
            )
        return answer

    def post(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **_options: object,
    ) -> _Answer:
        """Send msal's request for a token."""
        request = self._client.build_request(
            "POST", url, params=params, data=dict(data or {}), headers=headers
        )
        answer, parsed = self._exchange(request)
        self.renew_after = _seconds(parsed.get("refresh_in"))
        return answer

    def close(self) -> None:
        """Do nothing: the code that made the client closes it."""

    def _exchange(self, request: httpx.Request) -> tuple[_Answer, dict[str, Any]]:
        try:
            response, body = self._send(request)
        except httpx.TimeoutException:
            raise TokenUnanswered(
                f"Entra did not answer in time, at {self._authority}", fix=FIX_CONNECTION
            ) from None
        except httpx.HTTPError as error:
            raise self._unreachable(error) from None
        status, answered = response.status_code, dict(response.headers.items())
        if status >= 500 or status in {408, 429}:
            raise TokenUnanswered(
                f"Entra answered {status}, at {self._authority}",
                fix=FIX_THROTTLE if status == 429 else FIX_TROUBLE,
                retry_after=retry_after(Response(status, answered, body, time.time())) or 0.0,
            )
        parsed = _json_object(body)
        if 300 <= status < 400 or parsed is None:
            raise TokenUnanswered(
                f"not Entra's answer: status {status}, "
                f"{'a redirect' if status // 100 == 3 else 'no JSON'}, at {self._authority}",
                fix="look for a proxy or a sign-in page between this machine and it",
            )
        return _Answer(status, body.decode(), answered), parsed

    def _send(self, request: httpx.Request) -> tuple[httpx.Response, bytes]:
        ends_at = time.monotonic() + _ANSWER_WITHIN
        response = self._client.send(request, stream=True)
        try:
            body = bytearray()
            # Raw: an encoding that was not asked for is not JSON, and that is found out later.
            for chunk in response.iter_raw():
                body += chunk
                if len(body) > _LARGEST_ANSWER:
                    raise TokenUnanswered(f"not Entra's answer: larger than {_LARGEST_ANSWER:,} B")
                if time.monotonic() > ends_at:
                    raise httpx.ReadTimeout("the answer dripped")
            return response, bytes(body)
        finally:
            response.close()

    def _unreachable(self, error: httpx.HTTPError) -> Exception:
        words = redacted(str(error), self._secret) or type(error).__name__
        if "CERTIFICATE_VERIFY_FAILED" in words:
            return TokenRefused(
                f"the certificate of {self._authority} is not trusted: {words}",
                fix="name its authority with ca_file, or SSL_CERT_FILE",
            )
        return TokenUnanswered(
            f"Entra is not reachable at {self._authority}: {words}",
            fix=FIX_PROXY if isinstance(error, httpx.ProxyError) else FIX_CONNECTION,
        )


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        parsed = json.loads(body.decode())
    except ValueError:
        return None
    return cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else None
