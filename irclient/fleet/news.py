"""What a process hears of the others by itself, twice in a second, and tells of its endpoints."""

from __future__ import annotations

import weakref
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from irclient._core.shared_health import EndpointNews, ProbeClaim, event_of
from irclient._runtime.forks import fork_safe_lock
from irclient.fleet.endpoint_news import Listener, NewsOfEndpoint
from irclient.fleet.link import Request
from irclient.fleet.memory_news import News, text
from irclient.fleet.news_script import CLAIM_PROBE, HEALTH_KEYS, NEWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from irclient._core.health import EndpointHealth
    from irclient.fleet.link import Link, Reply
    from irclient.fleet.shared_memory import FleetMemory
    from irclient.observe import Record

__all__ = ["FleetNews"]

_NEWS_AFTER: Final = 0.4


class FleetNews:
    """Tells and hears of endpoints' health, and brings the memory its news.

    Args:
        link: To the server.
        memory: What the clients of this process know of the shared memory.
    """

    def __init__(self, link: Link, memory: FleetMemory) -> None:
        self._link = link
        self._memory = memory
        self._lock = fork_safe_lock()
        self._endpoints: dict[str, NewsOfEndpoint] = {}
        self._is_used = False
        self._at = float("-inf")
        link.add(self)

    @property
    def patience(self) -> float:
        """Seconds that a probe waits for its claim."""
        return self._link.patience

    def join(self, url: str, health: EndpointHealth, untold: list[Record]) -> None:
        """Have a client's knowledge of an endpoint hear of the others'."""
        with self._lock:
            self._endpoint(url).listeners.append(Listener(weakref.ref(health), untold))

    def _endpoint(self, url: str) -> NewsOfEndpoint:
        found = self._endpoints.get(url)
        if found is None:
            name = blake2b(url.encode(), digest_size=8).hexdigest()
            found = self._endpoints[url] = NewsOfEndpoint(name)
        return found

    def asked(self, url: str) -> None:
        """Learn that an endpoint was asked."""
        endpoint = self._endpoints.get(url)
        if endpoint is not None and not endpoint.was_asked:
            endpoint.was_asked = True
            self._begin()

    def changed(self, url: str, records: Sequence[Record]) -> None:
        """Tell the others what an attempt has changed, at once."""
        event = event_of(records)
        if not event:
            return
        with self._lock:
            endpoint = self._endpoint(url)
            endpoint.event, endpoint.event_at = event, records[-1].at
            self._at = float("-inf")
        self._begin()
        self._link.wake()

    def _begin(self) -> None:
        if not self._is_used:
            self._is_used = True
            self._link.wake()

    def claim_probe(self, url: str, *, claim_for: float) -> ProbeClaim | None:
        """Claim to probe for all; None if there is nobody to ask."""
        if not self._link.is_present:
            return None
        claim = ProbeClaim()

        def answered(reply: Reply) -> None:
            claim.is_granted = bool(int(reply.values[0]))
            claim.land()

        key = self._keys(self._endpoint(url))[-1]
        arguments = (self._link.member, max(int(claim_for * 1e3), 1))

        def lost(_reason: str, _now: float) -> None:
            claim.land()

        sent = self._link.send(Request(CLAIM_PROBE, (key,), arguments, answered, lost))
        return claim if sent else None

    def _keys(self, endpoint: NewsOfEndpoint) -> list[str]:
        return [self._link.key("health", endpoint.name, each) for each in HEALTH_KEYS]

    def next_at(self, now: float) -> float:
        """When the next news are due."""
        if not (self._is_used or self._memory.is_used):
            return float("inf")
        return max(self._at, now)

    def next_request(self, link: Link, now: float) -> Request | None:
        """Ask for the news, and tell what happened."""
        if self.next_at(now) > now:
            return None
        with self._lock:
            self._at = now + _NEWS_AFTER
            endpoints = list(self._endpoints.values())
            arguments: list[str] = [*self._memory.heard, link.member]
            told: list[tuple[NewsOfEndpoint, str]] = []
            for each in endpoints:
                was_asked, event = each.take_news(now)
                if event:
                    told.append((each, event))
                arguments += ["1" if was_asked else "", event]
        keys = [*self._memory.news_keys, *(key for each in endpoints for key in self._keys(each))]

        def lost(_reason: str, _now: float) -> None:
            with self._lock:
                for each, event in told:
                    each.event = each.event or event

        return Request(NEWS, keys, arguments, lambda reply: self._hear(endpoints, reply), lost)

    def farewell(self, link: Link) -> Request | None:  # noqa: ARG002  (the protocol's)
        """Nothing is to be said at the end: what is known of endpoints expires."""
        return None

    def _hear(self, endpoints: Sequence[NewsOfEndpoint], reply: Reply) -> None:
        self._memory.hear(News.of(reply.values[0]), reply)
        for endpoint, said in zip(endpoints, reply.values[1], strict=True):
            number, kind, is_own, others, is_doubted = said
            news = EndpointNews(
                int(number), text(kind), bool(is_own), int(others), bool(is_doubted)
            )
            for listener in endpoint.listeners:
                listener.hear(news, reply.now)
            endpoint.listeners = [each for each in endpoint.listeners if each.health() is not None]
