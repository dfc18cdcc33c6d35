"""Naive policies: what people write around an HTTP client, over the same protocol.

Neither paces itself, remembers anything from one call to the next, keeps an answer or has a
deadline. Both give an attempt the time that ours gets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from irclient._core.protocol import Send, Wait
from irclient._core.verdict import Meaning, judge
from irclient._values.secret import Secret
from irclient._wire.requests import build_request
from irclient.errors import Unavailable
from irclient.settings import Timeouts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from irclient._core.protocol import Call, Failure
    from irclient._wire.responses import Response
    from irclient.queries import Query
    from irclient.results import Answer
    from irclient.topology import ServiceEndpoint

__all__ = ["fail_over", "retry_three_times"]

_TIMEOUTS: Final = Timeouts()
_BACKOFF: Final = 0.5


def retry_three_times(query: Query, endpoints: Sequence[ServiceEndpoint]) -> Call[Answer]:
    """Ask the first host, and up to three times again, always half a second later."""
    for retry in range(4):
        answer, now = yield from _ask(query, endpoints[0])
        if answer is not None:
            return answer
        if retry < 3:
            yield Wait(now + _BACKOFF)
    raise Unavailable("four attempts failed")


def fail_over(query: Query, endpoints: Sequence[ServiceEndpoint]) -> Call[Answer]:
    """Ask one host after the other, each call from the first on."""
    for endpoint in endpoints:
        answer, _ = yield from _ask(query, endpoint)
        if answer is not None:
            return answer
    raise Unavailable("every host failed")


def _ask(query: Query, endpoint: ServiceEndpoint) -> Call[tuple[Answer | None, float]]:
    request = build_request(query, modeling=None)
    resumed = yield Send(endpoint, request, Secret("token"), _TIMEOUTS.attempt, _TIMEOUTS.connect)
    verdict = judge(query, cast("Response | Failure", resumed.outcome))
    return (verdict.answer if verdict.meaning is Meaning.SERVED else None), resumed.now
