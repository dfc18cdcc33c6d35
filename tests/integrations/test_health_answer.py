"""The answer to a probe, and what the log says beside it."""

from __future__ import annotations

import logging

from irclient import AsyncIRClient, Pair, ServiceEndpoint, StaticToken
from irclient.errors import AuthenticationError
from irclient.integrations.health_answer import health_answer
from irclient.readiness import Readiness


def readiness(name: str, *, token_error: str | None = None) -> Readiness:
    endpoint = ServiceEndpoint(name, "web", tps=5)
    pair = Pair(endpoint, ServiceEndpoint(f"{name}-b", "web", tps=5))
    client = AsyncIRClient(pair, credential=StaticToken("token"))
    is_missing = token_error is not None
    return Readiness(
        ok=not is_missing,
        token="missing" if is_missing else "valid",
        token_expires_in=None,
        token_error=token_error,
        endpoints=tuple(client.health()),
    )


def test_what_is_missing_is_logged_once_and_never_answered(caplog) -> None:
    caplog.set_level(logging.INFO, "irclient.web")
    well = readiness("probed")
    broken = readiness("probed", token_error=f"{AuthenticationError.__name__}: no such secret")
    assert health_answer(well).status == 200
    assert caplog.records == []
    for _ in range(3):
        answer = health_answer(broken)
        assert answer.status == 503
        assert "secret" not in str(answer.body)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "token: AuthenticationError: no such secret" in record.getMessage()
    health_answer(well)
    health_answer(well)
    (_, again) = caplog.records
    assert again.levelno == logging.INFO
    assert again.getMessage().startswith("ready: token valid")
