"""Races, through real clients: the first good answer wins, and the loser tells on its endpoint."""

from __future__ import annotations

import threading
import time

import anyio
import httpx
import pytest

from irclient import (
    AsyncIRClient,
    Caching,
    Failover,
    Hedging,
    IRClient,
    Pair,
    ServiceEndpoint,
    Settings,
    StaticToken,
    Timeouts,
    Unavailable,
)
from irclient.observe import Hedged
from irclient.queries import Popular, Similar
from tests.scenarios.scenario import list_of
from tests.weather import weather

POPULAR = Popular()
SETTINGS = Settings(
    caching=Caching(enabled=False),
    hedging=Hedging(enabled=True, after=0.05, budget=1.0),
    timeouts=Timeouts(attempt=1.0, deadline=2.0),
    failover=Failover(consecutive_failures=3, eject_for=60),
)


class Plan:
    """What each account does: how long it takes, and the status."""

    def __init__(self, **accounts) -> None:
        self.accounts = accounts
        self.asked: list[str] = []

    def take(self, request):
        account = request.url.host.partition("-")[0]
        self.asked.append(account)
        return (account, *self.accounts[account])

    @staticmethod
    def answer(account, status):
        return httpx.Response(status, content=list_of(f"{account}1") if status == 200 else b"")


class Threads(Plan, httpx.BaseTransport):
    def handle_request(self, request):
        account, takes, status = self.take(request)
        time.sleep(takes)
        return self.answer(account, status)


class Tasks(Plan, httpx.AsyncBaseTransport):
    async def handle_async_request(self, request):
        account, takes, status = self.take(request)
        await anyio.sleep(takes)
        return self.answer(account, status)


def pair():
    return Pair(ServiceEndpoint("a", "web", tps=100), ServiceEndpoint("b", "web", tps=100))


@pytest.fixture(params=["threads", "asyncio", "trio"])
def play(request):
    """Ask in a world; returns the outcomes, who was asked, the hedges, the times, the health."""

    def run(query=POPULAR, times=1, **accounts):
        told: list[object] = []
        outcomes: list[object] = []
        took: list[float] = []

        def note(began_at, outcome):
            took.append(time.monotonic() - began_at)
            outcomes.append(outcome)

        if request.param == "threads":
            plan = Threads(**accounts)
            with IRClient(
                pair(),
                credential=StaticToken("t"),
                settings=SETTINGS,
                transport=plan,
                observers=[told.append],
            ) as ir:
                for _ in range(times):
                    began_at = time.monotonic()
                    try:
                        note(began_at, ir.fetch(query))
                    except Unavailable as error:
                        note(began_at, error)
                health = ir.health()
        else:

            async def ask():
                async with AsyncIRClient(
                    pair(),
                    credential=StaticToken("t"),
                    settings=SETTINGS,
                    transport=plan,
                    observers=[told.append],
                ) as ir:
                    for _ in range(times):
                        began_at = time.monotonic()
                        try:
                            note(began_at, await ir.fetch(query))
                        except Unavailable as error:
                            note(began_at, error)
                    return ir.health()

            plan = Tasks(**accounts)
            health = anyio.run(ask, backend=request.param)
        hedges = [record for record in told if isinstance(record, Hedged)]
        return outcomes, plan.asked, hedges, took, health

    return run


def test_a_quick_answer_is_not_raced(play) -> None:
    (answer,), asked, hedges, _, _ = play(a=(0.0, 200), b=(0.0, 200))
    assert (answer.ids, asked, hedges) == (["a1"], ["a"], [])


@pytest.mark.timing
def test_a_slow_request_is_overtaken_by_the_pair(play) -> None:
    (answer,), asked, (hedge,), (took,), _ = play(a=(0.8, 200), b=(0.0, 200))
    assert answer.ids == ["b1"]
    assert answer.served.attempts == 2
    assert asked == ["a", "b"]
    assert hedge.won
    assert hedge.after >= 0.05
    assert took < 0.5


def test_the_first_may_still_win(play) -> None:
    (answer,), asked, (hedge,), _, _ = play(a=(0.15, 200), b=(0.9, 200))
    assert answer.ids == ["a1"]
    assert asked == ["a", "b"]
    assert not hedge.won


def test_a_first_that_fails_early_fails_over_as_ever(play) -> None:
    (answer,), asked, hedges, _, _ = play(a=(0.0, 500), b=(0.0, 200))
    assert (answer.ids, asked, hedges) == (["b1"], ["a", "b"], [])


def test_a_hedge_that_fails_leaves_the_race_to_the_first(play) -> None:
    (answer,), _, (hedge,), _, _ = play(a=(0.2, 200), b=(0.0, 500))
    assert answer.ids == ["a1"]
    assert not hedge.won


def test_when_both_ends_fail_both_were_tried(play) -> None:
    (error,), asked, _, _, _ = play(a=(0.1, 500), b=(0.0, 500))
    assert {attempt.endpoint for attempt in error.attempts} == {"a/web", "b/web"}
    assert len(asked) == len(error.attempts) == 4


def test_a_live_session_is_never_raced(play) -> None:
    (answer,), asked, hedges, _, _ = play(
        query=Similar("1", session_id="s"), a=(0.2, 200), b=(0.0, 200)
    )
    assert (answer.ids, asked, hedges) == (["a1"], ["a"], [])


def test_lost_races_count_against_an_endpoint_that_is_always_slow(play) -> None:
    answers, asked, _, _, health = play(times=5, a=(0.8, 200), b=(0.0, 200))
    assert all(answer.ids == ["b1"] for answer in answers)
    assert health["a"].state == "failing"
    # From then on nobody waits for it.
    assert asked == ["a", "b"] * 3 + ["b", "b"]


def test_over_real_connections_a_thread_is_started_for_the_hedge_alone() -> None:
    # Losers of other tests may still be reading.
    others, threads = set(threading.enumerate()), set()
    with weather() as quick, weather() as also:
        home = Pair(quick.endpoint("a"), also.endpoint("b"))
        # Later than any answer of a quick service, however busy this machine is.
        patient = SETTINGS.model_copy(
            update={"hedging": Hedging(enabled=True, after=0.9, budget=1.0)}
        )
        with IRClient(home, credential=StaticToken("t"), settings=patient) as ir:
            for _ in range(20):
                ir.popular()
                threads |= {each.name for each in set(threading.enumerate()) - others}
    assert "irclient-race" not in threads
