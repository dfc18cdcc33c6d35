"""Clients in processes of their own: at the limit of threads, and at the process's end."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits are counted otherwise")

SETTING = """
import asyncio, atexit, os, resource, sys, threading, time
import httpx
from typing import NamedTuple
from irclient import (
    AsyncIRClient, Caching, Hedging, IRClient, IRError, Pair, ServiceEndpoint, Settings,
    StaticToken, Timeouts,
)
from irclient.queries import Similar

BODY = (
    b'{"id": "similar", "name": "s", "version": "v1", "interactionsVersion": null,'
    b' "items": [{"id": "1"}], "pagingInfo": {"totalItems": 1}, "title": "t",'
    b' "longTitle": null, "titleId": "0"}'
)
hangs = threading.Event()

class Service(httpx.BaseTransport):
    def handle_request(self, request):
        if hangs.is_set():
            time.sleep(request.extensions["timeout"]["read"])
            raise httpx.ReadTimeout("hung")
        return httpx.Response(200, content=BODY)

class Token(NamedTuple):
    token: str
    expires_on: int

class Credential:
    def get_token(self, *scopes, **options):
        return Token("t" * 9, int(time.time()) + 3600)

PAIR = Pair(ServiceEndpoint("a", "web", tps=5000), ServiceEndpoint("b", "web", tps=5000))

def at_the_limit(most):
    # A user of this test's own: the limit counts every thread that a user has anywhere. For root
    # there is none; for others, who may have many, most of them elsewhere, there are no more.
    if os.getuid() == 0:
        os.setgid(65534)
        os.setuid(400000 + os.getpid())
    else:
        most = 1
    resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
    return most
"""


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", SETTING + textwrap.dedent(script), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=Path.cwd(),
    )


@pytest.mark.parametrize("most", [1, 3, 60])
def test_three_hundred_stale_answers_need_no_thread_and_closing_returns(most) -> None:
    done = run(
        """
        settings = Settings(
            caching=Caching(fresh_for=0.01), timeouts=Timeouts(deadline=3, attempt=0.5)
        )
        ir = IRClient(PAIR, credential=StaticToken("t" * 9), settings=settings, transport=Service())
        for n in range(300):
            ir.similar(str(n))
        hangs.set()
        time.sleep(0.02)
        at_the_limit(int(sys.argv[1]))
        sources, slowest = set(), 0.0
        for n in range(300):
            began_at = time.monotonic()
            sources.add(ir.similar(str(n)).served.source)
            slowest = max(slowest, time.monotonic() - began_at)
        threads, began_at = threading.active_count(), time.monotonic()
        ir.close()
        ir.close()
        assert time.monotonic() - began_at < 2, "closing took long"
        print(sources, threads <= 32, slowest < 0.5)
        """,
        str(most),
    )
    assert done.stdout.split("\n")[0] == "{'stale'} True True", done.stderr
    assert done.returncode == 0, done.stderr


def test_calls_at_the_limit_end_in_an_answer_or_an_ir_error() -> None:
    done = run(
        """
        settings = Settings(hedging=Hedging(enabled=True, after=0.001, budget=1.0))
        ir = IRClient(PAIR, credential=Credential(), settings=settings, transport=Service())
        at_the_limit(1)
        began_at = time.monotonic()
        for n in range(20):
            try:
                ir.similar(str(n))
                print("answered")
            except IRError as error:
                assert "thread" in str(error), error
        assert time.monotonic() - began_at < 5
        lists = ir.fetch_many([Similar("1")] * 3, return_errors=True)
        assert all(isinstance(each, IRError) for each in lists), lists
        ir.close()
        ready = IRClient(PAIR, credential=StaticToken("t" * 9), transport=Service())
        answers = ready.fetch_many([Similar(str(n)) for n in range(20)], concurrency=4)
        assert [answer.ids for answer in answers] == [["1"]] * 20
        ready.close()
        print("over")
        """
    )
    assert done.stdout == "over\n", done.stdout + done.stderr


@pytest.mark.parametrize("kind", ["blocking", "async"])
def test_a_client_that_is_used_at_exit_ends_in_an_ir_error_or_an_answer(kind) -> None:
    done = run(
        """
        kind = sys.argv[1]
        if kind == "blocking":
            ir = IRClient(PAIR, credential=Credential(), transport=Service())
            def ask():
                try:
                    return [each.ids for each in ir.fetch_many([Similar("1")])][0]
                finally:
                    ir.close()
        else:
            class Async(httpx.AsyncBaseTransport):
                async def handle_async_request(self, request):
                    return httpx.Response(200, content=BODY)
            ir = AsyncIRClient(PAIR, credential=Credential(), transport=Async())
            def ask():
                async def story():
                    async with ir:
                        return (await ir.similar("1")).ids
                return asyncio.run(story())

        def last_words():
            try:
                print(ask())
            except IRError as error:
                print(type(error).__name__)

        class Leaves:
            def __del__(self):
                # Blocking only: asyncio itself is gone by now.
                if kind == "blocking":
                    last_words()

        atexit.register(last_words)
        # Never collected before the interpreter ends.
        sys.leaves = Leaves()
        """,
        kind,
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.split("\n")
    assert said[0] in {"['1']", "AuthenticationError"}, done.stdout + done.stderr
    assert all(line in {"ClientClosed", "AuthenticationError", ""} for line in said[1:])
    assert "Traceback" not in done.stderr, done.stderr
