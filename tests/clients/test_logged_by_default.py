"""A client that nobody listens to still logs when an account leaves and when it comes back."""

from __future__ import annotations

import logging
import time

import httpx
import pytest

from irclient import (
    AuthenticationError,
    IRClient,
    Pair,
    Retries,
    ServiceEndpoint,
    Settings,
    StaticToken,
    Unavailable,
)
from irclient._drivers.observing import tell
from irclient.observe import LoggingObserver, TokenRenewalFailed
from irclient.settings import Caching, Failover

A = ServiceEndpoint("contoso-a", "web", tps=1000)
B = ServiceEndpoint("contoso-b", "web", tps=1000)
SETTINGS = Settings(
    caching=Caching(enabled=False),
    failover=Failover(consecutive_failures=2, eject_for=0.05, max_eject_for=0.05, ramp_for=0.05),
    retries=Retries(max_attempts=4),
)
ANSWER = {"id": "Lists", "items": [{"id": "1"}]}


class Accounts:
    """Two accounts; those named in `down` refuse."""

    def __init__(self) -> None:
        self.down: set[str] = set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if any(request.url.host.startswith(each) for each in self.down):
            raise httpx.ConnectError("Connection refused")
        return httpx.Response(200, json=ANSWER)


def client_of(accounts: Accounts, settings: Settings = SETTINGS, **more) -> IRClient:
    return IRClient(
        Pair(A, B),
        credential=StaticToken("a-token"),
        settings=settings,
        transport=httpx.MockTransport(accounts),
        **more,
    )


def kinds(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.ir_record for record in caplog.records if hasattr(record, "ir_record")]  # type: ignore[attr-defined]


def test_an_account_that_leaves_and_comes_back_is_logged_once_each(caplog) -> None:
    accounts = Accounts()
    accounts.down.add("contoso-a")
    with caplog.at_level(logging.WARNING, logger="irclient"), client_of(accounts) as ir:
        for number in range(2):
            ir.similar(f"{number}")
        assert kinds(caplog) == ["Ejected"]
        assert "contoso-a/web" in caplog.messages[0]
        accounts.down.clear()
        until = time.monotonic() + 20
        while "Returned" not in kinds(caplog) and time.monotonic() < until:
            ir.similar(f"{time.monotonic()}")
    assert kinds(caplog) == ["Ejected", "Returned"]


class NoDesk:
    """Hands no token out."""

    def get_token(self, *scopes: str) -> None:
        raise OSError("Entra is down")


def test_a_fetch_that_fails_is_raised_and_not_logged_as_well(caplog) -> None:
    transport = httpx.MockTransport(Accounts())
    with (
        caplog.at_level(logging.WARNING, logger="irclient"),
        IRClient(A, credential=NoDesk(), transport=transport) as ir,
        pytest.raises(AuthenticationError, match="Entra is down"),
    ):
        ir.similar("1")
    assert kinds(caplog) == []


def test_a_renewal_that_fails_while_the_old_token_serves_is_logged(caplog) -> None:
    with caplog.at_level(logging.WARNING, logger="irclient"):
        tell((), TokenRenewalFailed(at=1, kind="unanswered", reason="no vault", expires_in=200.0))
    assert kinds(caplog) == ["TokenRenewalFailed"]


def test_calls_that_go_well_log_nothing(caplog) -> None:
    with caplog.at_level(logging.DEBUG, logger="irclient"), client_of(Accounts()) as ir:
        for number in range(20):
            ir.similar(f"{number}")
    assert kinds(caplog) == []


def test_an_observer_of_ones_own_decides_what_is_logged(caplog) -> None:
    accounts, seen = Accounts(), list[str]()
    accounts.down |= {"contoso-a", "contoso-b"}
    observers = [lambda record: seen.append(type(record).__name__)]
    with (
        caplog.at_level(logging.WARNING, logger="irclient"),
        client_of(accounts, observers=observers) as ir,
    ):
        for number in range(4):
            with pytest.raises(Unavailable):
                ir.similar(f"{number}")
    assert kinds(caplog) == []
    assert seen.count("Ejected") == 2


def test_a_logging_observer_logs_each_change_once(caplog) -> None:
    accounts = Accounts()
    accounts.down.add("contoso-a")
    # It stays away, however long these calls take.
    settings = SETTINGS.model_copy(update={"failover": Failover(consecutive_failures=2)})
    with (
        caplog.at_level(logging.WARNING, logger="irclient"),
        client_of(accounts, settings, observers=[LoggingObserver()]) as ir,
    ):
        for number in range(20):
            ir.similar(f"{number}")
    assert kinds(caplog).count("Ejected") == 1
