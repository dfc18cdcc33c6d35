"""Records of what happened, and the observer that logs them."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING

import pytest

from irclient import observe
from irclient.attempts import Attempt
from irclient.observe import (
    AttemptEnded,
    CallEnded,
    Ejected,
    FailedOver,
    LoggingObserver,
    Record,
    TokenRejected,
    TokenRenewalFailed,
)

if TYPE_CHECKING:
    from irclient.observe import (
        Observer,
    )

ATTEMPT = Attempt(
    endpoint="a/web", outcome="served", status=200, reason="served", started_after=0, elapsed=0.1
)
FAILED_OVER = FailedOver(at=1.0, operation="similar", origin="a/web", target="b/web", reason="503")


def test_every_record_is_frozen_and_keyword_only() -> None:
    kinds = [getattr(observe, name) for name in observe.__all__]
    records = [kind for kind in kinds if issubclass(kind, Record)]
    assert len(records) >= 9
    for kind in records:
        assert kind.__dataclass_params__.frozen
        assert all(field.kw_only for field in dataclasses.fields(kind))


def test_a_record_becomes_one_line_with_its_fields_as_extras(caplog) -> None:
    caplog.set_level(logging.DEBUG, "irclient")
    LoggingObserver()(FAILED_OVER)
    (line,) = caplog.records
    assert line.getMessage() == (
        "FailedOver operation=similar origin=a/web target=b/web reason=503"
    )
    assert (line.name, line.levelno) == ("irclient", logging.WARNING)
    assert (line.ir_origin, line.ir_target, line.ir_at) == ("a/web", "b/web", 1.0)


@pytest.mark.parametrize(
    ("record", "level"),
    [
        (FAILED_OVER, logging.WARNING),
        (Ejected(at=0, endpoint="a/web", reason="500", eject_for=5), logging.WARNING),
        (TokenRejected(at=0, endpoint="a/web"), logging.WARNING),
        (TokenRenewalFailed(at=0, reason="no vault"), logging.WARNING),
        (AttemptEnded(at=0, operation="new", attempt=ATTEMPT), logging.DEBUG),
        (
            CallEnded(at=0, operation="new", endpoint="a/web", attempts=1, elapsed=0.1, error=None),
            logging.DEBUG,
        ),
    ],
)
def test_what_somebody_should_know_is_a_warning(record, level, caplog) -> None:
    caplog.set_level(logging.DEBUG, "irclient")
    LoggingObserver()(record)
    assert caplog.records[0].levelno == level


def test_nothing_is_put_together_for_a_level_that_is_off(caplog) -> None:
    caplog.set_level(logging.WARNING, "irclient")
    LoggingObserver()(AttemptEnded(at=0, operation="new", attempt=ATTEMPT))
    assert caplog.records == []


def test_a_users_own_logger_is_used_and_named_in_the_repr(caplog) -> None:
    caplog.set_level(logging.DEBUG)
    observer: Observer = LoggingObserver(logging.getLogger("shop.reco"))
    observer(FAILED_OVER)
    assert caplog.records[0].name == "shop.reco"
    assert repr(observer) == "LoggingObserver('shop.reco')"
