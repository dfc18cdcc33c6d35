"""A running server in processes of its own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.server.cooked_service import client_of, running_service

ROOT = Path(__file__).parents[2]
KEY = "a-key-for-tests"
CONFIG = """
port = 0
workers = {workers}
drain_delay = {drain_delay}
{top}
[limits]
{limits}
[[accounts]]
name = "contoso-a"
keys_file = "keys.txt"
{account}
[[accounts.endpoints]]
name = "web"
tps = {tps}
{more}
"""


class Running:
    """A server that was started."""

    def __init__(self, process, url, folder):
        self.process = process
        self.url = url
        self.folder = folder
        self.headers = {"authorization": f"Bearer {KEY}"}

    @property
    def address(self):
        url = httpx.URL(self.url)
        return url.host, url.port

    def client(self, **options):
        return httpx.Client(base_url=self.url, headers=self.headers, timeout=20.0, **options)

    def get(self, path, **options):
        with self.client() as client:
            return client.get(path, **options)

    def switch_to(self, number):
        new = self.folder / "out" / "new"
        new.write_text(f"{number}\n")
        new.replace(self.folder / "out" / "current")

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


@pytest.fixture
def serving(tmp_path):
    """A function that starts a server and returns it; it is ended with the test."""
    started = []

    def start(
        *, workers=2, tps=100_000, drain_delay=0.2, top="", limits="", account="", more="", out="7"
    ):
        (tmp_path / "out").mkdir(exist_ok=True)
        if out is not None:
            (tmp_path / "out" / "current").write_text(out)
        (tmp_path / "keys.txt").write_text(f"# for tests\n{KEY}\n")
        config = tmp_path / "server.toml"
        config.write_text(
            CONFIG.format(
                workers=workers,
                tps=tps,
                drain_delay=drain_delay,
                top=top,
                limits=limits,
                account=account,
                more=more,
            )
        )
        log = (tmp_path / "log.txt").open("w")
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.server.fake_service", str(tmp_path / "out"), config],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        log.close()
        started.append(process)
        line = process.stdout.readline()
        assert line, (tmp_path / "log.txt").read_text()
        return Running(process, json.loads(line)["url"], tmp_path)

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


@pytest.fixture(scope="module")
def url(place):
    """Where the service over the module's `place` listens."""
    with running_service(place) as url:
        yield url


@pytest.fixture
def ir(url):
    """A client of that service."""
    with client_of(url) as client:
        yield client
