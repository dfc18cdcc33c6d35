"""Every scenario, run on the core alone: in virtual time, with chance standing still."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

import pytest

from irclient import errors
from irclient._core.call import call
from irclient._core.state import ClientState
from irclient.results import RecommendationList
from irclient.stores import MemoryStore
from tests.core.virtual_time import FetchedToken, OneToken, VirtualTime
from tests.scenarios.scenario import scenarios

if TYPE_CHECKING:
    from tests.core.virtual_time import Task
    from tests.scenarios.scenario import Expected, Scenario

SCENARIOS = scenarios()
PROBE = "/reco/v1.0/popular?count=1"


class Run:
    """A scenario under way."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.numbers: Counter[str] = Counter()
        self.meanwhile: list[tuple[Expected, Task]] = []
        self.time = VirtualTime(self._answer, work_takes=scenario.tokens.takes)
        self.state = ClientState.of(
            scenario.topology,
            tokens=self._tokens(),
            uniform=lambda: 0.5,
            settings=scenario.settings,
            store=MemoryStore(max_entries=100),
            has_observers=True,
        )

    def _tokens(self):
        tokens = self.scenario.tokens
        if tokens.takes or tokens.error:
            return FetchedToken(error=tokens.error, renewals=tokens.renewals)
        return OneToken(renewals=tokens.renewals)

    def _answer(self, send):
        account = send.endpoint.account
        step = self.scenario.step(account, self.numbers[account])
        self.numbers[account] += 1
        return step.outcome, step.takes

    def check(self, expected: Expected) -> None:
        shared_out: Counter[str] = Counter()
        for _ in range(expected.times):
            self.time.sleep(expected.after)
            self._prepare(expected)
            began_at, first = self.time.now, len(self.time.sent)
            tasks = [self._begin(expected) for _ in range(expected.at_once)]
            if expected.meanwhile:
                self.meanwhile += [(expected, task) for task in tasks]
                continue
            self.time.finish(*tasks)
            for task in tasks:
                self._check_end(expected, task, self.time.now - began_at)
                if task.error is None:
                    shared_out[task.result.served.endpoint] += 1
            self._check_sends(expected, self.time.sent[first:])
        if expected.split is not None:
            assert shared_out == expected.split
        for each in self.state.endpoints:
            if each.label in expected.states:
                status = self.state.routes.health[each.url].status(self.time.now)
                assert (each.label, status.state) == (each.label, expected.states[each.label])

    def finish(self) -> None:
        """Check the calls that were under way while others were made."""
        for expected, task in self.meanwhile:
            self.time.finish(task)
            if expected.cancelled_after is None:
                self._check_end(expected, task, None)

    def _prepare(self, expected: Expected) -> None:
        self.state.is_closed = expected.closed
        if expected.weights:
            assert self.state.split is not None
            self.state.split.shift(expected.weights)

    def _begin(self, expected: Expected) -> Task:
        fallback = self.scenario.fallback
        given = partial(call, expected.query, self.state, expected.settings, fallback=fallback)
        task = self.time.begin(given)
        if expected.cancelled_after is not None:
            self.time.later(
                self.time.now + expected.cancelled_after, lambda: self.time.cancel(task)
            )
        return task

    def _check_end(self, expected: Expected, task: Task, elapsed: float | None) -> None:
        self._check_answer(expected, task.error or task.result)
        if expected.elapsed is not None and elapsed is not None:
            assert elapsed == pytest.approx(expected.elapsed, abs=1e-9)

    def _check_answer(self, expected: Expected, answer) -> None:
        if expected.error is not None:
            assert type(answer).__name__ == expected.error, repr(answer)
            for words in expected.says:
                assert words in str(answer)
            if expected.retry_after is not None:
                assert answer.retry_after == pytest.approx(expected.retry_after)
            if expected.attempts is not None:
                assert len(answer.attempts) == expected.attempts
            return
        if isinstance(answer, errors.IRError):
            raise answer
        if expected.served is not None:
            assert answer.served.endpoint == expected.served
        account, served = answer.served.account, answer.served
        if isinstance(answer, RecommendationList):
            assert answer.ids == (expected.ids or [f"{account}1", f"{account}2"])
        for name in ("source", "degraded", "variant", "attempts"):
            wanted = getattr(expected, name)
            assert wanted is None or getattr(served, name) == wanted, (name, served)

    def _check_sends(self, expected: Expected, sent) -> None:
        groups: dict[str, list[str]] = {"sends": [], "probes": [], "refreshes": []}
        for send, _, is_background in sent:
            is_probe = send.request.target == PROBE
            group = "sends" if not is_background else "probes" if is_probe else "refreshes"
            groups[group].append(send.endpoint.account)
        for name, got in groups.items():
            wanted = getattr(expected, name)
            assert wanted is None or got == wanted, name


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_core_keeps_the_rule(scenario: Scenario) -> None:
    run = Run(scenario)
    for expected in scenario.calls:
        run.check(expected)
    run.finish()
    assert len(run.state.flights) == 0


def test_there_are_scenarios_enough_to_mean_something() -> None:
    assert len(SCENARIOS) >= 25
    assert len({scenario.rule for scenario in SCENARIOS}) == len(SCENARIOS)


def test_every_final_error_has_a_scenario() -> None:
    shown = {each.error for scenario in SCENARIOS for each in scenario.calls}
    # A configuration is refused before there is a call.
    assert set(errors.__all__) - {"Attempt", "IRError", "ConfigurationError"} <= shown
