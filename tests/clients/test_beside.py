"""A client beside another: of the two kinds, one state, whoever asks on threads or on tasks."""

from __future__ import annotations

from contextlib import asynccontextmanager

import anyio
import anyio.to_thread
import pytest

from irclient import AsyncIRClient, ConfigurationError, IRClient
from irclient.configuration import Configuration
from irclient.errors import ClientClosed, Throttled
from irclient.settings import Caching, Settings, Throttling
from tests import weather as bad
from tests.weather import weather
from tests.worlds import options


def configuration(server, *, tps: float) -> Configuration:
    region = {"primary": {"account": "a", "name": "web", "tps": tps, "url": server.url}}
    return Configuration.from_mapping(
        {"regions": [region], "credential": {"kind": "token", "token_env": "SHOP_TOKEN"}},
        name="the settings",
    )


@pytest.fixture
def beside(monkeypatch):
    monkeypatch.setenv("SHOP_TOKEN", "t")

    @asynccontextmanager
    async def make(server, *, tps=10_000, observers=(), **groups):
        read, settings = configuration(server, tps=tps), options(**groups)
        ir = IRClient.from_configuration(read, settings=settings, observers=observers)
        aio = AsyncIRClient.from_configuration(
            read, settings=settings, observers=observers, beside=ir
        )
        try:
            yield ir, aio
        finally:
            await aio.aclose()
            await anyio.to_thread.run_sync(ir.close)

    return make


def test_both_kinds_together_keep_below_the_tps(beside) -> None:
    async def story() -> None:
        async with beside(server, tps=5, throttling=Throttling(max_wait=0)) as (ir, aio):
            for number in range(3):
                await anyio.to_thread.run_sync(ir.similar, f"on a thread {number}")
            for number in range(2):
                await aio.similar(f"on a task {number}")
            with pytest.raises(Throttled):
                await aio.similar("one too many")
            with pytest.raises(Throttled):
                await anyio.to_thread.run_sync(ir.similar, "one too many")

    with weather() as server:
        anyio.run(story)
        assert len(server.seen) == 5


def test_equal_calls_on_a_thread_and_on_a_task_send_one_request(beside) -> None:
    async def story() -> None:
        made = beside(server, caching=Caching())
        async with made as (ir, aio), anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.to_thread.run_sync, ir.similar, "64702")
            while not server.seen:  # noqa: ASYNC110  (the server runs on a thread)
                await anyio.sleep(0.01)
            tasks.start_soon(aio.similar, "64702")

    with weather(bad.after(0.3)) as server:
        anyio.run(story)
        assert len(server.seen) == 1


def test_closing_one_closes_both(beside) -> None:
    async def story() -> None:
        async with beside(server) as (ir, aio):
            await aio.similar("64702")
            ir.close()
            with pytest.raises(ClientClosed):
                await aio.similar("64703")

    with weather() as server:
        anyio.run(story)


def test_an_observer_looks_at_what_they_share_once(beside) -> None:
    class Looking:
        def __init__(self) -> None:
            self.watched = []

        def __call__(self, record) -> None:
            self.watched.append(record)

        def watch(self, client) -> None:
            self.watched.append(client)

    observer = Looking()

    async def story() -> None:
        async with beside(server, observers=[observer]):
            pass

    with weather() as server:
        anyio.run(story)
    assert len(observer.watched) == 1


@pytest.mark.parametrize("other", ["a client", 7])
def test_what_is_no_client_is_refused(other, monkeypatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "t")
    refused = pytest.raises(ConfigurationError, match="beside must be a client, got")
    with weather() as server, refused:
        IRClient.from_configuration(configuration(server, tps=5), beside=other)


def test_a_client_of_another_share_is_refused(monkeypatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "t")
    with weather() as server, IRClient.from_configuration(configuration(server, tps=5)) as ir:
        for read, given in (
            (configuration(server, tps=6), None),
            (configuration(server, tps=5), Settings(throttling=Throttling(share=0.5))),
        ):
            with pytest.raises(ConfigurationError, match="same endpoints and throttling"):
                AsyncIRClient.from_configuration(read, settings=given, beside=ir)
