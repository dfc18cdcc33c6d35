"""The service under load: while its data are cooked and switched, and what a worker more costs."""

import json
import socket
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from irclient.emulator.shop.written_shop import user_id, write_shop
from tests.server.cooked_service import CONFIG, KEY, cook, running_service
from tests.server.test_supervisor import eventually

pytestmark = pytest.mark.timing

COOK = """cook = {command}
[[accounts.endpoints]]"""
#: Requests a second of the load, and seconds of it before the cooking.
OFFERED, QUIET_FOR = 150, 4.0
#: Seconds below which a share of requests is not told apart from the scheduler's own.
LEAST = 0.015


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("load")
    write_shop(folder / "shop", items=1_000, users=4_000, interactions=100_000)
    cook(folder / "shop", folder / "out")
    (folder / "keys.txt").write_text(KEY)
    command = [
        sys.executable, "-m", "irclient", "cook", str(folder / "shop"), "--to", str(folder / "out"),
    ]  # fmt: skip
    config = CONFIG.replace("[[accounts.endpoints]]", COOK.format(command=json.dumps(command)))
    (folder / "server.toml").write_text(config)
    return folder


class Load:
    """Requests at a steady rate on connections of their own, whatever the answers take."""

    def __init__(self, url, paths):
        self._address, self._paths = address_of(url), paths
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._send, args=(at,)) for at in range(2)]
        self.took, self.failed, self.versions = [], [], set()

    def __enter__(self):
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        for each in self._threads:
            each.join()

    def _send(self, at):
        # As little of Python as possible: what is measured is the service.
        with socket.create_connection(self._address, timeout=10) as connection:
            due = time.monotonic()
            while not self._ended.is_set():
                at += 1
                time.sleep(max(0.0, due - time.monotonic()))
                path = self._paths[at % len(self._paths)]
                try:
                    status, version = _asked(connection, path)
                except OSError as problem:
                    self.failed.append(repr(problem))
                    return
                # From when it was due: a late start is somebody's waiting.
                self.took.append((time.monotonic(), time.monotonic() - due))
                self.versions.add(version)
                if status != b"200":
                    self.failed.append(status)
                due += len(self._threads) / OFFERED

    def slowest_percent(self, since, until):
        took = sorted(took for at, took in self.took if since <= at < until)
        return took[int(len(took) * 0.99)]


def _asked(connection, path):
    request = f"GET /reco/v1.0/{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n\r\n"
    connection.sendall(request.encode())
    answer = connection.recv(65_536)
    head, _, body = answer.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        more = connection.recv(65_536)
        if not more:
            raise ConnectionError("cut off")
        body += more
    return head[9:12], json.loads(body).get("interactionsVersion")


@pytest.mark.timeout(240)
def test_nothing_fails_and_little_waits_while_data_are_cooked_and_switched(place):
    (part,) = (place / "shop" / "Reco_Interactions").glob("*.csv")
    paths = [f"picks?userId={user_id(at)}" for at in range(1, 300)]
    paths += [f"popular?count=10&skipItems={at}" for at in range(300)]
    with running_service(place) as url, Load(url, paths) as load:
        time.sleep(1.0)
        quiet_from = time.monotonic()
        time.sleep(QUIET_FOR)
        with part.open("ab") as file:
            file.write(b"B9999999,70000,,1,Transaction,2026-01-01T00:00:00.000Z,,1,,,,True\r\n")
        began_at = time.monotonic()
        headers = {"authorization": f"Bearer {KEY}"}
        started = httpx.post(f"{url}/Control/V1.0/Model", headers=headers, timeout=30)
        assert started.status_code // 100 == 2, started.text
        eventually(lambda: len(load.versions) == 2, within=150)
        time.sleep(1.0)
        ended_at = time.monotonic()
    assert load.failed == []
    quiet = load.slowest_percent(quiet_from, began_at)
    cooking = load.slowest_percent(began_at, ended_at)
    print(f"p99 {quiet * 1e3:.1f} ms, while cooking {cooking * 1e3:.1f} ms")  # noqa: T201
    assert cooking <= 3 * max(quiet, LEAST)


def private_kilobytes(process_id):
    rollup = Path(f"/proc/{process_id}/smaps_rollup").read_text()
    rows = (line.split() for line in rollup.splitlines() if line.startswith("Private_"))
    return sum(int(row[1]) for row in rows)


@pytest.mark.timeout(180)
def test_a_second_worker_costs_less_than_sixty_megabytes(place):
    used, found = [], []
    for workers in (1, 2):
        config = (place / "server.toml").read_text()
        (place / "server.toml").write_text(config.replace("workers = 2", f"workers = {workers}"))
        with running_service(place, started=found.append) as url:
            # On connections of their own, so that each worker gets some.
            for first in range(0, 480, 40):
                with socket.create_connection(address_of(url), timeout=10) as connection:
                    for at in range(first, first + 40):
                        _asked(connection, f"picks?userId={user_id(at)}")
            used.append(sum(map(private_kilobytes, family_of(found[-1].pid))))
        (place / "server.toml").write_text(config)
    more = (used[1] - used[0]) / 1024
    print(f"a second worker takes {more:.0f} MB")  # noqa: T201
    assert more <= 60


def address_of(url):
    return httpx.URL(url).host, httpx.URL(url).port


def family_of(process_id):
    """The process and all its descendants."""
    children = Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()
    return [process_id, *(each for child in map(int, children) for each in family_of(child))]
