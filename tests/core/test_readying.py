"""Readiness and warming up in virtual time: what is said, what is asked for, and how soon."""

from __future__ import annotations

from functools import partial

import pytest

from irclient._core.protocol import Failure, Trouble
from irclient._core.readying import needs_watch, readiness, warm_up, watch
from irclient._core.state import ClientState
from irclient._wire.responses import Response
from irclient.auth.exchange import FetchedToken, TokenRefused, TokenUnanswered
from irclient.auth.tokens import TokenRecord
from irclient.errors import AuthenticationError, DeadlineExceeded, Unavailable
from irclient.settings import Settings
from irclient.stores import MemoryStore
from irclient.topology import Pair, TrafficSplit
from tests.core.virtual_time import OneToken, VirtualTime
from tests.scenarios.scenario import A, B, C, list_of

WELL = Response(200, {}, list_of("1"), 0.0)
DOWN = Failure(Trouble.UNREACHABLE, "refused")
DENIED = Response(403, {}, b"{}", 0.0)
#: What an orchestrator does: every ten seconds.
PROBED_EVERY = 10.0
VARIANTS = {"blue": A, "green": B}


class Service:
    """A client's world, in virtual time: two accounts, and who hands out the token."""

    def __init__(self, endpoints=None, *, tokens=None, work_takes: float = 0.0) -> None:
        self.outcomes = {"a/web": WELL, "b/web": WELL, "c/web": WELL}
        self.trouble: Exception | None = None
        self.lives_for = 3600.0
        self.time = VirtualTime(self._answer, work_takes=work_takes)
        record = TokenRecord(self._exchange, clock=lambda: self.time.now, uniform=lambda: 0.5)
        self.settings = Settings()
        self.state = ClientState.of(
            endpoints or Pair(A, B),
            tokens=tokens or record,
            uniform=lambda: 0.5,
            settings=self.settings,
            store=MemoryStore(max_entries=10),
            has_observers=False,
        )

    def _exchange(self, occasion, tell):
        if self.trouble is not None:
            raise self.trouble
        return FetchedToken("a-token", self.lives_for)

    def _answer(self, send):
        return self.outcomes[send.endpoint.label], 0.02

    def everything(self, outcome) -> None:
        self.outcomes = dict.fromkeys(self.outcomes, outcome)

    def ask(self):
        """What `readiness()` of a client does."""
        now = self.time.now
        if needs_watch(self.state, now) and self.state.watch.begin(now):
            self.time.begin(partial(watch, self.state, self.settings), is_background=True)
        return readiness(self.state, now)

    def warm_up(self, within: float = 10.0):
        return self.time.run(partial(warm_up, self.state, self.settings, within=within))

    def becomes(self, ok: bool, *, within: float, every: float = 1.0) -> float:
        """Ask until the answer is this, and return after how many seconds it was."""
        began_at = self.time.now
        while self.ask().ok != ok:
            self.time.sleep(every)
            assert self.time.now - began_at <= within, self.ask()
        return self.time.now - began_at

    @property
    def asked(self) -> list[str]:
        return [send.endpoint.label for send, _, _ in self.time.sent]


def test_a_cold_client_is_not_ready_and_becomes_so_without_a_call() -> None:
    service = Service()
    first = service.ask()
    assert (first.ok, bool(first), first.token, first.token_expires_in) == (
        False,
        False,
        "missing",
        None,
    )
    service.time.sleep(0.1)
    now = service.ask()
    assert (now.ok, now.token) == (True, "valid")
    assert 3500 < now.token_expires_in <= 3600


def test_warming_up_fetches_the_token_and_asks_the_preferred_account_once() -> None:
    service = Service()
    service.warm_up()
    assert service.asked == ["a/web"]
    assert service.ask().ok


@pytest.mark.parametrize(
    ("endpoints", "asked"),
    [
        (A, ["a/web"]),
        (Pair(A, B, mode="active-active"), ["a/web", "b/web"]),
        ([Pair(A, B), C], ["a/web"]),
        (
            TrafficSplit({"blue": A, "green": B}, weights={"blue": 1, "green": 1}),
            ["a/web", "b/web"],
        ),
        (TrafficSplit({"blue": A, "green": B}, weights={"blue": 1, "green": 0}), ["a/web"]),
    ],
)
def test_warming_up_asks_each_account_that_calls_go_to_first(endpoints, asked) -> None:
    service = Service(endpoints)
    service.warm_up()
    assert service.asked == asked


def test_warming_up_goes_on_to_the_pair_where_the_primary_is_down() -> None:
    service = Service()
    service.outcomes["a/web"] = DOWN
    service.warm_up()
    assert service.asked == ["a/web", "b/web"]
    assert service.ask().ok


def test_warming_up_ends_in_one_error_when_nothing_can_be_had() -> None:
    service = Service()
    service.everything(DOWN)
    with pytest.raises(Unavailable):
        service.warm_up()
    service.trouble = TokenRefused("no such secret")
    cold = Service()
    cold.trouble = TokenRefused("no such secret")
    with pytest.raises(AuthenticationError, match="no such secret"):
        cold.warm_up()
    assert cold.asked == []


def test_warming_up_waits_for_a_token_no_longer_than_it_may() -> None:
    slow = Service(work_takes=4.0)
    slow.warm_up(within=10.0)
    assert slow.ask().ok
    slower = Service(work_takes=4.0)
    with pytest.raises(DeadlineExceeded, match="deadline of 2 s passed while waiting for a token"):
        slower.warm_up(within=2.0)
    assert slower.time.now == 1002.0


@pytest.mark.parametrize("trouble", [TokenUnanswered("no vault"), TokenRefused("no secret")])
@pytest.mark.parametrize("every", [1.0, PROBED_EVERY])
def test_without_a_token_it_says_no_and_yes_soon_after_the_mending(trouble, every) -> None:
    service = Service()
    service.trouble = trouble
    began_at = service.time.now
    while service.time.now - began_at < 300:
        told = service.ask()
        service.time.sleep(every)
    assert (told.ok, told.token) == (False, "missing")
    assert str(trouble) in told.token_error
    service.trouble = None
    assert service.becomes(True, within=15.0, every=0.5) <= 15.0
    assert service.ask().token_error is None


def test_a_token_that_cannot_be_renewed_still_serves_and_says_so() -> None:
    service = Service()
    service.warm_up()
    service.trouble = TokenUnanswered("the vault is down")
    service.time.sleep(3400.0)
    service.ask()
    service.time.sleep(1.0)
    told = service.ask()
    assert (told.ok, told.token) == (True, "renewing")
    assert "the vault is down" in told.token_error
    service.time.sleep(300.0)
    assert service.ask().token == "missing"
    assert not service.ask().ok


def test_a_token_is_renewed_before_its_end_though_nobody_calls() -> None:
    service = Service()
    service.warm_up()
    for _ in range(1000):
        service.time.sleep(PROBED_EVERY)
        assert service.ask().ok


@pytest.mark.parametrize("outcome", [DOWN, DENIED], ids=["down", "denied"])
def test_accounts_that_fail_are_found_by_one_probe_and_found_again_by_one(outcome) -> None:
    service = Service()
    service.warm_up()
    service.everything(outcome)
    # Asked every second, as nobody calls: it notices two seconds of silence, and asks.
    assert service.becomes(False, within=10.0) <= 4.0
    for _ in range(40):
        service.time.sleep(PROBED_EVERY)
        assert not service.ask().ok
    service.everything(WELL)
    assert service.becomes(True, within=15.0, every=0.5) <= 15.0


def test_one_account_of_two_is_enough() -> None:
    service = Service()
    service.warm_up()
    service.outcomes["a/web"] = DOWN
    for _ in range(60):
        service.time.sleep(PROBED_EVERY)
        assert service.ask().ok


def test_while_something_is_missing_the_service_is_asked_every_few_seconds_and_no_more() -> None:
    service = Service()
    service.warm_up()
    service.everything(DOWN)
    service.becomes(False, within=10.0)
    before = len(service.asked)
    for _ in range(60):
        service.time.sleep(1.0)
        service.ask()
    assert 20 <= (len(service.asked) - before) / 2 <= 31


def test_the_background_stops_when_nobody_asks_any_more() -> None:
    service = Service()
    service.trouble = TokenUnanswered("no vault")
    service.ask()
    service.time.sleep(120.0)
    before = len(service.time.waited)
    service.time.sleep(600.0)
    assert len(service.time.waited) == before
    service.trouble = None
    assert service.becomes(True, within=5.0) <= 5.0


def test_a_client_that_is_called_is_not_asked_besides() -> None:
    service = Service(tokens=OneToken())
    service.warm_up()
    for _ in range(30):
        service.state.stats.count_attempt("a/web", "served")
        service.time.sleep(1.0)
        assert service.ask().ok
    assert service.asked == ["a/web"]


def test_a_variant_without_traffic_makes_no_client_ready() -> None:
    split = TrafficSplit({"blue": A, "green": B}, weights={"blue": 1, "green": 0})
    service = Service(split)
    service.warm_up()
    service.outcomes["a/web"] = DENIED
    assert service.becomes(False, within=10.0) <= 10.0


def test_a_closed_client_is_not_ready_and_asks_for_nothing() -> None:
    service = Service()
    service.warm_up()
    service.state.is_closed = True
    service.time.sleep(60.0)
    assert not service.ask().ok
    assert service.asked == ["a/web"]


def test_what_stayed_behind_in_a_fork_is_begun_again() -> None:
    service = Service()
    assert service.state.watch.begin(service.time.now)
    assert not service.state.watch.begin(service.time.now + 20.0)
    assert service.state.watch.begin(service.time.now + 31.0)
