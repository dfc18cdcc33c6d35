"""What an exception of the Azure SDK means: refused until somebody acts, or not answered."""

from __future__ import annotations

import time
from json import JSONDecodeError
from typing import TYPE_CHECKING, Final, cast

from irclient._wire.responses import Response, retry_after
from irclient.auth.exchange import (
    FIX_CONNECTION,
    FIX_PROXY,
    FIX_THROTTLE,
    FIX_TROUBLE,
    TokenRefused,
    TokenUnanswered,
    provider_code,
    redacted,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from azure.core.exceptions import HttpResponseError

__all__ = ["finding_of"]

_MOST_CAUSES: Final = 8
_FIX_TRUST: Final = (
    "name the certificate's authority with ca_file, or in the variable REQUESTS_CA_BUNDLE: the "
    "Azure SDK reads that one, and not SSL_CERT_FILE"
)
#: What requests, urllib3 and PySocks say of one, and of no host whatever its name.
_OF_A_PROXY: Final = ("connect to proxy", "proxy URL", "Proxy URL", "SOCKS")
_FIX_PEM: Final = "name a PEM file that holds the CA's certificate"


def finding_of(error: Exception, *, doing: str, fix: str) -> TokenRefused | TokenUnanswered:
    """Say what an exception means for a fetch.

    Args:
        error: What azure-identity, azure-keyvault-secrets or a credential of their kind raised.
        doing: What was being done, for the message.
        fix: What to do about a refusal of unknown reason.
    """
    # Loaded here: on the fetching thread, where an Azure SDK is at work anyway.
    from azure.core.exceptions import DecodeError, HttpResponseError  # noqa: PLC0415

    if isinstance(error, DecodeError | JSONDecodeError | UnicodeDecodeError):
        # Not quoted: the SDK's words hold the body, and half of an answer may hold a whole secret.
        return TokenUnanswered(f"{doing} failed: the answer could not be read as JSON")
    words = redacted(_words(error)).rstrip(".") or type(error).__name__
    message = f"{doing} failed: {words}"
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return TokenRefused(message, fix=_FIX_TRUST)
    if "[X509" in str(error):
        return TokenRefused(message, fix=_FIX_PEM)
    status = error.status_code if isinstance(error, HttpResponseError) else None
    if isinstance(error, HttpResponseError) and status is not None and _is_passing(status):
        fix = FIX_THROTTLE if status == 429 else FIX_TROUBLE
        return TokenUnanswered(message, fix=fix, retry_after=_retry_after(error))
    if any(_is_unanswered(each) for each in _causes(error)):
        is_proxy = any(words in str(error) for words in _OF_A_PROXY)
        return TokenUnanswered(message, fix=FIX_PROXY if is_proxy else FIX_CONNECTION)
    return TokenRefused(message, fix=fix, code=provider_code(words))


def _words(error: Exception) -> str:
    from azure.core.exceptions import HttpResponseError  # noqa: PLC0415  (see above)

    said = error.error if isinstance(error, HttpResponseError) else None
    if said is None or not said.message:
        return str(error)
    # The SDK's own words name the code and the message twice.
    inner = cast("object", said.innererror)  # Of any shape: it may be no vault that answers.
    within = cast("dict[str, object]", inner).get("code") if isinstance(inner, dict) else None
    code = f"{said.code} ({within})" if within else said.code
    return f"{code}: {said.message}" if code else str(said.message)


def _is_passing(status: int) -> bool:
    return status >= 500 or status in {408, 429}


def _is_unanswered(error: BaseException) -> bool:
    from azure.core.exceptions import ServiceRequestError, ServiceResponseError  # noqa: PLC0415

    return isinstance(error, ServiceRequestError | ServiceResponseError | OSError)


def _causes(error: BaseException) -> Iterator[BaseException]:
    each: BaseException | None = error
    for _ in range(_MOST_CAUSES):
        if each is None:
            return
        yield each
        each = each.__cause__ or each.__context__


def _retry_after(error: HttpResponseError) -> float:
    given: Mapping[str, str] | None = getattr(error.response, "headers", None)
    if given is None or error.status_code is None:
        return 0.0
    headers = {name.lower(): value for name, value in given.items()}
    return retry_after(Response(error.status_code, headers, b"", time.time())) or 0.0
