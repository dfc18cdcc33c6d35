"""The policy of before: what this client did until failing over became free.

Kept for comparison, as small as it can be told: health by endpoint as today, but nothing is put
aside and nothing is ever slow; and each further request of a call takes 14 of 500 tokens, which
come back when a call is answered. It does not pace itself.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from irclient._core.health import Admission, EndpointHealth
from irclient._core.protocol import Send, Spawn, Wait
from irclient._core.verdict import Health, Meaning, judge
from irclient._wire.requests import build_request
from irclient.errors import Unavailable
from irclient.queries import Popular

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from irclient._core.protocol import Call, Failure
    from irclient._core.verdict import Verdict
    from irclient._wire.responses import Response
    from irclient.queries import Query
    from irclient.results import Answer
    from irclient.settings import Settings
    from irclient.topology import ServiceEndpoint

__all__ = ["Before"]

_TOKENS: Final = 500
_A_FURTHER_REQUEST: Final = 14
_AN_ANSWER_AT_ONCE: Final = 1
_MOST_REQUESTS: Final = 4
_FIRST_BACKOFF: Final = 0.05
_PROBE: Final = Popular(count=1)


class Before:
    """One client as it was.

    Args:
        endpoints: In the order of preference.
        settings: Its timeouts, its memory, and when an endpoint counts as failing.
        uniform: Draws from 0 to 1.
    """

    def __init__(
        self,
        endpoints: Sequence[ServiceEndpoint],
        settings: Settings,
        uniform: Callable[[], float],
    ) -> None:
        self._endpoints, self._settings, self._uniform = endpoints, settings, uniform
        self._tokens = _TOKENS
        self._memory: dict[Query, tuple[float, Answer]] = {}
        self._refreshing: set[Query] = set()
        self._health = {
            each: EndpointHealth(each.label, settings.failover, uniform=uniform)
            for each in endpoints
        }

    def call(self, query: Query, now: float) -> Call[Answer]:
        """Answer a query: from memory, from an endpoint, or from memory in need."""
        caching, began_at = self._settings.caching, now
        kept = self._memory.get(query) if caching.enabled else None
        if kept is not None and now - kept[0] <= caching.fresh_for:
            return _served(kept[1], "cache")
        if (
            kept is not None
            and now - kept[0] <= caching.fresh_for + caching.stale_while_refresh_for
        ):
            if query not in self._refreshing:
                self._refreshing.add(query)
                yield Spawn(partial(self._refresh, query), "refresh")
            return _served(kept[1], "stale")
        try:
            return (yield from self._ask(query, began_at))
        except Unavailable:
            if kept is None:
                raise
            return _served(kept[1], "stale")

    def _refresh(self, query: Query, now: float) -> Call[None]:
        try:
            yield from self._ask(query, now)
        except Unavailable:
            pass
        finally:
            self._refreshing.discard(query)

    def _ask(self, query: Query, now: float) -> Call[Answer]:
        deadline_at = now + self._settings.timeouts.deadline
        tried: set[ServiceEndpoint] = set()
        waits, paid = 0, 0
        for _ in range(_MOST_REQUESTS):
            endpoint, probe = self._choose(tried, now)
            if probe is not None:
                yield Spawn(partial(self._ask_for_health, probe), "probe")
            verdict, now = yield from self._send(query, endpoint, now, deadline_at)
            if verdict.meaning is Meaning.SERVED:
                self._tokens = min(self._tokens + (paid or _AN_ANSWER_AT_ONCE), _TOKENS)
                answer = cast("Answer", verdict.answer)
                if self._settings.caching.enabled and not query.has_side_effect:
                    self._memory[query] = now, answer
                return answer
            if self._tokens < _A_FURTHER_REQUEST or now >= deadline_at:
                break
            self._tokens -= _A_FURTHER_REQUEST
            paid = _A_FURTHER_REQUEST
            tried.add(endpoint)
            if len(tried) == len(self._endpoints):
                tried.clear()
                now = (yield Wait(now + _FIRST_BACKOFF * 2.0**waits * self._uniform())).now
                waits += 1
        raise Unavailable("every endpoint failed")

    def _choose(
        self, tried: set[ServiceEndpoint], now: float
    ) -> tuple[ServiceEndpoint, ServiceEndpoint | None]:
        left = [each for each in self._endpoints if each not in tried]
        due: ServiceEndpoint | None = None
        probe_for = self._settings.timeouts.attempt
        for endpoint in left:
            match self._health[endpoint].admit(now, probe_for=probe_for):
                case Admission.SERVE:
                    return endpoint, due
                case Admission.PROBE if due is None:
                    due = endpoint
                case Admission.PROBE:
                    self._health[endpoint].release()
                case _:
                    pass
        # Nothing works: trying beats giving up, and the call itself is the probe.
        return due or min(left, key=lambda each: self._health[each].probe_in(now)), None

    def _ask_for_health(self, endpoint: ServiceEndpoint, now: float) -> Call[None]:
        yield from self._send(_PROBE, endpoint, now, now + self._settings.timeouts.attempt)

    def _send(
        self, query: Query, endpoint: ServiceEndpoint, now: float, deadline_at: float
    ) -> Call[tuple[Verdict, float]]:
        timeouts, sent_at = self._settings.timeouts, now
        within = min(timeouts.attempt, deadline_at - now)
        request = build_request(query, modeling=None)
        resumed = yield Send(endpoint, request, "token", within, min(timeouts.connect, within))
        verdict = judge(query, cast("Response | Failure", resumed.outcome))
        # An answer that there is no data yet counted as a sign of life.
        if verdict.meaning.health is not Health.NOTHING:
            ok = verdict.meaning.health is Health.SUCCESS
            self._health[endpoint].record(
                resumed.now, sent_at=sent_at, ok=ok, reason=verdict.reason
            )
        return verdict, resumed.now


def _served(answer: Answer, source: str) -> Answer:
    return answer.as_served(replace(answer.served, source=source))
