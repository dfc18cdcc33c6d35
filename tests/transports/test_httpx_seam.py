"""A user's own httpx transport: what its time-outs say, and of whom."""

from __future__ import annotations

import time
from contextlib import suppress

import httpx
import pytest

from irclient._core.protocol import Failure, Send, Trouble
from irclient._values.secret import Secret
from irclient._wire.requests import Request
from irclient._wire.responses import Response
from irclient.topology import ServiceEndpoint
from irclient.transports.exchange import exchange

ENDPOINT = ServiceEndpoint("a", "web", tps=1, url="http://127.0.0.1:9")
SEND = Send(ENDPOINT, Request("GET", "/"), Secret("token"), 0.2, 0.2)


class Busy(httpx.HTTPTransport):
    """A transport whose connections are in use for a while."""

    def __init__(self, *, for_: float, events: tuple[str, ...]) -> None:
        super().__init__()
        self._for = for_
        self._events = events

    def handle_request(self, request):
        time.sleep(self._for)
        for event in self._events:
            request.extensions["trace"](event, {})
        raise httpx.ReadTimeout("too late", request=request)


SENT = ("http11.send_request_headers.started",)
CONNECTING = ("connection.connect_tcp.started",)


@pytest.mark.parametrize(
    ("waited", "events", "trouble"),
    [
        (0.0, SENT, Trouble.TIMED_OUT),
        (0.0, CONNECTING, Trouble.TIMED_OUT),
        (0.15, SENT, Trouble.LOCAL),
        (0.15, (*CONNECTING, *SENT), Trouble.LOCAL),
        (0.0, (), Trouble.LOCAL),
    ],
)
def test_waiting_for_a_connection_of_the_transport_is_not_the_services_fault(
    waited, events, trouble
) -> None:
    with Busy(for_=waited, events=events) as transport:
        outcome = exchange(transport, SEND)
    assert isinstance(outcome, Failure)
    assert outcome.trouble is trouble


def test_a_transport_that_tells_no_steps_is_believed() -> None:
    def hang(request):
        raise httpx.ReadTimeout("too late", request=request)

    outcome = exchange(httpx.MockTransport(hang), SEND)
    assert isinstance(outcome, Failure)
    assert outcome.trouble is Trouble.TIMED_OUT


def test_a_transport_that_tells_its_steps_says_when_the_request_was_written() -> None:
    class Answers(Busy):
        def handle_request(self, request):
            with suppress(httpx.ReadTimeout):
                super().handle_request(request)
            return httpx.Response(200, content=b"{}")

    began_at = time.monotonic()
    with Answers(for_=0.05, events=(*CONNECTING, *SENT)) as transport:
        outcome = exchange(transport, SEND)
    assert isinstance(outcome, Response)
    assert began_at + 0.05 <= outcome.sent_at <= time.monotonic()
    told_nothing = exchange(httpx.MockTransport(lambda _: httpx.Response(200)), SEND)
    assert isinstance(told_nothing, Response)
    assert told_nothing.sent_at == 0.0
