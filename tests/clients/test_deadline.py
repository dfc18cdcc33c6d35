"""`irclient.deadline`: one instant for all calls of a block, whoever makes them and on what."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from datetime import timedelta

import pytest

import irclient
from irclient import (
    AsyncIRClient,
    Caching,
    ConfigurationError,
    DeadlineExceeded,
    IRClient,
    Settings,
    StaticToken,
    Throttling,
    Timeouts,
)
from irclient.deadlines import deadline_at
from irclient.queries import Similar
from irclient.testing import ScriptedService, example_pair

PATIENT = Settings(timeouts=Timeouts(deadline=30, attempt=10), caching=Caching(enabled=False))


def hanging() -> ScriptedService:
    service = ScriptedService()
    for account in ("contoso-a", "contoso-b"):
        service.on(account).hang()
    return service


def client(service=None, settings=PATIENT) -> IRClient:
    transport = hanging() if service is None else service
    return IRClient(
        example_pair(), credential=StaticToken("t"), settings=settings, transport=transport
    )


def test_no_call_of_a_block_outlives_its_deadline() -> None:
    ir, began_at = client(), time.monotonic()
    with irclient.deadline(0.2):
        for _ in range(3):
            with pytest.raises(DeadlineExceeded, match="deadline"):
                ir.popular()
    assert time.monotonic() - began_at < 1.5
    assert deadline_at() is None


def test_the_message_says_how_long_the_call_had() -> None:
    with irclient.deadline(0.15), pytest.raises(DeadlineExceeded, match=r"the deadline of 0\.1"):
        client().popular()


def test_the_smaller_deadline_wins_whether_the_inner_or_the_outer() -> None:
    with irclient.deadline(timedelta(minutes=1)):
        outer = deadline_at()
        with irclient.deadline(0.5):
            inner = deadline_at()
            with irclient.deadline(30):
                assert deadline_at() == inner
        assert deadline_at() == outer
    assert inner < outer


def test_a_client_with_less_time_keeps_to_its_own() -> None:
    hasty = client(settings=Settings(timeouts=Timeouts(deadline=0.1, attempt=0.1)))
    with irclient.deadline(20), pytest.raises(DeadlineExceeded, match=r"the deadline of 0\.1 s"):
        hasty.popular()


def test_an_answer_in_memory_is_had_when_there_is_no_time_left_and_nothing_else_is() -> None:
    service = ScriptedService()
    ir = client(service, Settings())
    ir.popular()
    with irclient.deadline(0):
        assert ir.popular().served.source == "cache"
        with pytest.raises(DeadlineExceeded, match="nothing was sent"):
            ir.similar("1")
    assert len(service.requests) == 1


def test_an_old_answer_stands_in_when_there_is_no_time_left() -> None:
    soon_old = Settings(caching=Caching(fresh_for=0.001, stale_while_refresh_for=0))
    ir = client(ScriptedService(), soon_old)
    ir.popular()
    time.sleep(0.01)
    with irclient.deadline(0):
        served = ir.popular().served
    assert (served.source, served.degraded) == ("stale", True)


def test_it_holds_in_the_threads_of_fetch_many_and_in_copied_contexts() -> None:
    ir, began_at = client(), time.monotonic()
    queries = [Similar(str(number)) for number in range(4)]
    with irclient.deadline(0.2):
        outcomes = ir.fetch_many(queries, return_errors=True)
        context = contextvars.copy_context()
    assert {type(each) for each in outcomes} == {DeadlineExceeded}
    assert time.monotonic() - began_at < 2.0
    assert context.run(deadline_at) is not None


def test_it_does_not_hold_in_a_thread_that_has_nothing_to_do_with_the_block() -> None:
    seen = []
    with irclient.deadline(0.2):
        other = threading.Thread(target=lambda: seen.append(deadline_at()))
        other.start()
        other.join()
    assert seen == [None]


def test_it_holds_in_the_tasks_that_the_block_starts_and_in_no_other() -> None:
    async def ask(ir: AsyncIRClient) -> type[BaseException]:
        with pytest.raises(DeadlineExceeded) as raised:
            await ir.popular()
        return raised.type

    async def main() -> None:
        async with AsyncIRClient(
            example_pair(), credential=StaticToken("t"), settings=PATIENT, transport=hanging()
        ) as ir:
            other = asyncio.create_task(ir.popular())
            with irclient.deadline(0.2):
                await asyncio.gather(*(ask(ir) for _ in range(3)))
            assert not other.done()
            other.cancel()

    began_at = time.monotonic()
    asyncio.run(main())
    assert time.monotonic() - began_at < 2.0


def test_a_batch_call_does_not_wait_for_a_slot_beyond_it() -> None:
    slow = Settings(
        throttling=Throttling(share=0.01), caching=Caching(enabled=False), timeouts=Timeouts()
    )
    ir = client(ScriptedService(), slow)
    queries = [Similar(str(number)) for number in range(20)]
    began_at = time.monotonic()
    with irclient.deadline(0.4):
        outcomes = ir.fetch_many(queries, return_errors=True)
    assert time.monotonic() - began_at < 2.0
    assert any(isinstance(each, irclient.IRError) for each in outcomes)


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), "1", None, True])
def test_what_is_no_number_of_seconds_is_refused(seconds) -> None:
    refused = pytest.raises(ConfigurationError, match="deadline must be a number of seconds")
    with refused, irclient.deadline(seconds):
        raise AssertionError


def test_work_in_the_background_has_its_own_time() -> None:
    usable = Settings(caching=Caching(fresh_for=0.001, stale_while_refresh_for=60))
    service = ScriptedService()
    records = []
    ir = IRClient(
        example_pair(),
        credential=StaticToken("t"),
        settings=usable,
        transport=service,
        observers=[records.append],
    )
    ir.popular()
    time.sleep(0.01)
    with irclient.deadline(0):
        assert ir.popular().served.source == "stale"
    ends_at = time.monotonic() + 5
    while len(service.requests) < 2 and time.monotonic() < ends_at:
        time.sleep(0.005)
    ir.close()
    refreshed = [each for each in records if isinstance(each, irclient.observe.Refreshed)]
    assert [each.error for each in refreshed] == [None]
