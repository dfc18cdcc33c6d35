"""gevent in time, and gevent too late."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("gevent")

CALL = """
from irclient import IRClient, ServiceEndpoint, StaticToken, IRError
ir = IRClient(ServiceEndpoint("a", "web", tps=9, url="https://localhost:1"),
              credential=StaticToken("t"))
def call():
    try:
        ir.popular()
    except IRError as error:
        print(type(error).__name__, error)
"""
PATCH = "from gevent import monkey; monkey.patch_all()\n"
FETCH = """
import irclient
irclient.preload()
from irclient._runtime.patching import patched_too_late
"""


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_call_after_a_patch_that_came_too_late_says_what_to_do() -> None:
    said = run(CALL + PATCH + "call()\n")
    assert said.startswith("ConfigurationError gevent has replaced the ssl module")
    assert "gunicorn.conf.py" in said


def test_a_patch_that_came_first_is_no_trouble() -> None:
    assert run(PATCH + CALL + "call()\n").startswith("Unavailable")


def test_without_gevent_there_is_none_either() -> None:
    assert run(CALL + "call()\n").startswith("Unavailable")


def test_what_fetches_tokens_is_looked_at_as_well() -> None:
    assert "gevent" in run(FETCH + PATCH + "print(patched_too_late())")
    assert run(PATCH + FETCH + "print(patched_too_late())").strip() == "None"
