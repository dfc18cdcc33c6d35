"""Records of what happened, and the observer that logs them."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import time
from typing import TYPE_CHECKING

import pytest

from irclient import (
    AsyncIRClient,
    Fallback,
    IRClient,
    QueryError,
    StaticToken,
    observe,
)
from irclient.attempts import Attempt
from irclient.observe import (
    AttemptEnded,
    CallEnded,
    Ejected,
    FailedOver,
    FellBack,
    FleetLost,
    FleetReturned,
    FlightJoined,
    LoggingObserver,
    Record,
    Returned,
    TokenRejected,
    TokenRenewalFailed,
    TrafficReturned,
)
from irclient.testing import ScriptedService, example_pair

if TYPE_CHECKING:
    from irclient.observe import (
        Observer,
    )

ATTEMPT = Attempt(
    endpoint="a/web", outcome="served", status=200, reason="served", started_after=0, elapsed=0.1
)
FAILED_OVER = FailedOver(
    at=1.0,
    call_id="0123456789abc",
    operation="similar",
    origin="a/web",
    target="b/web",
    kind="failed",
    reason="503",
)


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
        "FailedOver call_id=0123456789abc operation=similar origin=a/web target=b/web "
        "kind=failed reason=503"
    )
    assert (line.name, line.levelno) == ("irclient", logging.WARNING)
    assert (line.ir_origin, line.ir_target, line.ir_at) == ("a/web", "b/web", 1.0)


@pytest.mark.parametrize(
    ("record", "level"),
    [
        (FAILED_OVER, logging.WARNING),
        (
            Ejected(at=0, endpoint="a/web", kind="failed", reason="500", eject_for=5),
            logging.WARNING,
        ),
        (TokenRejected(at=0, endpoint="a/web"), logging.WARNING),
        (FleetLost(at=0, endpoint="a/web", reason="no answer", limit=5), logging.WARNING),
        (FleetReturned(at=0, endpoint="a/web", after=2.0, members=4), logging.WARNING),
        (Returned(at=0, endpoint="a/web"), logging.WARNING),
        (TokenRenewalFailed(at=0, kind="unanswered", reason="no vault"), logging.WARNING),
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


def test_every_extra_is_a_plain_value_that_any_formatter_of_json_takes(caplog) -> None:
    caplog.set_level(logging.DEBUG, "irclient")
    observer = LoggingObserver()
    for record in (
        AttemptEnded(at=1.0, call_id="a", operation="new", attempt=ATTEMPT),
        TrafficReturned(at=1.0, weights={"blue": 1.0}, kind="slow", reason="it is slow"),
        FAILED_OVER,
    ):
        observer(record)
    for line in caplog.records:
        json.dumps({name: value for name, value in vars(line).items() if name.startswith("ir_")})
    of_attempt = caplog.records[0]
    assert not hasattr(of_attempt, "ir_attempt")
    assert (of_attempt.ir_record, of_attempt.ir_call_id) == ("AttemptEnded", "a")
    assert (of_attempt.ir_endpoint, of_attempt.ir_outcome, of_attempt.ir_status) == (
        "a/web",
        "served",
        200,
    )
    assert (of_attempt.ir_reason, of_attempt.ir_elapsed) == ("served", 0.1)


def test_a_record_knows_the_time_on_the_wall() -> None:
    record = Record(at=time.monotonic() - 60.0)
    assert record.wall_time == pytest.approx(time.time() - 60.0, abs=5.0)


def told_of(*, fail: str | None = None, fallback: Fallback | None = None) -> list[Record]:
    """What is told of one call."""
    records: list[Record] = []
    service = ScriptedService()
    if fail:
        service.on(fail).fail(503)
    with IRClient(
        example_pair(),
        credential=StaticToken("t"),
        transport=service,
        observers=[records.append],
        fallback=fallback,
    ) as ir:
        ir.popular()
    return records


def test_all_records_of_a_call_carry_its_id_and_no_others() -> None:
    first, second = told_of(fail="contoso-a"), told_of()
    kinds = [type(each).__name__ for each in first]
    assert kinds == ["AttemptEnded", "FailedOver", "AttemptEnded", "CallEnded"]
    assert len({each.call_id for each in first}) == 1
    assert {each.call_id for each in first}.isdisjoint(each.call_id for each in second)
    failed_over = next(each for each in first if isinstance(each, FailedOver))
    assert failed_over.kind == "failed"


def test_the_end_of_a_call_says_where_its_answer_came_from() -> None:
    ended = told_of()[-1]
    assert isinstance(ended, CallEnded)
    assert (ended.source, ended.variant, ended.degraded, ended.error) == (
        "service",
        None,
        False,
        None,
    )


def test_a_fallback_is_told_with_the_kind_of_error_that_it_stands_in_for() -> None:
    records: list[Record] = []
    service = ScriptedService()
    service.on("contoso-a").fail(503)
    service.on("contoso-b").fail(503)
    with IRClient(
        example_pair(),
        credential=StaticToken("t"),
        transport=service,
        observers=[records.append],
        fallback=Fallback(queries=(), items=["1"]),
    ) as ir:
        ir.popular()
    fell_back = next(each for each in records if isinstance(each, FellBack))
    ended = records[-1]
    assert isinstance(ended, CallEnded)
    assert (fell_back.kind, fell_back.call_id) == ("Unavailable", ended.call_id)
    assert (ended.source, ended.degraded, ended.error) == ("fallback", True, None)


def test_a_cached_answer_has_an_id_of_its_own() -> None:
    records: list[Record] = []
    with IRClient(
        example_pair(),
        credential=StaticToken("t"),
        transport=ScriptedService(),
        observers=[records.append],
    ) as ir:
        ir.popular()
        records.clear()
        ir.popular()
        ir.popular()
    used, ended, used_again, ended_again = records
    assert isinstance(ended, CallEnded)
    assert (ended.source, used.call_id) == ("cache", ended.call_id)
    assert used_again.call_id == ended_again.call_id != ended.call_id


@pytest.mark.parametrize("kind", [IRClient, AsyncIRClient])
def test_a_call_that_is_refused_before_it_is_sent_is_told_and_counted(kind) -> None:
    records: list[Record] = []
    ir = kind(example_pair(), credential=StaticToken("t"), observers=[records.append])
    for refused in (
        lambda: ir.similar(""),
        lambda: ir.new(count=0),
        lambda: ir.personalize("u", []),
        lambda: run(ir.fetch("new")),
    ):
        with pytest.raises(QueryError):
            refused()
    assert [(each.operation, each.error, each.attempts) for each in records] == [
        ("similar", "QueryError", 0),
        ("new", "QueryError", 0),
        ("personalize", "QueryError", 0),
        ("fetch", "QueryError", 0),
    ]
    assert len({each.call_id for each in records}) == 4
    assert ir.stats().errors == {"QueryError": 4}


def run(awaitable) -> None:
    """Run what an async client returns."""
    asyncio.run(awaitable)


def test_who_joins_an_equal_call_is_told_whose_it_is() -> None:
    records: list[Record] = []
    service = ScriptedService()

    async def ask() -> None:
        ir = AsyncIRClient(
            example_pair(),
            credential=StaticToken("t"),
            transport=service,
            observers=[records.append],
        )
        async with ir:
            await asyncio.gather(ir.popular(), ir.popular())

    asyncio.run(ask())
    joined = next(each for each in records if isinstance(each, FlightJoined))
    leaders = {each.call_id for each in records if isinstance(each, AttemptEnded)}
    assert {joined.leader} == leaders
    assert joined.call_id != joined.leader


def test_a_429_far_below_the_own_allowance_is_warned_of_once_with_observers_and_without(
    caplog,
) -> None:
    caplog.set_level(logging.WARNING, "irclient")
    service = ScriptedService()
    service.on("contoso-a").throttle()
    with IRClient(example_pair(), credential=StaticToken("t"), transport=service) as ir:
        for number in range(3):
            ir.similar(str(number))
    (line,) = caplog.records
    assert "contoso-a/web answered 429" in line.getMessage()
    assert "IRCLIENT_SHARE=auto" in line.getMessage()


def test_a_429_at_the_own_allowance_is_not_warned_of(caplog) -> None:
    caplog.set_level(logging.WARNING, "irclient")
    service = ScriptedService()
    service.on("contoso-a").throttle()
    with IRClient(example_pair(tps=1), credential=StaticToken("t"), transport=service) as ir:
        ir.popular()
    assert caplog.records == []
