"""Signal handlers and finalizers that use the client which they interrupt."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(__import__("signal"), "SIGUSR1"), reason="no SIGUSR1")

SIGNALS = 10_000

SCRIPT = """
import faulthandler, itertools, os, signal, sys, threading, time
import httpx
from irclient import Caching, IRClient, IRError, Pair, ServiceEndpoint, Settings, StaticToken
from irclient.queries import Similar
from irclient.stores import MemoryStore

faulthandler.dump_traceback_later(100, exit=True)
sys.setswitchinterval(0.0002)
SIGNALS = int(sys.argv[1])
BODY = (
    b'{"id": "similar", "name": "s", "version": "v1", "interactionsVersion": null,'
    b' "items": [{"id": "1"}], "pagingInfo": {"totalItems": 1}, "title": "t",'
    b' "longTitle": null, "titleId": "0"}'
)
refuse = threading.Event()

class Service(httpx.BaseTransport):
    def handle_request(self, request):
        if refuse.is_set() and request.url.host.startswith("a-"):
            return httpx.Response(500)
        return httpx.Response(200, content=BODY)

settings = Settings(caching=Caching(max_entries=50))
ir = IRClient(
    Pair(ServiceEndpoint("a", "web", tps=100_000), ServiceEndpoint("b", "web", tps=100_000)),
    credential=StaticToken("t" * 9), settings=settings, transport=Service(),
)
handled, wrong = itertools.count(), []
done, number = threading.Event(), -1

def handler(signum, frame):
    global number
    turn = next(handled)
    try:
        ir.health()
        ir.stats()
        repr(ir)
        if turn % 3 == 0:
            ir.cache.clear()
        if turn % 5 == 0:
            ir.cache.forget_item("1")
        if turn % 7 == 0:
            ir.similar("from the handler", count=turn % 50 + 1)
    except BaseException as error:
        wrong.append(repr(error))
    finally:
        # Last, so that the next signal does not find this handler at work.
        number = turn

signal.signal(signal.SIGUSR1, handler)

def send():
    for n in range(SIGNALS):
        before = number
        signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)
        if n % 1000 == 0:
            refuse.clear() if refuse.is_set() else refuse.set()
        until = time.monotonic() + 1
        while number == before and time.monotonic() < until:
            time.sleep(0)
    done.set()

def others():
    n = 0
    while not done.is_set():
        n += 1
        try:
            ir.similar(str(n % 200))
        except IRError as error:
            wrong.append(repr(error))
        time.sleep(0)

threads = [threading.Thread(target=each, daemon=True) for each in (send, others)]
for each in threads:
    each.start()
n = 0
while not done.is_set():
    n += 1
    try:
        ir.similar(str(n % 90))
        if n % 50 == 0:
            ir.stats()
            ir.health()
            ir.cache.forget_item("2")
    except Exception as error:
        wrong.append(repr(error))
signal.signal(signal.SIGUSR1, signal.SIG_IGN)
for each in threads:
    each.join(10)
print(number >= SIGNALS * 0.9, len(wrong), wrong[:3], len(ir._state.flights))
store = ir._state.memory._store
print(len(store) <= 50, len(store._places._queue) <= 51)
for n in range(200):
    ir.similar(f"afterwards {n}")
print(len(store), len(store._places._queue))
ir.close()
"""


def run(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT), *arguments],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
        cwd=Path.cwd(),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(160)
def test_a_handler_that_asks_about_the_client_it_interrupts_never_hangs() -> None:
    said = run(str(SIGNALS)).splitlines()
    assert said == ["True 0 [] 0", "True True", "50 50"]
