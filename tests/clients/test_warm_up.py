"""`warm_up`, `readiness` and `preload` of both clients."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time

import pytest

from irclient import (
    AsyncIRClient,
    AuthenticationError,
    ConfigurationError,
    DeadlineExceeded,
    IRClient,
    Readiness,
    StaticToken,
    Unavailable,
)
from irclient.testing import ScriptedService, example_pair
from tests.worlds import in_each_world


class Vault:
    """A credential that takes its time, and can be down."""

    def __init__(self, *, takes: float = 0.0, trouble: Exception | None = None) -> None:
        self.takes = takes
        self.trouble = trouble
        self.asked = 0

    def get_token(self, *scopes, **options):
        self.asked += 1
        time.sleep(self.takes)
        if self.trouble is not None:
            raise self.trouble
        return type("Token", (), {"token": "a-token", "expires_on": time.time() + 3600})()


def client(kind, service, credential=None):
    return kind(example_pair(), credential=credential or StaticToken("t"), transport=service)


@in_each_world
def test_a_client_that_is_warm_sends_its_first_call_at_once(world) -> None:
    async def story() -> None:
        service, vault = ScriptedService(), Vault()
        ir = client(world.kind, service, vault)
        warm = await world.ask(ir.warm_up())
        assert isinstance(warm, Readiness)
        assert (warm.ok, warm.token, vault.asked) == (True, "valid", 1)
        await world.ask(ir.popular())
        assert [each.account for each in service.requests] == ["contoso-a-web"] * 2
        assert vault.asked == 1
        await world.close(ir)

    world.play(story)


@in_each_world
def test_warming_up_stops_no_process_from_starting_unless_it_is_strict(world) -> None:
    async def story() -> None:
        service = ScriptedService()
        service.on("contoso-a").fail(503)
        service.on("contoso-b").fail(503)
        down = client(world.kind, service)
        await world.ask(down.warm_up(timeout=2.0))
        with pytest.raises(Unavailable):
            await world.ask(down.warm_up(timeout=2.0, strict=True))
        await world.close(down)
        locked = client(world.kind, ScriptedService(), Vault(trouble=ValueError("locked")))
        told = await world.ask(locked.warm_up(timeout=2.0))
        assert (told.ok, told.token) == (False, "missing")
        with pytest.raises(AuthenticationError):
            await world.ask(locked.warm_up(timeout=2.0, strict=True))
        await world.close(locked)

    world.play(story)


@in_each_world
def test_warming_up_takes_no_longer_than_it_may(world) -> None:
    async def story() -> None:
        ir, began_at = client(world.kind, ScriptedService(), Vault(takes=3.0)), time.monotonic()
        assert not (await world.ask(ir.warm_up(timeout=0.2))).ok
        assert time.monotonic() - began_at < 2.0
        with pytest.raises(DeadlineExceeded) as raised:
            await world.ask(ir.warm_up(timeout=0.05, strict=True))
        assert raised.value.retry_after == 1.0
        await world.close(ir)

    world.play(story)


@pytest.mark.parametrize("timeout", ["10", None, -1, float("nan")])
def test_a_timeout_that_is_none_is_refused(timeout) -> None:
    with pytest.raises(ConfigurationError, match="timeout must be a number of seconds"):
        client(IRClient, ScriptedService()).warm_up(timeout)


def until(said, *, within: float) -> float:
    began_at = time.monotonic()
    while not said():
        assert time.monotonic() - began_at < within
        time.sleep(0.02)
    return time.monotonic() - began_at


def test_a_cold_client_becomes_ready_by_being_asked() -> None:
    with client(IRClient, ScriptedService(), Vault(takes=0.3)) as ir:
        assert not ir.readiness()
        until(ir.readiness, within=10.0)


def test_an_async_client_becomes_ready_by_being_asked_from_a_thread_as_well() -> None:
    async def main() -> None:
        vault = Vault(trouble=ValueError("locked"))
        async with client(AsyncIRClient, ScriptedService(), vault) as ir:
            assert not await ir.warm_up(timeout=1.0)
            vault.trouble = None
            said: list[bool] = []

            def ask() -> None:
                until(ir.readiness, within=14.0)
                said.append(True)

            asker = threading.Thread(target=ask)
            asker.start()
            await asyncio.to_thread(asker.join)
            assert said == [True]

    asyncio.run(main())


def test_an_async_client_that_no_loop_runs_answers_from_memory() -> None:
    ir = client(AsyncIRClient, ScriptedService(), Vault())
    assert not ir.readiness()
    assert not ir.readiness()
    assert asyncio.run(ir.warm_up()).ok
    assert ir.readiness().ok


def test_readiness_after_a_loop_has_ended_does_not_ask_that_loop() -> None:
    vault = Vault(trouble=ValueError("locked"))
    ir = client(AsyncIRClient, ScriptedService(), vault)
    asyncio.run(ir.warm_up(timeout=0.5))
    assert not ir.readiness()
    vault.trouble = None

    async def main() -> bool:
        ir.readiness()
        await asyncio.to_thread(until, ir.readiness, within=14.0)
        return ir.readiness().ok

    assert asyncio.run(main())


def test_closing_ends_the_background_at_once() -> None:
    ir = client(IRClient, ScriptedService(), Vault(trouble=ValueError("locked")))
    assert not ir.readiness()
    time.sleep(0.1)
    began_at = time.monotonic()
    ir.close()
    assert time.monotonic() - began_at < 0.9
    assert not ir.readiness()


def test_readiness_is_shown_as_a_table_and_a_line() -> None:
    with client(IRClient, ScriptedService()) as ir:
        ir.warm_up()
        told = ir.readiness()
    assert str(told) == ("ready: token valid, contoso-a/web working, contoso-b/web working")
    shown = told._repr_html_()
    assert "<caption>ready</caption>" in shown
    assert shown.count("<tr>") == 4
    assert "contoso-b/web" in shown


def test_a_users_words_in_an_error_are_escaped_where_they_are_shown() -> None:
    told = Readiness(
        ok=False, token="missing", token_expires_in=None, token_error="<b>no</b>", endpoints=()
    )
    assert "&lt;b&gt;no&lt;/b&gt;" in told._repr_html_()


def test_preloading_loads_what_the_first_token_needs_and_starts_nothing() -> None:
    code = """
import json, sys, threading
import irclient
before = set(sys.modules)
irclient.preload()
print(json.dumps([sorted({name.partition(".")[0] for name in sys.modules}),
                  threading.active_count()]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=50, check=True
    )
    loaded, threads = json.loads(done.stdout)
    assert {"msal", "azure", "requests", "cryptography", "httptools", "anyio"} <= set(loaded)
    assert threads == 1
