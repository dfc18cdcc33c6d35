"""The demo's traffic and its tally."""

import time

import httpx
import pytest

from irclient import Caching, IRClient, Settings, StaticToken
from irclient.cli.demo.traffic import Count, Tally, Traffic
from irclient.errors import Throttled
from irclient.queries import New, Popular
from tests.cli.conftest import LIST, TOKEN
from tests.cli.demo.fake_emulator import HOME


def test_the_tally_knows_who_answered_in_all_and_lately():
    tally = Tally()
    tally.answered("a", elapsed=0.1, at=10.0)
    tally.answered("a", elapsed=0.2, at=11.5)
    tally.answered("b", elapsed=0.3, at=11.6)
    tally.failed(Throttled("at its TPS", retry_after=1.0))

    assert tally.count(now=12.0) == Count(
        answered=3, failed=1, by_account={"a": 2, "b": 1}, recent={"a": 1, "b": 1}
    )
    assert tally.latencies == [0.1, 0.2, 0.3]
    assert tally.errors == ["Throttled: at its TPS"]


def client(answer):
    return IRClient(
        HOME,
        credential=StaticToken(TOKEN),
        settings=Settings(caching=Caching(enabled=False)),
        transport=httpx.MockTransport(answer),
    )


def until(condition):
    ends_at = time.monotonic() + 5.0
    while not condition() and time.monotonic() < ends_at:
        time.sleep(0.005)
    assert condition()


def test_all_queries_are_asked_in_turn_until_the_block_ends():
    asked = []

    def answer(request):
        asked.append(request.url.path.rpartition("/")[2].lower())
        return httpx.Response(200, json=LIST)

    with client(answer) as ir:
        traffic = Traffic(ir, queries=[Popular(), New()], threads=2, rate=500.0)
        with traffic:
            until(lambda: traffic.count().answered >= 10)
        ended_with = traffic.count().answered
        time.sleep(0.02)

    assert set(asked) == {"popular", "new"}
    assert traffic.count().answered == ended_with
    assert traffic.count().failed == 0


def test_a_mistake_in_a_caller_is_not_lost(monkeypatch):
    with client(lambda _: httpx.Response(200, json=LIST)) as ir:
        monkeypatch.setattr(ir, "fetch", lambda _: 1 / 0)
        with (
            pytest.raises(ZeroDivisionError),
            Traffic(ir, queries=[Popular()], threads=1, rate=100.0),
        ):
            time.sleep(0.05)
