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
    from tests.scenarios.scenario import Expected, Scenario

SCENARIOS = scenarios()


class Run:
    """A scenario under way."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.numbers: Counter[str] = Counter()
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
            self.state.is_closed = expected.closed
            began_at, first = self.time.now, len(self.time.sent)
            answer = self._outcome(expected)
            sent = self.time.sent[first:]
            if not isinstance(answer, errors.IRError):
                shared_out[answer.served.endpoint] += 1
            self._check_answer(expected, answer)
            self._check_sends(expected, sent)
            if expected.elapsed is not None:
                assert self.time.now - began_at == pytest.approx(expected.elapsed, abs=1e-9)
        if expected.split is not None:
            assert shared_out == expected.split
        for each in self.state.endpoints:
            if each.label in expected.states:
                status = self.state.health[each].status(self.time.now)
                assert (each.label, status.state) == (each.label, expected.states[each.label])

    def _outcome(self, expected: Expected):
        begin = partial(call, expected.query, self.state, self.scenario.settings)
        try:
            return self.time.run(begin)
        except errors.IRError as error:
            return error

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
        account = answer.served.account
        if isinstance(answer, RecommendationList):
            assert answer.ids == (expected.ids or [f"{account}1", f"{account}2"])
        if expected.attempts is not None:
            assert answer.served.attempts == expected.attempts

    def _check_sends(self, expected: Expected, sent) -> None:
        for wanted, is_background in ((expected.sends, False), (expected.probes, True)):
            if wanted is not None:
                got = [s.endpoint.account for s, _, hidden in sent if hidden is is_background]
                assert got == wanted


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_core_keeps_the_rule(scenario: Scenario) -> None:
    run = Run(scenario)
    for expected in scenario.calls:
        run.check(expected)


def test_there_are_scenarios_enough_to_mean_something() -> None:
    assert len(SCENARIOS) >= 25
    assert len({scenario.rule for scenario in SCENARIOS}) == len(SCENARIOS)


def test_every_final_error_has_a_scenario() -> None:
    shown = {each.error for scenario in SCENARIOS for each in scenario.calls}
    # A configuration is refused before there is a call.
    assert set(errors.__all__) - {"Attempt", "IRError", "ConfigurationError"} <= shown
