"""`collect` and `acollect`: nothing is lost, and nothing is asked twice."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
import time

import anyio
import pytest

from irclient import AsyncIRClient, Fallback, IRClient, StaticToken, TrafficSplit, errors
from irclient.analysis import Lists, acollect, collect, compare
from irclient.queries import ItemSelectors, New, Similar
from irclient.settings import Caching, Retries, Settings, Timeouts
from irclient.testing import ScriptedService, example_pair, quick_settings
from tests.test_exports import modules_after

HOME = example_pair(tps=100_000)
QUERIES = [Similar(str(number), count=3) for number in range(400)]
SLOW = Settings(
    timeouts=Timeouts(deadline=10.0, attempt=5.0),
    retries=Retries(),
    caching=Caching(enabled=False),
)
TOKEN = StaticToken("t")


@pytest.fixture
def service() -> ScriptedService:
    return ScriptedService(HOME)


@pytest.fixture
def ir(service):
    with IRClient(HOME, credential=TOKEN, settings=quick_settings(), transport=service) as client:
        yield client


def test_every_list_is_kept_by_its_query_in_the_order_of_the_queries(ir) -> None:
    lists = collect(ir, QUERIES[:20], progress=False)
    assert lists.queries == tuple(QUERIES[:20])
    assert set(lists.answers) == set(QUERIES[:20])
    assert all(answer.query == query for query, answer in lists.answers.items())
    assert list(dict.fromkeys(lists.frame()["seed"])) == [query.item_id for query in QUERIES[:20]]
    assert (lists.missing, dict(lists.errors)) == ((), {})


def test_a_query_that_fails_ends_nothing_and_is_asked_again(ir, service) -> None:
    service.on(operation="new").fail(400)
    lists = collect(ir, [*QUERIES[:9], New()], progress=False)
    assert len(lists) == 9
    assert lists.missing == (New(),)
    assert isinstance(lists.errors[New()], errors.QueryError)
    assert lists.outcomes()["outcome"].tolist()[-1] == "QueryError"
    service.clear()
    again = ScriptedService(HOME)
    with IRClient(HOME, credential=TOKEN, settings=quick_settings(), transport=again) as better:
        assert collect(better, lists.missing, into=lists, progress=False) is lists
    assert [request.operation for request in again.requests] == ["new"]
    assert (len(lists), dict(lists.errors)) == (10, {})


def test_what_came_before_an_interrupt_is_kept_and_not_asked_again(service) -> None:
    service.on().answer(after=0.05)
    lists, told = Lists(), []

    def interrupt(done: int, total: int) -> None:
        told.append((done, total))
        if done == 30:
            signal.raise_signal(signal.SIGINT)

    with IRClient(HOME, credential=TOKEN, settings=SLOW, transport=service) as ir:
        with pytest.raises(KeyboardInterrupt) as interrupted:
            collect(ir, QUERIES, concurrency=8, progress=interrupt, into=lists)
        began_at = time.monotonic()
        assert interrupted.value.__notes__ == [
            "30 of 400 queries had an outcome by then, which are kept in into="
        ]
        assert told[-1] == (30, 400)
        assert (len(lists), len(lists.missing)) == (30, 370)
        sent = len(service.requests)
        assert 30 <= sent <= 30 + 16
        collect(ir, QUERIES, concurrency=64, progress=False, into=lists)
    assert time.monotonic() - began_at < 10
    assert len(lists) == 400
    assert len(service.requests) == sent + 370


def test_an_interrupt_while_all_wait_ends_the_wait_soon(service) -> None:
    service.on().answer(times=4).answer(after=2.0)
    lists, interrupted_at = Lists(), []

    def interrupt() -> None:
        while len(lists) < 4:
            time.sleep(0.001)
        interrupted_at.append(time.monotonic())
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    with IRClient(HOME, credential=TOKEN, settings=SLOW, transport=service) as ir:
        other = threading.Thread(target=interrupt)
        other.start()
        with pytest.raises(KeyboardInterrupt):
            collect(ir, QUERIES, concurrency=4, progress=False, into=lists)
        took = time.monotonic() - interrupted_at[0]
        other.join()
    # No longer than the requests that were being answered, which is far from all 396.
    assert took < 2.0 + 8.0
    assert len(lists) == 4


def test_without_lists_to_fill_an_interrupt_says_how_to_keep_them(ir) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as interrupted:
        collect(ir, QUERIES[:3], progress=interrupt)
    assert "into=Lists() keeps them" in interrupted.value.__notes__[0]


def test_a_query_that_is_named_twice_is_asked_once_and_an_answered_one_never(ir, service) -> None:
    lists = collect(ir, [QUERIES[0], QUERIES[0]], progress=False)
    collect(ir, QUERIES[:2], into=lists, progress=False)
    assert len(service.requests) == 2
    collect(ir, QUERIES[:2], into=lists)
    assert len(service.requests) == 2


def test_a_bar_shows_how_many_are_done(ir, capfd) -> None:
    collect(ir, QUERIES[:7])
    assert "7/7" in capfd.readouterr().err
    collect(ir, QUERIES[:7], progress=False)
    assert capfd.readouterr() == ("", "")


def test_what_cannot_be_collected_is_said_before_anything_is_sent(ir, service) -> None:
    air = AsyncIRClient(HOME, credential=TOKEN, transport=service)
    for client, queries, more, says in [
        (ir, [New(), "64702"], {}, "each query must be one of a list"),
        (ir, [New(), ItemSelectors("1")], {}, "each query must be one of a list"),
        (ir, [New()], {"into": {}}, "into must be Lists, got dict"),
        (ir, [New()], {"concurrency": 0}, "concurrency must be an int of at least 1"),
        (air, [New()], {}, r"await acollect\(…\); got AsyncIRClient"),
    ]:
        with pytest.raises((errors.IRError, TypeError), match=says):
            collect(client, queries, progress=False, **more)
    with pytest.raises(TypeError, match=r"progress must be True, False, or .* got 'x'"):
        collect(ir, [New()], progress="x")
    with pytest.raises(errors.ConfigurationError, match=r"collect\(…\); got IRClient"):
        asyncio.run(acollect(ir, [New()]))
    assert service.requests == ()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_tasks_collect_the_same(service, backend, ir) -> None:
    async def collected() -> Lists:
        client = AsyncIRClient(HOME, credential=TOKEN, settings=quick_settings(), transport=service)
        async with client:
            return await acollect(client, QUERIES[:20], progress=False)

    frames = [
        lists.frame().drop(columns=["account", "endpoint"])
        for lists in (anyio.run(collected, backend=backend), collect(ir, QUERIES[:20]))
    ]
    assert frames[0].equals(frames[1])


def test_what_came_before_a_task_was_cancelled_is_kept(service) -> None:
    lists = Lists()

    async def main() -> None:
        client = AsyncIRClient(HOME, credential=TOKEN, settings=SLOW, transport=service)
        async with client:
            with anyio.CancelScope() as scope:

                def cancel(done: int, total: int) -> None:
                    if done == 10:
                        scope.cancel()

                await acollect(client, QUERIES, concurrency=4, progress=cancel, into=lists)
            assert scope.cancelled_caught
            assert 10 <= len(lists) < 400
            await acollect(client, QUERIES, progress=False, into=lists)

    anyio.run(main)
    assert len(lists) == 400


def test_the_account_that_is_meant_is_the_one_that_is_asked_first(ir, service) -> None:
    assert collect(ir, [New()], progress=False).account == "contoso-a"
    assert collect(ir, [New()], into=Lists(account="x"), progress=False).account == "x"
    split = TrafficSplit(
        {"blue": HOME.primary, "green": HOME.secondary}, weights={"blue": 1, "green": 1}
    )
    with IRClient(split, credential=TOKEN, transport=service) as varied:
        assert collect(varied, [New()], progress=False).account is None


def test_what_the_pair_of_a_failing_account_answered_is_told_by_the_comparison(service) -> None:
    settings = quick_settings()
    service.on("contoso-a").fail(503)
    with IRClient(HOME, credential=TOKEN, settings=settings, transport=service) as pair:
        a = collect(pair, QUERIES[:10], progress=False)
    alone = ScriptedService(HOME)
    with IRClient(HOME.secondary, credential=TOKEN, settings=settings, transport=alone) as other:
        b = collect(other, QUERIES[:10], progress=False)
    compared = compare(a, b)
    assert compared.mixed["account"].tolist() == ["contoso-b"] * 10
    assert dict(compared.left_out) == {"other account": 10}
    assert compared.per_query.empty


def test_what_a_fallback_answered_is_told_by_the_comparison(service) -> None:
    service.on().fail(503)
    fallback = Fallback(queries=(), items=("64702",))
    with IRClient(
        HOME, credential=TOKEN, settings=quick_settings(), transport=service, fallback=fallback
    ) as ir:
        lists = collect(ir, QUERIES[:3], progress=False)
    assert len(lists) == 3
    assert compare(lists, lists).mixed["reason"].tolist() == ["fallback"] * 6


def test_only_the_analysis_loads_its_libraries() -> None:
    heavy = {"pandas", "numpy", "scipy", "tqdm", "polars", "pyarrow", "matplotlib"}
    assert not modules_after("import irclient; from irclient import IRClient") & heavy
    loaded = modules_after("import irclient.analysis")
    assert {"pandas", "tqdm"} <= loaded
    assert not {"polars", "matplotlib"} & loaded


@pytest.mark.parametrize("package", ["pandas", "scipy", "numpy", "tqdm"])
def test_without_its_libraries_it_says_what_to_install(package: str) -> None:
    code = (
        "import sys\n"
        f"sys.modules[{package!r}] = None\n"
        "from irclient.errors import ConfigurationError\n"
        "try:\n    import irclient.analysis\n"
        "except ConfigurationError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=50
    )
    assert done.stdout == (f"irclient.analysis needs {package}: pip install 'irclient[analysis]'\n")


@pytest.mark.parametrize("queries", [Similar("64702"), "64702", None, 64702])
def test_one_query_is_to_be_asked_in_a_list_and_nothing_is_sent(queries, ir, service) -> None:
    with pytest.raises(errors.QueryError, match=r"such as \[Similar\('64702'\)\]"):
        collect(ir, queries)
    assert not service.requests
