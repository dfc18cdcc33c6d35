"""Speed does not rot: counts and ratios that a busy machine cannot move.

Seconds belong to `python -m benchmarks`. What is counted here is the same in each run of one
Python; where versions of Python differ, the bounds leave room for it.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pytest

from benchmarks.measuring import calls_made
from irclient import IRClient, Settings, StaticToken
from irclient._clients.assembly import assemble
from irclient._core import identity
from irclient._core.call import call
from irclient._core.identity import KnownQueries
from irclient._core.protocol import Resumed, Send
from irclient._wire.responses import Response
from irclient.queries import Similar
from irclient.testing import ScriptedService, example_pair, list_body

ROOT = Path(__file__).parent.parent.parent
FRONT_DOOR = (
    "from irclient import "
    "IRClient, AsyncIRClient, Pair, ServiceEndpoint, KeyVaultCredential, Settings"
)
#: What only the thread that fetches a token has a use for.
FETCHING = ("msal", "azure", "requests", "cryptography", "tenacity")
ANSWER = Response(200, {}, json.dumps(list_body()).encode(), 0.0)


def imported(statement: str, bytecode: Path) -> tuple[float, set[str]]:
    """The CPU seconds that a statement takes in a fresh process, and the modules in it.

    Bytecode is kept in a folder of the test's: no environment makes us compile each time.
    """
    code = (
        # Where click is installed, httpx loads a command line of its own with it.
        "import sys, time\nsys.modules['click'] = None\n"
        f"began_at = time.process_time()\n{statement}\n"
        "print(time.process_time() - began_at, *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPYCACHEPREFIX": str(bytecode), "PYTHONDONTWRITEBYTECODE": ""},
        capture_output=True,
        text=True,
        check=True,
        timeout=50,
    )
    seconds, *modules = done.stdout.split()
    return float(seconds), set(modules)


def ours(modules: set[str]) -> set[str]:
    return {name for name in modules if name.partition(".")[0] == "irclient"}


def times_httpx(statement: str, bytecode: Path, *, rounds: int = 7) -> float:
    """How many times the CPU of importing httpx a statement takes, each at its quickest.

    What a busy machine adds to a process differs from one to the next; nothing makes it quicker.
    """
    pairs = [
        (imported(statement, bytecode)[0], imported("import httpx", bytecode)[0])
        for _ in range(rounds + 1)
    ]
    ours, theirs = zip(*pairs[1:], strict=True)  # The first round compiled.
    return min(ours) / min(theirs)


def core():
    """The shared state of a client that has a token, and its settings."""
    settings = Settings()
    state = assemble(example_pair(), StaticToken("token"), settings, None, ())
    return state, settings


def drive(query: Similar, state, settings: Settings) -> list[object]:
    """Run a call whose every request is answered well; returns the commands that it gave."""
    commands: list[object] = []
    generator = call(query, state, settings, time.monotonic())
    try:
        commands.append(next(generator))
        while True:
            commands.append(generator.send(Resumed(time.monotonic(), ANSWER)))
    except StopIteration:
        return commands


@pytest.fixture
def client():
    pair = example_pair(tps=10_000)
    service = ScriptedService(pair)
    with IRClient(pair, credential=StaticToken("token"), transport=service) as made:
        yield made


def test_importing_the_package_costs_less_than_importing_httpx(tmp_path: Path) -> None:
    assert times_httpx("import irclient", tmp_path) < 1.0


def test_importing_the_front_door_stays_within_a_few_times_httpx(tmp_path: Path) -> None:
    # About 2.9; two runs of the same code differ by a tenth.
    assert times_httpx(FRONT_DOOR, tmp_path) < 3.5


def test_importing_loads_few_of_our_modules(tmp_path: Path) -> None:
    late = {"irclient._runtime", "irclient._runtime.late_names"}
    plain = ours(imported("import irclient", tmp_path)[1])
    assert plain == {"irclient", "irclient._version", *late}
    assert len(ours(imported(FRONT_DOOR, tmp_path)[1])) <= 96


def test_importing_the_front_door_loads_nothing_that_fetches_tokens(tmp_path: Path) -> None:
    modules = imported(FRONT_DOOR, tmp_path)[1]
    assert modules.isdisjoint({*FETCHING, "irclient.auth.tokens", "irclient.auth.entra"})


def test_importing_the_front_door_loads_no_http_library(tmp_path: Path) -> None:
    modules = imported(FRONT_DOOR, tmp_path)[1]
    assert modules.isdisjoint({"httpx", "httpcore", "h11", "trio"})
    blocking = imported("from irclient import IRClient", tmp_path)[1]
    assert blocking.isdisjoint({"anyio", "asyncio", "ssl"})


def test_an_uncached_call_asks_its_driver_for_one_thing() -> None:
    state, settings = core()
    commands = drive(Similar("1"), state, settings)
    assert [type(each) for each in commands] == [Send]


def test_a_cached_call_asks_its_driver_for_nothing() -> None:
    state, settings = core()
    drive(Similar("1"), state, settings)
    assert drive(Similar("1"), state, settings) == []


def test_the_target_of_a_query_is_worked_out_once_in_its_life(client, monkeypatch) -> None:
    worked_out: list[object] = []

    def counting(query, *, modeling):
        worked_out.append(query)
        return target_of(query, modeling=modeling)

    target_of = identity.target_of
    monkeypatch.setattr(identity, "target_of", counting)
    query = Similar("1")
    client.fetch(query)
    client.fetch(query)
    assert worked_out == [query]


def test_an_answer_from_memory_is_a_few_calls_of_functions(client) -> None:
    query = Similar("1", count=10)
    client.fetch(query)
    assert calls_made(lambda: client.fetch(query)) <= 19
    client.similar("1", count=10)
    assert calls_made(lambda: client.similar("1", count=10)) <= 22


def test_an_answer_from_memory_costs_the_same_however_much_is_remembered() -> None:
    state, settings = core()
    query = Similar("1")
    for _ in range(3):
        drive(query, state, settings)
    among_few = calls_made(lambda: drive(query, state, settings))
    target = identity.identity(query)
    entry, _ = state.memory.recall(target, settings.caching, time.monotonic())
    assert entry is not None
    for number in range(9_000):
        state.memory._store.set(f"another {number}", entry)
    assert calls_made(lambda: drive(query, state, settings)) == among_few


def test_learning_a_query_costs_the_same_however_many_are_known() -> None:
    """A search for the first one among those that were forgotten would take a hundred times."""

    def seconds_to_learn(most: int, *, times: int) -> float:
        known = KnownQueries(most)
        query = Similar("1")
        for number in range(most):
            known.learn((number,), query)
        began_at = time.process_time()
        for number in range(most, most + times):
            known.learn((number,), query)
        return time.process_time() - began_at

    among_few = min(seconds_to_learn(10, times=50_000) for _ in range(3))
    assert seconds_to_learn(100_000, times=50_000) < 8 * among_few


def test_an_answer_from_memory_keeps_little_that_is_new(client) -> None:
    client.similar("1", count=10)
    kept: list[object] = [None] * 200
    for index in range(100):
        kept[index] = client.similar("1", count=10)
    gc.collect()
    before = sys.getallocatedblocks()
    for index in range(100, 200):
        kept[index] = client.similar("1", count=10)
    gc.collect()
    # The answer and how old it is: its items, and how they were served, are the first one's.
    assert (sys.getallocatedblocks() - before) / 100 <= 6


def test_the_decisions_of_a_call_are_a_bounded_number_of_calls_of_functions() -> None:
    state, settings = core()
    drive(Similar("0"), state, settings)
    bound = 208
    if int(version("cachetools").partition(".")[0]) < 8:
        bound += 2  # these ask for an entry's size, and note it, although each counts as one
    assert calls_made(lambda: drive(Similar("1"), state, settings)) <= bound


def test_the_decisions_of_a_call_do_not_grow_with_the_calls_before_it() -> None:
    state, settings = core()
    drive(Similar("0"), state, settings)
    early = calls_made(lambda: drive(Similar("a"), state, settings))
    for number in range(1, 90):
        drive(Similar(str(number)), state, settings)
    assert calls_made(lambda: drive(Similar("b"), state, settings)) <= early + 12
