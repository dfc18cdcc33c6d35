"""What core and drivers say to each other keeps secrets out of traces."""

from __future__ import annotations

from irclient._core.protocol import Send, TokenReading
from irclient._values.secret import Secret
from irclient._wire.requests import Request
from tests.scenarios.scenario import A


def test_a_send_shows_where_and_what_but_not_its_token() -> None:
    send = Send(A, Request("GET", "/reco/v1.0/new"), Secret("a-secret-token"), 1.0, 0.5)
    assert repr(send) == "Send(a/web, /reco/v1.0/new, within=1.000)"


def test_a_token_reading_shows_what_it_holds_but_not_the_token() -> None:
    assert repr(TokenReading(token=Secret("a-secret-token"))) == "TokenReading(token)"
