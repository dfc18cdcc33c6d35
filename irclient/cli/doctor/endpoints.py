"""Whether a service endpoint answers a small list, and how quickly."""

import time

from irclient.auth import Credential
from irclient.cli.doctor.finding import Finding, Verdict
from irclient.client import IRClient
from irclient.errors import (
    AccessDenied,
    AuthenticationError,
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

#: By who must act; the first kind that fits decides.
_ADVICE: tuple[tuple[type[IRError], str], ...] = (
    (AccessDenied, "add the App ID to the account's endpoint authentication list"),
    (AuthenticationError, "check scope and tenant, and the account's endpoint authentication"),
    (Throttled, "another caller uses the endpoint's TPS; wait, or provision more"),
    (NotReady, "trigger a cooking and wait for it; see `irclient trigger --help`"),
    (QueryError, "check the endpoint's modeling component"),
    (UnexpectedAnswer, "check that the url is that of a service endpoint"),
)


def examine_endpoint(
    endpoint: ServiceEndpoint, credential: Credential, *, ca_file: str | None, timeout: float
) -> Finding:
    """Ask one endpoint for one popular item, once."""
    settings = Settings(
        timeouts=Timeouts(deadline=timeout, attempt=timeout, connect=timeout),
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
        return _failed(endpoint, error, elapsed=time.monotonic() - begun_at)
    finally:
        transport.close()
    return Finding(
        check="endpoint",
        subject=endpoint.label,
        verdict=Verdict.GOOD,
        saw=_described(answer),
        elapsed=answer.served.elapsed,
    )


def _failed(endpoint: ServiceEndpoint, error: IRError, *, elapsed: float) -> Finding:
    advice = next(
        (words for kind, words in _ADVICE if isinstance(error, kind)),
        f"check that {endpoint.url} is the endpoint's url and that the service runs",
    )
    last = error.attempts[-1] if error.attempts else None
    return Finding(
        check="endpoint",
        subject=endpoint.label,
        verdict=Verdict.WRONG,
        saw=f"{type(error).__name__}: {last.reason if last else error}",
        advice=advice,
        elapsed=elapsed,
    )


def _described(answer: RecommendationList) -> str:
    parts = [f"answered, status {answer.status or 'missing'}"]
    if answer.total_items is not None:
        parts.append(f"{answer.total_items} popular items")
    if answer.interactions_version is not None:
        parts.append(f"cooked {answer.interactions_version}")
    return ", ".join(parts)
