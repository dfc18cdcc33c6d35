"""Whether a service endpoint answers a small list, and how quickly."""

import time
from urllib.parse import urlsplit

from irclient.auth import Credential, KeyVaultCredential, StaticToken
from irclient.cli.doctor.finding import Finding, Verdict
from irclient.client import IRClient
from irclient.errors import (
    AccessDenied,
    AuthenticationError,
    DeadlineExceeded,
    IRError,
    NotReady,
    QueryError,
    Throttled,
    UnexpectedAnswer,
)
from irclient.queries import Popular
from irclient.results import RecommendationList
from irclient.settings import Caching, Retries, Settings, Timeouts
from irclient.topology import ServiceEndpoint
from irclient.transports import default_transport

__all__ = ["examine_endpoint"]

_ADVICE_FOR_TIME = "check whether the service is overloaded, or allow more --timeout"
#: By who must act; the first kind that fits decides.
_ADVICE: tuple[tuple[type[IRError], str], ...] = (
    (AccessDenied, "add the App ID to the account's endpoint authentication list"),
    (AuthenticationError, "check scope and tenant, and the account's endpoint authentication"),
    (
        Throttled,
        "other processes use the endpoint's TPS: give each its share, wait, or provision more",
    ),
    (
        NotReady,
        (
            "the lists are not cooked yet: run `irclient cook FOLDER --to OUT` for a service of "
            "`irclient serve`; for others trigger a cooking, see `irclient trigger --help`"
        ),
    ),
    (UnexpectedAnswer, "check that the url is that of a service endpoint"),
    (DeadlineExceeded, _ADVICE_FOR_TIME),
)


def examine_endpoint(
    endpoint: ServiceEndpoint,
    credential: Credential,
    *,
    ca_file: str | None,
    timeout: float,
    obstacle: Finding | None = None,
) -> Finding:
    """Ask one endpoint for one popular item, once.

    Args:
        endpoint: The endpoint.
        credential: What it is asked with.
        ca_file: The authorities to trust; None for the process's usual.
        timeout: Seconds that it may take.
        obstacle: What was found wrong with the way to it: then that is also the advice here.
    """
    settings = Settings(
        # The client fetches a token of its own before it asks, from two hosts.
        timeouts=Timeouts(deadline=3 * timeout, attempt=timeout, connect=timeout),
        retries=Retries(max_attempts=1),
        caching=Caching(enabled=False),
    )
    transport = default_transport(ca_file=ca_file)
    begun_at = time.monotonic()
    try:
        with IRClient(
            endpoint, credential=credential, settings=settings, transport=transport
        ) as ir:
            answer = ir.fetch(Popular(count=1))
    except IRError as error:
        last = error.attempts[-1] if error.attempts else None
        return Finding(
            check="endpoint",
            subject=endpoint.label,
            verdict=Verdict.WRONG,
            saw=f"{type(error).__name__}: {last.reason if last else error}",
            advice=_advice(endpoint, credential, error, obstacle),
            elapsed=time.monotonic() - begun_at,
        )
    finally:
        transport.close()
    return Finding(
        check="endpoint",
        subject=endpoint.label,
        verdict=Verdict.GOOD,
        saw=_described(answer),
        elapsed=answer.served.elapsed,
    )


def _advice(
    endpoint: ServiceEndpoint, credential: Credential, error: IRError, obstacle: Finding | None
) -> str:
    if obstacle is not None and obstacle.advice is not None:
        return obstacle.advice
    if isinstance(error, QueryError | AuthenticationError | UnexpectedAnswer):
        mistaken = _mistaken_url(endpoint, credential)
        if mistaken is not None:
            return mistaken
    if isinstance(error, QueryError):
        return _advice_for_refusal(endpoint)
    if any(each.outcome == "timed out" for each in error.attempts):
        return _ADVICE_FOR_TIME
    if isinstance(credential, StaticToken) and isinstance(error, AuthenticationError):
        return (
            "a key must be a line of the keys_file of `irclient serve`, whose log says why it was "
            "refused; for a token check scope and tenant, and the account's endpoint authentication"
        )
    return next(
        (words for kind, words in _ADVICE if isinstance(error, kind)),
        f"check that {endpoint.url} is the endpoint's url and that the service runs",
    )


def _mistaken_url(endpoint: ServiceEndpoint, credential: Credential) -> str | None:
    """What to do about a url by which another server answers, or another part of this one."""
    parts = urlsplit(endpoint.url)
    if parts.path.strip("/"):
        path = parts.path
        return f"take the path {path!r} off the endpoint's url: the client adds the service's own"
    if isinstance(credential, KeyVaultCredential):
        others = {"Entra": credential.authority, "Key Vault": credential.vault_url}
        for name, url in others.items():
            if urlsplit(url).netloc == parts.netloc:
                return f"the endpoint's url is that of {name}: give that of the service endpoint"
    return None


def _advice_for_refusal(endpoint: ServiceEndpoint) -> str:
    """What to do when a question that every service endpoint answers is refused."""
    if endpoint.modeling is None:
        return (
            f"check that {endpoint.url} is the url of a service endpoint, and that the account's "
            "default modeling component is set up"
        )
    return f"check the endpoint's modeling component, {endpoint.modeling!r}"


def _described(answer: RecommendationList) -> str:
    parts = [f"answered, status {answer.status or 'missing'}"]
    if answer.total_items is not None:
        parts.append(f"{answer.total_items} popular items")
    if answer.interactions_version is not None:
        parts.append(f"cooked {answer.interactions_version}")
    return ", ".join(parts)
