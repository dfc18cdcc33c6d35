"""A script: what a service does with one request after the other."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

import httpx

from irclient.contract.error_words import ERROR_WORDS
from irclient.testing.bodies import DEFAULT_IDS, error_body, list_body, title_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from irclient.testing.sent import SentRequest

__all__ = ["Outcome", "Script", "answer_well"]

#: What the service answers without a `count` (contract section 5, observed).
_DEFAULT_COUNT: Final = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome of one request.

    Attributes:
        after: Seconds until anything happens; infinite for a request that is never answered.
        error: What the transport raises instead of answering.
        status: The HTTP status.
        headers: The headers.
        body: The body.
        drip_every: Seconds between two bytes of the body; 0 sends it at once.
    """

    after: float = 0.0
    error: httpx.TransportError | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    drip_every: float = 0.0


@dataclass(slots=True)
class _Step:
    plan: Callable[[SentRequest], Outcome]
    left: float


class Script:
    """What happens to requests, step by step; each method adds a step and returns the script.

    A step happens once, or as often as its `times` says. The last step is repeated for ever,
    unless it has `times`: after those the service answers well again.
    """

    def __init__(self) -> None:
        self._steps: list[_Step] = []

    def answer(
        self,
        ids: Sequence[str] = DEFAULT_IDS,
        *,
        title: str | None = None,
        total_items: int | None = None,
        interactions_version: str | None = "20260104115104",
        after: float = 0.0,
        times: int | None = None,
    ) -> Self:
        """Answer well: with a page of these items, as the request's `count` and `skip` ask.

        Args:
            ids: The whole list, best first.
            title: The list's title; the operation's own when left out.
            total_items: The size of the whole list; the number of `ids` when left out.
            interactions_version: The cooked data set; None leaves the field out.
            after: Seconds that the answer takes.
            times: How often; None for once, or for ever as the last step.
        """
        whole = tuple(ids)

        def plan(sent: SentRequest) -> Outcome:
            return _answered(
                sent,
                whole,
                title=title,
                total_items=total_items,
                interactions_version=interactions_version,
                after=after,
            )

        return self._then(plan, times)

    def respond(
        self,
        status: int = 200,
        *,
        json: object = None,
        text: str = "",
        headers: Mapping[str, str] | None = None,
        after: float = 0.0,
        times: int | None = None,
    ) -> Self:
        """Respond with exactly this.

        Args:
            status: The HTTP status.
            json: The body, as what JSON can say.
            text: The body, where it is not JSON.
            headers: The headers.
            after: Seconds that the answer takes.
            times: How often; None for once, or for ever as the last step.
        """
        body = text.encode() if json is None else _dumped(json)
        given = {"content-type": "text/html" if json is None else "application/json"}
        given.update(headers or {})
        outcome = Outcome(status=status, body=body, headers=given, after=after)
        return self._then(lambda _: outcome, times)

    def fail(
        self, status: int = 503, *, retry_after: float | None = None, times: int | None = None
    ) -> Self:
        """Answer with an error as the service words it.

        Args:
            status: The HTTP status.
            retry_after: The header's seconds; left out when None.
            times: How often; None for once, or for ever as the last step.
        """
        code, message = ERROR_WORDS.get(status, (f"Error{status}", f"Error {status}"))
        headers = {} if retry_after is None else {"retry-after": f"{retry_after:g}"}
        # 401 comes with an empty body (contract section 3).
        body = None if status == 401 else error_body(code, message)
        return self.respond(status, json=body, headers=headers, times=times)

    def throttle(self, *, retry_after: float | None = None, times: int | None = None) -> Self:
        """Answer 429, as an endpoint above its TPS does.

        Args:
            retry_after: The header's seconds; left out when None.
            times: How often; None for once, or for ever as the last step.
        """
        return self.fail(429, retry_after=retry_after, times=times)

    def not_cooked(self, *, times: int | None = None) -> Self:
        """Answer ``WaitingForData``: the first cooking has not finished.

        Args:
            times: How often; None for once, or for ever as the last step.
        """
        body = list_body(
            (),
            interactions_version=None,
            status="WaitingForData",
            details="The requested data is currently unavailable and may become available.",
        )
        return self.respond(json=body, times=times)

    def hang(self, *, times: int | None = None) -> Self:
        """Never answer: the attempt waits until its time is over.

        Args:
            times: How often; None for once, or for ever as the last step.
        """
        return self._then(lambda _: Outcome(after=math.inf), times)

    def time_out(self, *, times: int | None = None) -> Self:
        """Time out at once: what `hang` comes to, without the wait.

        Args:
            times: How often; None for once, or for ever as the last step.
        """
        return self._raise(lambda: httpx.ReadTimeout("scripted: timed out"), times)

    def refuse(self, *, times: int | None = None) -> Self:
        """Refuse the connection.

        Args:
            times: How often; None for once, or for ever as the last step.
        """
        return self._raise(lambda: httpx.ConnectError("scripted: connection refused"), times)

    def reset(self, *, times: int | None = None) -> Self:
        """Reset the connection after the request was sent.

        Args:
            times: How often; None for once, or for ever as the last step.
        """
        return self._raise(lambda: httpx.ReadError("scripted: connection reset"), times)

    def drip(
        self,
        ids: Sequence[str] = DEFAULT_IDS,
        *,
        every: float = 0.05,
        times: int | None = None,
    ) -> Self:
        """Answer well, but one byte at a time.

        Args:
            ids: The whole list, best first.
            every: Seconds between two bytes.
            times: How often; None for once, or for ever as the last step.
        """
        whole = tuple(ids)
        return self._then(lambda sent: _answered(sent, whole, drip_every=every), times)

    def next_outcome(self, sent: SentRequest) -> Outcome | None:
        """Return what becomes of a request; None when the script is over."""
        while self._steps:
            step = self._steps[0]
            if step.left > 0:
                step.left -= 1
                return step.plan(sent)
            self._steps.pop(0)
        return None

    def _raise(self, error: Callable[[], httpx.TransportError], times: int | None) -> Self:
        # A new one each time: raising an exception adds to its traceback.
        return self._then(lambda _: Outcome(error=error()), times)

    def _then(self, plan: Callable[[SentRequest], Outcome], times: int | None) -> Self:
        if times is not None and times < 1:
            raise ValueError(f"times must be at least 1, got {times!r}")
        if self._steps and math.isinf(self._steps[-1].left):
            self._steps[-1].left = 1
        self._steps.append(_Step(plan, math.inf if times is None else times))
        return self


def answer_well(sent: SentRequest) -> Outcome:
    """What a service without a script does."""
    return _answered(sent, DEFAULT_IDS)


def _answered(
    sent: SentRequest,
    whole: tuple[str, ...],
    *,
    title: str | None = None,
    total_items: int | None = None,
    interactions_version: str | None = "20260104115104",
    after: float = 0.0,
    drip_every: float = 0.0,
) -> Outcome:
    body: dict[str, Any]
    if sent.operation == "trigger":
        # Only the status is dependable (contract section 13).
        body = {"status": "Success"}
    elif sent.operation == "selectors":
        body = {"value": [{"keyName": "color", "values": [{"valueString": "red"}]}]}
    else:
        if sent.operation == "personalize" and whole == DEFAULT_IDS:
            whole = sent.item_ids
        skip, count = max(sent.skip or 0, 0), sent.count
        page = whole[skip : skip + (_DEFAULT_COUNT if count is None else max(count, 0))]
        body = list_body(
            page,
            title=title or title_of(sent.operation),
            total_items=len(whole) if total_items is None else total_items,
            interactions_version=interactions_version,
        )
    return Outcome(
        after=after,
        headers={"content-type": "application/json"},
        body=_dumped(body),
        drip_every=drip_every,
    )


def _dumped(body: object) -> bytes:
    return json.dumps(body).encode()
