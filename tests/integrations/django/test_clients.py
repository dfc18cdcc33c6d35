"""`ir` and `aio`: made when used, once in a process, anew for other settings, closed at exit."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.test import override_settings

from irclient import AsyncIRClient, ConfigurationError, IRClient
from irclient.integrations.django import aio, ir
from irclient.integrations.django.clients import made_clients
from irclient.testing import override
from tests.integrations.django.conftest import ACCOUNTS

ROOT = Path(__file__).parent.parent.parent.parent


def test_nothing_is_made_for_those_who_only_look(project) -> None:
    assert isinstance(ir, IRClient)
    assert isinstance(aio, AsyncIRClient)
    assert not hasattr(ir, "__wrapped__")
    assert repr(ir) == "<IRClient: not yet made>"
    assert made_clients() == []


def test_a_client_is_made_once_by_however_many_threads(project) -> None:
    gate, seen = threading.Barrier(8), []

    def use():
        gate.wait()
        seen.append(ir.cache)

    threads = [threading.Thread(target=use) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len({id(each) for each in seen}) == 1
    assert repr(ir).startswith("<IRClient: contoso-a/web")


def test_other_settings_make_other_clients(project) -> None:
    assert [each.endpoint for each in ir.health().endpoints] == ["contoso-a/web"]
    others = {
        **ACCOUNTS, "regions": [{"primary": {"account": "contoso-z", "name": "web", "tps": 100}}],
    }  # fmt: skip
    with override_settings(IRCLIENT=others):
        assert [each.endpoint for each in ir.health().endpoints] == ["contoso-z/web"]
        assert [each.endpoint for each in aio.health().endpoints] == ["contoso-z/web"]
    assert [each.endpoint for each in ir.health().endpoints] == ["contoso-a/web"]


def test_settings_that_are_wrong_are_named_when_the_client_is_used(project) -> None:
    with (
        override_settings(IRCLIENT={"regions": []}),
        pytest.raises(ConfigurationError, match="IRCLIENT: credential"),
    ):
        ir.popular()


def test_both_clients_are_replaced_and_come_back(project) -> None:
    own = ir.cache
    with override(aio) as service:
        assert ir.popular(count=1).ids == ["64701"]
        with override(ir) as inner:
            ir.popular()
            assert len(inner.requests) == 1
        ir.popular()
        assert len(service.requests) == 2
    assert ir.cache is own


PROGRAM = """
import sys
from django.conf import settings
settings.configure(IRCLIENT={
    "regions": [{"primary": {"account": "contoso-a", "name": "web", "tps": 100}}],
    "credential": {"kind": "token", "token_env": "SHOP_TOKEN"},
})
import atexit
# Registered before ours, so asked after it.
atexit.register(lambda: print(repr(client)))
from irclient.integrations.django import ir
client = ir.with_options()
print(repr(client))
"""


def test_the_client_is_closed_when_the_process_ends() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        env={"PYTHONPATH": str(ROOT), "SHOP_TOKEN": "t"},
        capture_output=True,
        text=True,
        timeout=50,
        check=True,
    )
    first, last = done.stdout.splitlines()
    assert "closed" not in first
    assert "closed" in last
    assert done.stderr == ""


@pytest.mark.parametrize("first", ["ir", "aio"])
def test_views_of_both_kinds_draw_from_one_share(project, first) -> None:
    clients = [ir, aio] if first == "ir" else [aio, ir]
    shared = {**ACCOUNTS, "share": "1/20"}
    with override_settings(IRCLIENT=shared):
        states = [each.with_options()._state for each in clients]
        assert states[0] is states[1]
        (status,) = [each.allowance for each in ir.health()]
        assert status.full_limit == 5


def test_what_one_kind_of_view_was_answered_the_other_finds_in_memory(project) -> None:
    assert ir.cache is aio.cache
