"""The verdict: what an answer, or the lack of one, means.

| verdict       | seen as                                     | health  | the call then        |
|---------------|---------------------------------------------|---------|----------------------|
| served        | 200 with an envelope                        | success | returns              |
| not ready     | `WaitingForData`, whatever the status       | success | goes elsewhere       |
| throttled     | 429                                         | success | goes elsewhere       |
| failed        | 408, 410, 5xx; 404 with a page               | failure | goes elsewhere       |
| unreachable   | no connection                               | failure | goes elsewhere       |
| broken        | the connection broke; not HTTP              | failure | goes elsewhere       |
| stale connection | a kept connection was found closed       | nothing | reconnects once      |
| timed out     | the attempt's time passed                   | failure | goes elsewhere       |
| unexpected    | any other status or body                    | failure | goes elsewhere       |
| local         | our own side                                | nothing | goes elsewhere       |
| unauthorized  | 401                                         | success | renews the token once|
| denied        | 403                                         | success | goes elsewhere       |
| refused       | 400, 404 and other 4xx                      | success | ends in an error     |

Success means only that the endpoint is alive. One that is not ready, denies us, or does not accept
a renewed token either, is put aside (`asides`). The statuses of 401, 403, 429 and not-ready
answers are in part inferred (contract section 14), so each is recognized by status first and
by body where a body says more.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from irclient._core.protocol import Failure, Trouble
from irclient._values.enum_members import found_quickly
from irclient._values.momentary import value
from irclient._wire.body_limits import SMALL_BODY
from irclient._wire.malformed import Malformed, excerpt
from irclient._wire.reading import read_answer
from irclient._wire.responses import error_message, retry_after
from irclient.results import RecommendationList

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from irclient._wire.responses import Response
    from irclient.queries import Query
    from irclient.results import Answer

__all__ = ["SERVED", "Health", "Meaning", "Next", "Verdict", "judge"]


class Health(Enum):
    """What an attempt says about its endpoint's health."""

    SUCCESS = "success"
    FAILURE = "failure"
    NOTHING = "nothing"


class Next(Enum):
    """What the call does after an attempt."""

    RETURN = "return"
    ELSEWHERE = "elsewhere"
    RENEW = "renew"
    RECONNECT = "reconnect"
    END = "end"


class Meaning(Enum):
    """The verdicts: the word, what it says of health, what comes next, whether to try again."""

    SERVED = ("served", Health.SUCCESS, Next.RETURN, False)
    NOT_READY = ("not ready", Health.SUCCESS, Next.ELSEWHERE, False)
    THROTTLED = ("throttled", Health.SUCCESS, Next.ELSEWHERE, True)
    FAILED = ("failed", Health.FAILURE, Next.ELSEWHERE, True)
    UNREACHABLE = ("unreachable", Health.FAILURE, Next.ELSEWHERE, True)
    BROKEN = ("broken", Health.FAILURE, Next.ELSEWHERE, True)
    STALE = ("stale connection", Health.NOTHING, Next.RECONNECT, True)
    TIMED_OUT = ("timed out", Health.FAILURE, Next.ELSEWHERE, True)
    UNEXPECTED = ("unexpected", Health.FAILURE, Next.ELSEWHERE, True)
    LOCAL = ("local", Health.NOTHING, Next.ELSEWHERE, False)
    UNAUTHORIZED = ("unauthorized", Health.SUCCESS, Next.RENEW, False)
    DENIED = ("denied", Health.SUCCESS, Next.ELSEWHERE, False)
    REFUSED = ("refused", Health.SUCCESS, Next.END, False)

    def __init__(self, word: str, health: Health, then: Next, worth_retrying: bool) -> None:  # noqa: FBT001  (a row of the table)
        self.word = word
        self.health = health
        self.then = then
        self.worth_retrying = worth_retrying


found_quickly(Health)
found_quickly(Next)
found_quickly(Meaning)

#: What nearly every attempt comes to.
SERVED: Final = Meaning.SERVED


@value
class Verdict:
    """What one attempt came to.

    Attributes:
        meaning: The row of the table.
        reason: In words, for messages and logs.
        status: The HTTP status, or None without a complete answer.
        answer: The answer, when served.
        retry_after: Seconds that the service asked to wait, or None.
        cause: An exception worth showing to the author of the transport.
    """

    meaning: Meaning
    reason: str
    status: int | None = None
    answer: Answer | None = None
    retry_after: float | None = None
    cause: BaseException | None = None


_TROUBLES: Final = {
    Trouble.UNREACHABLE: Meaning.UNREACHABLE,
    Trouble.STALE_CONNECTION: Meaning.STALE,
    Trouble.BROKEN: Meaning.BROKEN,
    Trouble.TIMED_OUT: Meaning.TIMED_OUT,
    Trouble.TOO_LARGE: Meaning.UNEXPECTED,
    Trouble.LOCAL: Meaning.LOCAL,
}
_STATUSES: Final = {
    401: Meaning.UNAUTHORIZED,
    403: Meaning.DENIED,
    408: Meaning.FAILED,
    410: Meaning.FAILED,
    429: Meaning.THROTTLED,
}


def judge(
    query: Query, outcome: Response | Failure, *, hide: Callable[[], Sequence[str]] = tuple
) -> Verdict:
    """Say what an outcome means for a call.

    Args:
        query: What was asked.
        outcome: What came of it.
        hide: Tells what no reason may quote, though the service or a proxy echoes it: the
            token, and who the query is about. Asked only where something is quoted.
    """
    if isinstance(outcome, Failure):
        return Verdict(_TROUBLES[outcome.trouble], outcome.reason, cause=outcome.cause)
    try:
        answer = read_answer(query, outcome.body)
    except Malformed as finding:
        return _without_envelope(_hidden(outcome, hide), finding.why)
    if isinstance(answer, RecommendationList) and answer.status == "WaitingForData":
        # The status that carries it is not recorded anywhere (contract 4.1).
        return Verdict(Meaning.NOT_READY, _not_ready(answer, hide), outcome.status)
    if outcome.status == 200:
        return Verdict(SERVED, "served", 200, answer)
    return _without_envelope(_hidden(outcome, hide), None)


def _hidden(response: Response, hide: Callable[[], Sequence[str]]) -> Response:
    """The same answer without what may not be quoted; before it is cut, for a piece tells too."""
    # Nothing is quoted of a long body but its beginning.
    body = response.body[: SMALL_BODY + 1]
    for text in hide():
        body = body.replace(text.encode("utf-8", "replace"), b"...")
    return replace(response, body=body)


def _not_ready(answer: RecommendationList, hide: Callable[[], Sequence[str]]) -> str:
    words, details = "waiting for its first cooking", answer.details or ""
    for text in hide():
        details = details.replace(text, "...")
    return f"{words}: {excerpt(details.encode(), length=120)}" if details else words


def _without_envelope(response: Response, finding: str | None) -> Verdict:
    status = response.status
    words = error_message(response.body)
    reason = f"{status} {words or excerpt(response.body)}"
    if status in _STATUSES:
        meaning = _STATUSES[status]
    elif status >= 500 or (status == 404 and response.body.lstrip()[:1] == b"<"):
        # A page is a front end's word: it knows of no service there.
        meaning = Meaning.FAILED
    elif status >= 400:
        meaning = Meaning.REFUSED
    else:
        told = f"{finding}: {excerpt(response.body)}" if finding else f"a list with status {status}"
        meaning, reason = Meaning.UNEXPECTED, f"{status}, {told}"
    advice = retry_after(response) if meaning in {Meaning.THROTTLED, Meaning.FAILED} else None
    return Verdict(meaning, reason, status, retry_after=advice)
