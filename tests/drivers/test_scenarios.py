"""Every scenario that does not wait for seconds, run by each driver through a real transport.

The words of a message are checked on the core alone: here a transport adds its own.
"""

from __future__ import annotations

import time
from collections import Counter
from functools import partial

import anyio
import httpx
import pytest

from irclient import errors
from irclient._core.call import call
from irclient._core.protocol import Failure, Trouble
from irclient._core.state import ClientState
from irclient._drivers.blocking import BlockingDriver
from irclient._drivers.tasks import TaskDriver
from irclient.observe import AttemptEnded
from irclient.results import RecommendationList
from irclient.stores import MemoryStore
from irclient.transports.failures import BodyTooLarge
from tests.core.virtual_time import FetchedToken, OneToken
from tests.scenarios.scenario import scenarios

SCENARIOS = [scenario for scenario in scenarios() if scenario.is_for_drivers]
#: Real clocks and two busy cores: a call may take so much longer than in virtual time.
LATE = 0.35

RAISED = {
    Trouble.UNREACHABLE: httpx.ConnectError,
    Trouble.BROKEN: httpx.ReadError,
    Trouble.TIMED_OUT: httpx.ReadTimeout,
    Trouble.TOO_LARGE: BodyTooLarge,
    Trouble.LOCAL: httpx.PoolTimeout,
}


class Script:
    """Plays a scenario's accounts."""

    def __init__(self, scenario) -> None:
        self._scenario = scenario
        self._numbers: Counter[str] = Counter()
        self.asked: list[str] = []

    def next_step(self, request: httpx.Request):
        account = request.url.host.partition("-")[0]
        self.asked.append(account)
        step = self._scenario.step(account, self._numbers[account])
        self._numbers[account] += 1
        return step

    @staticmethod
    def play(step) -> httpx.Response:
        if isinstance(step.outcome, Failure):
            raise RAISED[step.outcome.trouble](step.outcome.reason)
        outcome = step.outcome
        return httpx.Response(outcome.status, headers=outcome.headers, content=outcome.body)


class BlockingScript(Script, httpx.BaseTransport):
    def handle_request(self, request):
        step = self.next_step(request)
        within = request.extensions["timeout"]["read"]
        time.sleep(min(step.takes, within))
        if step.takes > within:
            raise httpx.ReadTimeout("hung")
        return self.play(step)


class TaskScript(Script, httpx.AsyncBaseTransport):
    async def handle_async_request(self, request):
        step = self.next_step(request)
        await anyio.sleep(step.takes)
        return self.play(step)


class Run:
    """A scenario under way: its state, and what was asked by whom."""

    def __init__(self, scenario) -> None:
        self.scenario = scenario
        tokens = scenario.tokens
        source = (
            SlowToken(tokens)
            if tokens.takes or tokens.error
            else OneToken(renewals=tokens.renewals)
        )
        self.state = ClientState.of(
            scenario.topology,
            tokens=source,
            uniform=lambda: 0.5,
            settings=scenario.settings,
            store=MemoryStore(max_entries=100),
            has_observers=True,
        )
        self.told: list[object] = []

    def begin(self, expected):
        self.state.is_closed = expected.closed
        if expected.weights:
            assert self.state.split is not None
            self.state.split.shift(expected.weights)
        fallback = self.scenario.fallback
        return partial(call, expected.query, self.state, expected.settings, fallback=fallback)

    def check(self, expected, outcome, elapsed) -> None:
        if expected.error is not None:
            assert type(outcome).__name__ == expected.error, repr(outcome)
            if expected.attempts is not None:
                assert len(outcome.attempts) == expected.attempts
        elif isinstance(outcome, errors.IRError):
            raise outcome
        elif expected.served is not None:
            assert outcome.served.endpoint == expected.served
            if isinstance(outcome, RecommendationList) and expected.ids is None:
                account = outcome.served.account
                assert outcome.ids == [f"{account}1", f"{account}2"]
        for name in ("source", "degraded", "variant"):
            wanted = getattr(expected, name)
            assert wanted is None or getattr(outcome.served, name) == wanted, (name, outcome)
        if expected.elapsed is not None:
            assert elapsed <= expected.elapsed + LATE
        for each in self.state.endpoints:
            if each.label in expected.states:
                state = self.state.routes.health[each.url].status(time.monotonic()).state
                assert (each.label, state) == (each.label, expected.states[each.label])


class SlowToken(FetchedToken):
    """Fetches for as long as the scenario says, on the thread that a driver gives it."""

    def __init__(self, tokens) -> None:
        super().__init__(error=tokens.error, renewals=tokens.renewals)
        self._takes = tokens.takes

    def fetch(self):
        time.sleep(self._takes)
        super().fetch()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_blocking_driver_keeps_the_rule(scenario) -> None:
    run = Run(scenario)
    driver = BlockingDriver(BlockingScript(scenario), [run.told.append])
    for expected in scenario.calls:
        for _ in range(expected.times):
            time.sleep(expected.after)
            began_at, begin = time.monotonic(), run.begin(expected)
            calls, many = enumerate([begin] * expected.at_once), expected.at_once
            for _, outcome in list(driver.run_each(calls, concurrency=many, within=LATE)):
                run.check(expected, outcome, time.monotonic() - began_at)
            for each in list(driver._background):
                assert each.ended.wait(10)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_task_driver_keeps_the_rule(scenario, backend) -> None:
    async def play() -> None:
        run = Run(scenario)
        driver = TaskDriver(TaskScript(scenario), [run.told.append])
        for expected in scenario.calls:
            for _ in range(expected.times):
                await anyio.sleep(expected.after)
                began_at, begin = time.monotonic(), run.begin(expected)
                calls, many = enumerate([begin] * expected.at_once), expected.at_once
                outcomes = [each async for each in driver.run_each(calls, concurrency=many)]
                for _, outcome in outcomes:
                    run.check(expected, outcome, time.monotonic() - began_at)
        await driver.aclose()

    anyio.run(play, backend=backend)


def test_attempts_are_told_as_they_end() -> None:
    (scenario,) = [each for each in SCENARIOS if each.name == "primary_answers_500"]
    run = Run(scenario)
    driver = BlockingDriver(BlockingScript(scenario), [run.told.append])
    driver.run(run.begin(scenario.calls[0]))
    told = [each for each in run.told if isinstance(each, AttemptEnded)]
    assert [each.attempt.endpoint for each in told] == ["a/web", "b/web"]
