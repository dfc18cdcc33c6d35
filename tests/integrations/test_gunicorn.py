"""The hooks for gunicorn, called as gunicorn calls them; `tests/servers` runs it for real."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from irclient import IRClient, Settings, StaticToken, Throttling
from irclient.integrations import gunicorn as hooks
from irclient.process import share_anew
from irclient.testing import ScriptedService, example_pair
from tests.collector import take_out_of_sight

if TYPE_CHECKING:
    from collections.abc import Iterator

MASTER = SimpleNamespace(num_workers=4)
WORKER = SimpleNamespace(pid=4711)


@pytest.fixture(autouse=True)
def _no_workers(monkeypatch) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "1")
    monkeypatch.delenv("IRCLIENT_REPLICAS", raising=False)


@pytest.fixture(autouse=True, scope="module")
def _thawed() -> Iterator[None]:
    yield
    take_out_of_sight()


def limits(ir: IRClient) -> list[int]:
    return [each.allowance.limit for each in ir.health()]


def client(**throttling) -> IRClient:
    return IRClient(
        example_pair(tps=100),
        credential=StaticToken("t"),
        settings=Settings(throttling=Throttling(**throttling)),
        transport=ScriptedService(),
    )


def test_the_number_of_workers_is_known_before_the_application_is_loaded() -> None:
    hooks.nworkers_changed(MASTER, 4, None)
    assert limits(client(share="auto")) == [25, 25]


def test_while_gunicorn_stops_the_number_of_its_workers_says_nothing() -> None:
    hooks.nworkers_changed(MASTER, 4, None)
    hooks.nworkers_changed(MASTER, 0, 4)
    assert os.environ["WEB_CONCURRENCY"] == "4"


def test_a_client_made_before_that_gets_its_share_in_the_worker() -> None:
    ir, fixed = client(share="auto"), client(share=0.5)
    copy = ir.with_options(deadline=1.0)
    ir.popular()
    assert limits(ir) == [100, 100]
    hooks.on_starting(MASTER)
    hooks.post_fork(MASTER, WORKER)
    assert limits(ir) == limits(copy) == [25, 25]
    assert limits(fixed) == [50, 50]


def test_a_share_that_was_worked_out_stays_so_in_a_configuration(monkeypatch) -> None:
    for name, value in {
        "IRCLIENT_PRIMARY": "contoso-a/web",
        "IRCLIENT_TPS": "100",
        "IRCLIENT_TOKEN": "t",
        "IRCLIENT_SHARE": "auto",
    }.items():
        monkeypatch.setenv(name, value)
    ir = IRClient.from_env(settings=Settings(throttling=Throttling(max_wait=1.0)))
    assert limits(ir) == [100]
    monkeypatch.setenv("WEB_CONCURRENCY", "10")
    share_anew()
    assert limits(ir) == [10]


def test_a_worker_that_ends_closes_its_connections() -> None:
    ir = client()
    hooks.worker_exit(MASTER, WORKER)
    assert ir.popular().ids


ENDS = """
import gc, os
from irclient.integrations import gunicorn as hooks
gc.disable()
class Held:
    def __del__(self, write=os.write):
        write(1, b"looked at")
held = Held()
held.itself = held  # Only a collection of garbage can find it.
del held
"""


@pytest.mark.parametrize(
    ("hook", "said"), [("", "looked at"), ("hooks.worker_exit(None, None)", "")]
)
def test_a_worker_that_ends_is_spared_the_last_collections(hook, said) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ENDS + hook], capture_output=True, text=True, check=True
    )
    assert done.stdout == said


def test_the_gauges_of_a_worker_that_has_ended_are_forgotten(monkeypatch, tmp_path) -> None:
    multiprocess = pytest.importorskip("prometheus_client.multiprocess")
    dead: list[int] = []
    monkeypatch.setattr(multiprocess, "mark_process_dead", dead.append)
    hooks.child_exit(MASTER, WORKER)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    hooks.child_exit(MASTER, WORKER)
    assert dead == [4711]


def test_gunicorn_knows_a_setting_by_the_name_of_each_hook() -> None:
    config = pytest.importorskip("gunicorn.config")
    known = config.Config().settings
    assert set(hooks.__all__) <= set(known)
