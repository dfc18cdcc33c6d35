"""A service without a network: a transport that answers from scripts and records what it got."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import anyio
import httpx

from irclient._runtime.forks import fork_safe_lock
from irclient.errors import ConfigurationError
from irclient.testing.script import Outcome, Script, answer_well
from irclient.testing.sent import read_request
from irclient.topology import TrafficSplit, flatten

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from irclient.testing.sent import SentRequest
    from irclient.topology import Endpoints, ServiceEndpoint

__all__ = ["OPERATIONS", "ScriptedService"]

#: The operations that a script can be for.
OPERATIONS: Final = (
    "new",
    "popular",
    "trending",
    "similar",
    "cart",
    "bought_together",
    "picks",
    "personalize",
    "selectors",
    "trigger",
)
#: A request whose client set no timeout at all ends some time even so.
_LONGEST_HANG: Final = 60.0


class ScriptedService(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """The service of any number of accounts, in this process, for both clients.

    It answers every operation sensibly until a script says otherwise, opens no socket, and
    keeps each request as a `SentRequest`. Any number of threads and tasks may use it.

    >>> from irclient import IRClient, Pair, ServiceEndpoint, StaticToken
    >>> home = Pair(
    ...     ServiceEndpoint("contoso-a", "web", tps=100),
    ...     ServiceEndpoint("contoso-b", "web", tps=100),
    ... )
    >>> service = ScriptedService(home)
    >>> _ = service.on("contoso-a").fail(503)
    >>> _ = service.on("contoso-b", operation="similar").answer(ids=["7", "8", "9"])
    >>> with IRClient(home, credential=StaticToken("token"), transport=service) as ir:
    ...     reco = ir.similar("64702", count=2, filters={"Category": "Clothing"})
    >>> reco.ids, reco.served.account
    (['7', '8'], 'contoso-b')
    >>> [(sent.account, sent.operation, sent.item_ids) for sent in service.requests]
    [('contoso-a', 'similar', ('64702',)), ('contoso-b', 'similar', ('64702',))]
    >>> service.requests[-1].filters
    {'Category': ('Clothing',)}

    Args:
        endpoints: The client's endpoints. Without them, accounts are told apart by the hosts
            of the service, and any endpoint that is asked answers.
    """

    def __init__(self, endpoints: Endpoints | None = None) -> None:
        self._endpoints = _every_endpoint(endpoints)
        self._scripts: dict[tuple[str | None, str | None], Script] = {}
        self._requests: list[SentRequest] = []
        self._lock = fork_safe_lock()

    def on(self, account: str | None = None, *, operation: str | None = None) -> Script:
        """Begin a new script, in place of an older one for the same requests.

        A script for an account and an operation goes before one for the account, that before
        one for the operation, and that before one for everything.

        Args:
            account: The account, or ``account/name`` of one endpoint; every one when left out.
            operation: As a query names it, or ``trigger``; every one when left out.

        Raises:
            ConfigurationError: There is no such account or operation.
        """
        known = {name for each in self._endpoints for name in (each.account, each.label)}
        if account is not None and known and account not in known:
            raise ConfigurationError(
                f"no endpoint has the account {account!r}; known are {', '.join(sorted(known))}"
            )
        if operation is not None and operation not in OPERATIONS:
            raise ConfigurationError(
                f"{operation!r} is not an operation; known are {', '.join(OPERATIONS)}"
            )
        script = Script()
        with self._lock:
            self._scripts[account, operation] = script
        return script

    @property
    def requests(self) -> tuple[SentRequest, ...]:
        """What was sent, oldest first."""
        with self._lock:
            return tuple(self._requests)

    def requests_to(self, account: str, *, operation: str | None = None) -> tuple[SentRequest, ...]:
        """What was sent to an account, oldest first.

        Args:
            account: The account's name.
            operation: Only this operation; every one when left out.
        """
        return tuple(
            sent
            for sent in self.requests
            if sent.account == account and operation in {None, sent.operation}
        )

    def clear(self) -> None:
        """Forget every script and every request."""
        with self._lock:
            self._scripts.clear()
            self._requests.clear()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Do what the script says, on the calling thread."""
        request.read()
        outcome, limit = self._outcome(request), _read_timeout(request)
        time.sleep(min(outcome.after, limit))
        return _response(outcome, limit)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Do what the script says, on the calling task."""
        await request.aread()
        outcome, limit = self._outcome(request), _read_timeout(request)
        await anyio.sleep(min(outcome.after, limit))
        return _response(outcome, limit)

    def _outcome(self, request: httpx.Request) -> Outcome:
        with self._lock:
            endpoint = self._endpoint_of(request.url)
            if self._endpoints and endpoint is None:
                error = httpx.ConnectError(f"scripted: nobody listens at {request.url.host}")
                return Outcome(error=error)
            names = self._names_of(endpoint, request.url)
            sent = read_request(request, names[-1].partition("/")[0])
            self._requests.append(sent)
            for name in (*names, None):
                for operation in (sent.operation, None):
                    script = self._scripts.get((name, operation))
                    outcome = script.next_outcome(sent) if script is not None else None
                    if outcome is not None:
                        return outcome
            return answer_well(sent)

    def _endpoint_of(self, url: httpx.URL) -> ServiceEndpoint | None:
        for endpoint in self._endpoints:
            base = httpx.URL(endpoint.url)
            is_origin = (base.scheme, base.host, base.port) == (url.scheme, url.host, url.port)
            if is_origin and url.path.startswith(base.path):
                return endpoint
        return None

    def _names_of(self, endpoint: ServiceEndpoint | None, url: httpx.URL) -> tuple[str, ...]:
        """The names that scripts may use for whom a request was sent to, the closest first."""
        if endpoint is not None:
            return endpoint.label, endpoint.account
        # The host is {account}-{name}.mir…, and both may hold hyphens (contract section 2).
        label = url.host.partition(".")[0]
        scripted = {account for account, _ in self._scripts if account is not None}
        fitting = [
            name
            for name in scripted
            if url.host == name or f"{label}-".startswith(name.replace("/", "-") + "-")
        ]
        closest = max(fitting, key=len, default=label)
        return closest, closest.partition("/")[0]

    def __repr__(self) -> str:
        return f"<ScriptedService: {len(self._requests)} requests>"


class _Drip(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that comes one byte at a time."""

    def __init__(self, body: bytes, every: float) -> None:
        self._body = body
        self._every = every

    def __iter__(self) -> Iterator[bytes]:
        for value in self._body:
            time.sleep(self._every)
            yield bytes((value,))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for value in self._body:
            await anyio.sleep(self._every)
            yield bytes((value,))


def _every_endpoint(endpoints: Endpoints | None) -> tuple[ServiceEndpoint, ...]:
    if endpoints is None:
        return ()
    if isinstance(endpoints, TrafficSplit):
        variants = (_every_endpoint(each) for each in endpoints.variants.values())
        return tuple(dict.fromkeys(endpoint for variant in variants for endpoint in variant))
    return flatten(endpoints)


def _read_timeout(request: httpx.Request) -> float:
    given = request.extensions.get("timeout", {}).get("read")
    return _LONGEST_HANG if given is None else float(given)


def _response(outcome: Outcome, limit: float) -> httpx.Response:
    if outcome.after > limit:
        raise httpx.ReadTimeout("scripted: timed out")
    if outcome.error is not None:
        raise outcome.error
    if outcome.drip_every:
        stream = _Drip(outcome.body, outcome.drip_every)
        return httpx.Response(outcome.status, headers=outcome.headers, stream=stream)
    return httpx.Response(outcome.status, headers=outcome.headers, content=outcome.body)
