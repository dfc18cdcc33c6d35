"""What holds whatever happens: many calls at once, over endpoints in any state, in virtual time."""

from __future__ import annotations

import math
from collections import defaultdict
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from irclient import queries
from irclient._core.call import call
from irclient._core.protocol import Failure, Trouble
from irclient._core.state import ClientState
from irclient._wire.responses import Response
from irclient.errors import IRError
from irclient.settings import Fallback, Settings
from irclient.stores import MemoryStore
from irclient.topology import Pair, ServiceEndpoint
from tests.core.virtual_time import FetchedToken, VirtualTime
from tests.scenarios.scenario import list_of

WEATHERS: dict[str, tuple[Any, float]] = {
    "well": (None, 0.01),
    "slow": (None, 0.6),
    "hanging": (None, 9.0),
    "down": (Failure(Trouble.UNREACHABLE, "refused"), 0.001),
    "500": (Response(500, {}, b"", 0.0), 0.02),
    "429": (Response(429, {}, b"", 0.0), 0.01),
    "429 for a while": (Response(429, {"retry-after": "2"}, b"", 0.0), 0.01),
    "not cooked": (Response(200, {}, b'{"items":[],"status":"WaitingForData"}', 0.0), 0.01),
    "401": (Response(401, {}, b"", 0.0), 0.01),
    "our own": (Failure(Trouble.LOCAL, "pool"), 0.0),
}
USERS = ["ann", "bob"]
QUERIES = [
    queries.Popular(),
    queries.Similar("7"),
    *(queries.Picks(user) for user in USERS),
    *(queries.Similar("7", user_id=user) for user in USERS),
    *(queries.Similar("7", user_id=user, session_id="s") for user in USERS),
    *(queries.Personalize(user, ("1", "2")) for user in USERS),
]
CAPACITY = 60


def answer_of(send) -> Response:
    """A list that tells for whom it was ranked."""
    asked = parse_qs(urlsplit(send.request.target).query)
    return Response(200, {}, list_of(f"for {asked.get('userId', ['everybody'])[0]}"), 0.0)


class Client(RuleBasedStateMachine):
    """A client's life; its endpoints have the weather that the rules give them."""

    @initialize(
        tps=st.lists(st.sampled_from([0.5, 1, 2.5, 5, 20]), min_size=2, max_size=4),
        caching=st.sampled_from([{"enabled": False}, {"fresh_for": 0.5}, {}]),
        max_wait=st.sampled_from([0.0, 0.5, 3.0]),
        has_fallback=st.booleans(),
        hedges=st.booleans(),
        mode=st.sampled_from(["active-passive", "active-active"]),
    )
    def begin(self, *, tps, caching, max_wait, has_fallback, hedges, mode) -> None:
        self.endpoints = [
            ServiceEndpoint(name, "web", tps=each) for name, each in zip("abcd", tps, strict=False)
        ]
        self.settings = Settings(
            timeouts={"deadline": 2.0, "attempt": 0.7},
            caching=caching,
            throttling={"max_wait": max_wait},
            hedging={"enabled": hedges, "after": 0.1, "budget": 0.5},
            failover={"consecutive_failures": 2, "eject_for": 1, "max_eject_for": 4, "ramp_for": 2},
        )
        first, second, *others = self.endpoints
        self.state = ClientState.of(
            [Pair(first, second, mode=mode), *others],
            settings=self.settings,
            tokens=FetchedToken(renewals=3),
            store=MemoryStore(max_entries=6),
            uniform=lambda: 0.5,
            has_observers=True,
        )
        self.fallback = Fallback(items=("fixed",)) if has_fallback else None
        self.weather = dict.fromkeys("abcd", "well")
        self.time = VirtualTime(self._answer, work_takes=0.3)
        self.sent: dict[str, list[float]] = defaultdict(list)
        self.under_way: list[tuple[Any, Any, float]] = []
        self.ended = self.cancelled = 0

    def _answer(self, send):
        self.sent[send.endpoint.account].append(self.time.now)
        outcome, takes = WEATHERS[self.weather[send.endpoint.account]]
        return (answer_of(send) if outcome is None else outcome), takes

    def _call(self, query):
        given = partial(call, query, self.state, self.settings, fallback=self.fallback)
        task = self.time.begin(given)
        self.under_way.append((task, query, self.time.now))
        return task

    @rule(query=st.sampled_from(QUERIES), times=st.integers(1, 6))
    def equal_calls(self, query, times) -> None:
        for _ in range(times):
            self._call(query)

    @rule(times=st.integers(1, 30), seconds=st.sampled_from([0.0, 0.02, 0.2]))
    def traffic(self, times, seconds) -> None:
        # Of sessions: nothing but the allowance stands between these and the endpoints.
        for number in range(times):
            self._call(queries.Similar("7", session_id=f"s{number}"))
            self.time.sleep(seconds)
            self.each_call_ends_in_time_and_in_a_list_of_its_own_or_one_error()

    @rule(number=st.integers(0, 50))
    def cancel(self, number) -> None:
        running = [each for each in self.under_way if not each[0].is_over]
        if running:
            each = running[number % len(running)]
            self.under_way.remove(each)
            self.time.cancel(each[0])
            self.cancelled += 1

    @rule(can=st.booleans())
    def threads_can_be_started(self, can) -> None:
        self.time.starts_threads = can

    @rule(seconds=st.sampled_from([0.001, 0.05, 0.3, 1.1, 5.0]))
    def time_passes(self, seconds) -> None:
        self.time.sleep(seconds)

    @rule(account=st.sampled_from("abcd"), weather=st.sampled_from(sorted(WEATHERS)))
    def weather_changes(self, account, weather) -> None:
        self.weather[account] = weather

    @rule()
    def token_is_rejected(self) -> None:
        self.state.tokens.reject("token-1", self.time.now)

    @invariant()
    def each_call_ends_in_time_and_in_a_list_of_its_own_or_one_error(self) -> None:
        for each in list(self.under_way):
            task, query, began_at = each
            if not task.is_over:
                assert self.time.now <= began_at + 2.0 + 1e-6
                continue
            self.under_way.remove(each)
            self.ended += 1
            if task.error is not None:
                assert isinstance(task.error, IRError)
            else:
                self._check_answer(query, task.result)

    def _check_answer(self, query, answer) -> None:
        user = getattr(query, "user_id", None) or "everybody"
        if isinstance(query, queries.Personalize) and answer.served.source == "fallback":
            assert answer.ids == ["1", "2"]
        elif answer.served.source == "fallback":
            assert answer.ids in (["for everybody"], ["fixed"])
        else:
            assert answer.ids == [f"for {user}"]
        if query.has_side_effect:
            assert answer.served.source in {"service", "fallback"}

    @invariant()
    def no_second_holds_more_than_the_tps(self) -> None:
        for endpoint in self.endpoints:
            limit, seconds = max(math.floor(endpoint.tps), 1), max(1.0, 1.0 / endpoint.tps)
            starts = self.sent[endpoint.account][-200:]
            for first, last in zip(starts, starts[limit:], strict=False):
                assert last - first >= seconds - 1e-9, (endpoint, first, last)

    def teardown(self) -> None:
        if not hasattr(self, "time"):
            return
        self.time.starts_threads = True
        self.time.sleep(10.0)
        self.each_call_ends_in_time_and_in_a_list_of_its_own_or_one_error()
        assert self.under_way == []
        assert len(self.state.flights) == 0
        stats = self.state.count_up(self.time.now)
        assert (stats.calls, stats.cancelled) == (self.ended, self.cancelled)
        for endpoint in self.endpoints:
            allowance = self.state.routes.allowances[endpoint.url]
            # Whatever is left in its books was sent: no reservation outlived its call. A request
            # that lost a race counts from its end.
            sent, longest = self.sent[endpoint.account], self.settings.timeouts.attempt
            for start in allowance._starts:
                assert any(start <= at + longest + 1e-9 and at <= start + 0.0151 for at in sent)
        self._every_endpoint_can_be_reached_again()

    def _every_endpoint_can_be_reached_again(self) -> None:
        for only in self.endpoints:
            for endpoint in self.endpoints:
                self.weather[endpoint.account] = "well" if endpoint == only else "down"
            served = set()
            for _ in range(200):
                task = self._call(queries.Similar("7", session_id="s"))
                self.time.sleep(1.0)
                self.time.finish(task)
                if task.error is None:
                    served.add(task.result.served.account)
                if only.account in served:
                    break
            assert only.account in served, f"{only.label} is never asked again"


@pytest.mark.parametrize("times", [4, 5])
@pytest.mark.parametrize("hedges", [False, True])
def test_one_that_waits_for_its_cooking_is_asked_though_others_are_always_due(times, hedges):
    client = Client()
    client.begin(
        tps=[0.5] * 4, caching={"enabled": False}, max_wait=0.0, has_fallback=False, hedges=hedges,
        mode="active-passive",
    )  # fmt: skip
    client.weather_changes(account="d", weather="not cooked")
    client.equal_calls(query=queries.Popular(), times=times)
    client.teardown()


TestClient = Client.TestCase
TestClient.settings = settings(max_examples=40, stateful_step_count=40)
