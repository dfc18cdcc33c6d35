"""Both clients: what their methods do, over transports of a user's own and over real sockets."""

from __future__ import annotations

import gc
import json
import pickle
import sys
import threading
import time
from collections import UserDict, deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import MappingProxyType

import anyio
import httpx
import pytest
from azure.core.credentials import AccessToken

from irclient import IRClient, Pair, ServiceEndpoint, StaticToken, errors, queries
from irclient._runtime import forks
from irclient.observe import AttemptEnded, CallEnded, Probed
from irclient.settings import Caching, Retries, Settings, Timeouts
from tests import weather as bad
from tests.weather import listed, weather
from tests.worlds import (
    ASYNC,
    PATIENT,
    SYNC,
    TOKEN,
    Records,
    in_each_world,
    options,
    quick_failover,
)

A = ServiceEndpoint("a", "web", tps=10_000)
B = ServiceEndpoint("b", "web", tps=10_000)


def last_segment(request: httpx.Request) -> str:
    return request.url.path.rpartition("/")[2]


def echo(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=listed(last_segment(request)))


@in_each_world
@pytest.mark.parametrize("count", [True, 1.0, "1", [1], {1}])
def test_a_known_query_does_not_let_its_like_pass(world, count) -> None:
    async def story() -> None:
        async with world.client(Pair(A, B), transport=world.transport(echo)) as ir:
            assert (await world.ask(ir.similar("1", count=1))).ids == ["1"]
            with pytest.raises(errors.QueryError, match="count must be an int, got"):
                await world.ask(ir.similar("1", count=count))

    world.play(story)


class Ids(Sequence):
    """A sequence of an application's own: it can be looked up, but only for itself, and change."""

    def __init__(self, ids: list[str]) -> None:
        self.ids = ids

    def __getitem__(self, at):
        return self.ids[at]

    def __len__(self) -> int:
        return len(self.ids)

    def append(self, each: str) -> None:
        self.ids.append(each)


ODD = {
    "a filter that nobody may change": ("popular", {"filters": MappingProxyType({"Kind": "A"})}),
    "parameters that nobody may change": ("popular", {"params": MappingProxyType({"kind": "A"})}),
    "filters of a kind of its own": ("popular", {"filters": UserDict({"Kind": "A"})}),
    "parameters of lists": ("popular", {"params": [["kind", "A"]]}),
    "parameters of lists in a tuple": ("popular", {"params": (["kind", "A"],)}),
    "a queue": ("cart", {"item_ids": deque(["1", "2"])}),
    "ids of a kind of its own": ("cart", {"item_ids": Ids(["1", "2"])}),
    "two mistakes": ("cart", {"item_ids": [], "filters": {"count": "1"}}),
    "a mapping where a list belongs": ("popular", {"refinements": {}}),
}


@in_each_world
@pytest.mark.parametrize(("operation", "given"), ODD.values(), ids=ODD)
def test_a_list_method_answers_as_fetch_does_whatever_it_is_given(world, operation, given) -> None:
    kind = {"popular": queries.Popular, "cart": queries.Cart}[operation]

    async def outcome(ask) -> object:
        try:
            return (await world.ask(ask())).ids
        except errors.QueryError as error:
            return str(error)

    async def story() -> None:
        def spell(request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, content=listed(str(request.url.query)))

        known = Settings(timeouts=PATIENT)
        async with world.client(Pair(A, B), transport=world.transport(spell), settings=known) as ir:
            await world.ask(ir.popular())
            expected = await outcome(lambda: ir.fetch(kind(**given)))
            for _ in range(2):
                assert await outcome(lambda: getattr(ir, operation)(**given)) == expected

    world.play(story)


@in_each_world
@pytest.mark.parametrize("kind", [list, Ids])
def test_what_is_asked_is_what_a_list_held_when_it_was_given(world, kind) -> None:
    def spell(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=listed(request.url.query.decode()))

    async def story() -> None:
        async with world.client(Pair(A, B), transport=world.transport(spell)) as ir:
            for _ in range(2):
                held = kind(["1"])
                asked = ir.cart(held)
                held.append("2")
                assert (await world.ask(asked)).ids == ["seedItemIds=1"]

    world.play(story)


def are_free(locks) -> bool:
    taken = [lock for lock in locks if lock.acquire(blocking=False)]
    for lock in taken:
        lock.release()
    return len(taken) == len(locks)


def test_a_ctrl_c_while_an_answer_comes_from_memory_leaves_no_lock_taken() -> None:
    known = Settings(timeouts=PATIENT)
    transport = httpx.MockTransport(echo)
    with (
        IRClient(A, credential=StaticToken(TOKEN), transport=transport, settings=known) as ir,
        ThreadPoolExecutor(1) as elsewhere,
    ):
        ir.similar("1")
        left = iter(range(0))

        def interrupt(_frame, event: str, _argument: object) -> None:
            # Where Python looks for signals: as a function begins, and after one of C's.
            if event in {"call", "c_return"} and next(left, None) is None:
                sys.setprofile(None)
                raise KeyboardInterrupt

        for number in range(200):
            left, answer = iter(range(number)), None
            sys.setprofile(interrupt)
            try:
                answer = ir.similar("1")
            except KeyboardInterrupt:
                pass
            finally:
                sys.setprofile(None)
            # From another thread: this one could take again what it holds.
            assert elsewhere.submit(are_free, list(forks._locks)).result(10)
        assert answer is not None, "it was interrupted everywhere"


@in_each_world
def test_with_options_shares_everything_and_changes_only_what_was_given(world) -> None:
    async def story() -> None:
        async with world.client(Pair(A, B), transport=world.transport(echo)) as ir:
            copy = ir.with_options(deadline=timedelta(seconds=2))
            assert copy._settings.timeouts == Timeouts(deadline=2, attempt=5, connect=5)
            assert copy._settings.caching == ir._settings.caching
            other = copy.with_options(retries=Retries(max_attempts=1), caching=Caching())
            assert other._settings.timeouts == copy._settings.timeouts
            assert other._settings.retries.max_attempts == 1
            assert ir._settings == options()
            assert copy._state is ir._state
            assert copy._driver is ir._driver
            with pytest.raises(errors.ConfigurationError, match="deadline"):
                ir.with_options(deadline=0)
            with pytest.raises(errors.ConfigurationError, match=r"Settings\.retries"):
                ir.with_options(retries=3)
            await world.close(copy)
            assert isinstance(await world.error(ir.popular), errors.ClientClosed)

    world.play(story)


@in_each_world
def test_closing_twice_is_closing_once_and_leaves_a_users_transport_open(world) -> None:
    transport = world.transport(echo)

    async def story() -> None:
        ir = world.make(A, transport=transport)
        assert (await world.ask(ir.similar("1"))).ids == ["1"]
        await world.close(ir)
        await world.close(ir)
        error = await world.error(ir.similar, "1")
        assert isinstance(error, errors.ClientClosed)
        assert error.attempts == ()
        assert "closed" in repr(ir)

    world.play(story)
    assert transport.closed == 0


@in_each_world
def test_a_with_block_closes_the_client(world) -> None:
    async def story() -> None:
        if world.is_sync:
            with world.make(server.endpoint("a")) as ir:
                ir.popular()
        else:
            async with world.make(server.endpoint("a")) as ir:
                await ir.popular()
        assert isinstance(await world.error(ir.popular), errors.ClientClosed)

    with weather() as server:
        world.play(story)


@pytest.mark.parametrize("world", ASYNC, ids=lambda world: world.name)
def test_a_with_block_that_is_cancelled_closes_the_client_all_the_same(world) -> None:
    async def story() -> None:
        with anyio.move_on_after(5) as scope:
            async with world.make(server.endpoint("a")) as ir:
                await ir.popular()
                assert repr(ir._own_transport) == "AsyncTransport(1 idle)"
                scope.cancel()
                await anyio.sleep(5)
        assert repr(ir._own_transport) == "AsyncTransport(0 idle)"

    with weather() as server:
        world.play(story)


@in_each_world
def test_health_is_a_snapshot_by_label_or_account(world) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(500) if request.url.host.startswith("a-") else echo(request)

    async def story() -> None:
        settings = options(failover=quick_failover(eject_for=30))
        async with world.client(
            Pair(A, B), settings=settings, transport=world.transport(answer)
        ) as ir:
            before = ir.health()
            await world.ask(ir.popular())
            assert before["a"].state == "working"
            after = ir.health()
            assert [each.endpoint for each in after] == ["a/web", "b/web"]
            assert (after["a/web"].state, after["b"].state) == ("failing", "working")
            assert repr(ir) == f"<{type(ir).__name__}: a/web failing, b/web working>"

    world.play(story)


@in_each_world
def test_a_transport_of_the_other_world_is_refused(world) -> None:
    other = (ASYNC[0] if world.is_sync else SYNC).transport(echo)
    with pytest.raises(errors.ConfigurationError, match="async"):
        world.make(A, transport=other)


class Lent:
    """A credential that can go into another process."""

    def get_token(self, *scopes, **more):
        return AccessToken(TOKEN, int(time.time()) + 3600)


@in_each_world
def test_a_client_is_pickled_as_its_configuration(world) -> None:
    async def story() -> None:
        credential = Lent()
        async with world.client(server.endpoint("a"), credential=credential) as ir:
            await world.ask(ir.similar("1"))
            data = pickle.dumps(ir.with_options(deadline=7))
            assert TOKEN.encode() not in data
            again = pickle.loads(data)
            try:
                assert type(again) is type(ir)
                assert again._settings.timeouts.deadline == 7
                assert again.health()["a"].calls == 0
                assert (await world.ask(again.similar("2"))).ids == ["2"]
            finally:
                await world.close(again)
            assert (await world.ask(ir.similar("3"))).ids == ["3"]

    with weather() as server:
        world.play(story)


@in_each_world
def test_a_client_whose_credential_holds_a_token_says_what_to_do_instead_of_pickling(world) -> None:
    ir = world.make(A)
    with pytest.raises(TypeError, match=r"because of its credential .*in each process") as caught:
        pickle.dumps(ir)
    assert TOKEN not in str(caught.value)
    unpicklable = world.make(A, credential=Lent(), observers=[lambda record: None])
    with pytest.raises(TypeError, match="because of its observers"):
        pickle.dumps(unpicklable)


@in_each_world
def test_an_observer_that_raises_changes_nothing_and_is_logged(world, caplog) -> None:
    def raises(record) -> None:
        raise ValueError("observer trouble")

    told = Records()

    async def story() -> None:
        observers = [raises, told]
        async with world.client(A, transport=world.transport(echo), observers=observers) as ir:
            assert (await world.ask(ir.similar("1"))).ids == ["1"]

    world.play(story)
    assert len(told.of(AttemptEnded)) == len(told.of(CallEnded)) == 1
    logged = [record.getMessage() for record in caplog.records]
    assert len(logged) == len(told.all)
    assert "failed on AttemptEnded" in " ".join(logged)
    assert "observer trouble" in caplog.text


@in_each_world
def test_a_probe_runs_in_the_background_and_ends(world) -> None:
    told = Records()

    async def story() -> None:
        settings = options(failover=quick_failover(eject_for=0.05))
        pair = Pair(sick.endpoint("a"), well.endpoint("b"))
        async with world.client(pair, settings=settings, observers=[told]) as ir:
            await world.ask(ir.popular())
            await world.pause(0.06)
            assert (await world.ask(ir.similar("1"))).served.attempts == 1
            until = time.monotonic() + 5
            while not told.of(Probed) and time.monotonic() < until:
                await world.pause(0.005)
            assert not told.of(Probed)[0].recovered
            await world.pause(0.02)
            assert not ir._driver._background

    with weather(bad.BAD_AT_ONCE["500"]) as sick, weather() as well:
        world.play(story)


@pytest.mark.timing
@in_each_world
def test_closing_ends_what_runs_in_the_background(world) -> None:
    async def story() -> None:
        settings = options(failover=quick_failover(eject_for=0.02))
        pair = Pair(sick.endpoint("a"), well.endpoint("b"))
        async with world.client(pair, settings=settings) as ir:
            await world.ask(ir.popular())
            sick.now = bad.hang
            before = len(sick.seen)
            await world.pause(0.03)
            await world.ask(ir.popular())
            until = time.monotonic() + 5
            while len(sick.seen) == before and time.monotonic() < until:
                await world.pause(0.005)
            assert ir._driver._background
            began_at = time.monotonic()
            await world.close(ir)
            # The probe hangs, and has five seconds left.
            assert time.monotonic() - began_at < 1
            assert not ir._driver._background

    with weather(bad.BAD_AT_ONCE["500"]) as sick, weather() as well:
        world.play(story)
    gc.collect()


@pytest.mark.timing
def test_a_call_that_waits_while_another_thread_closes_ends_at_once() -> None:
    ended: list[BaseException] = []

    def call() -> None:
        try:
            ir.popular()
        except errors.IRError as error:
            ended.append(error)

    with weather(bad.hang) as server:
        ir = SYNC.make(Pair(server.endpoint("a"), B))
        thread = threading.Thread(target=call)
        thread.start()
        while not server.seen:
            time.sleep(0.005)
        began_at = time.monotonic()
        ir.close()
        thread.join(10)
        assert time.monotonic() - began_at < 1
    assert isinstance(ended[0], errors.ClientClosed)


def test_settings_of_the_wrong_kind_are_refused() -> None:
    with pytest.raises(errors.ConfigurationError, match="settings must be a Settings"):
        IRClient(A, credential=StaticToken(TOKEN), settings={"timeouts": 3})  # type: ignore[arg-type]
    with pytest.raises(errors.ConfigurationError, match="observer must be callable"):
        IRClient(A, credential=StaticToken(TOKEN), settings=Settings(), observers=["print"])  # type: ignore[list-item]


def test_answers_are_json_that_can_be_read_again() -> None:
    with SYNC.make(A, transport=SYNC.transport(echo)) as ir:
        assert json.loads(json.dumps(ir.similar("1").raw))["items"][0]["id"] == "1"


@in_each_world
def test_who_replaces_fetch_sees_every_call(world) -> None:
    seen: list[str] = []

    class Watched(world.kind):
        def fetch(self, query):
            seen.append(query.operation)
            return super().fetch(query)

    async def story() -> None:
        client = Watched(A, credential=StaticToken(TOKEN), transport=world.transport(echo))
        for _ in range(3):
            await world.ask(client.similar("1"))
        await world.ask(client.similar("1", filters={"Color": "red"}))
        await world.close(client)

    world.play(story)
    assert seen == ["similar"] * 4
