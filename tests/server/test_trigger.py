"""The trigger's limits are the documented ones, over workers and restarts."""

import asyncio
import time

import pytest

from irclient.server.served import ServedModeling
from irclient.server.trigger import Trigger, may_start

MINUTE, HOUR = 60.0, 3_600.0


def test_one_in_thirty_minutes_and_five_in_a_day():
    assert may_start([], 0.0)
    assert not may_start([0.0], 30 * MINUTE - 1)
    assert may_start([0.0], 30 * MINUTE)
    five = [each * HOUR for each in range(5)]
    assert not may_start(five, 23 * HOUR)
    assert may_start(five, 24 * HOUR)
    # A clock that was set back does not lock the trigger for ever.
    assert may_start([1_000_000.0], 0.0)


def start(folder, command, now):
    modeling = ServedModeling(name="shop", output=folder, cook=tuple(command))
    return asyncio.run(Trigger(folder).start("contoso", modeling, now))


def test_the_command_runs_and_nobody_else_starts_one_while_it_does(tmp_path):
    done = tmp_path / "done"
    command = ["sh", "-c", f"sleep 0.5; echo cooked > {done}"]
    assert start(tmp_path, command, 0.0)
    assert not start(tmp_path, command, 10 * HOUR)
    until = time.monotonic() + 20.0
    while not done.exists() and time.monotonic() < until:
        time.sleep(0.05)
    while not start(tmp_path, ["true"], 10 * HOUR) and time.monotonic() < until:
        time.sleep(0.05)
    assert time.monotonic() < until
    # Another process, and one after a restart, reads the same limits.
    assert not start(tmp_path, ["true"], 10 * HOUR + 1)


def test_a_command_that_cannot_be_run_is_told_and_not_counted(tmp_path):
    with pytest.raises(FileNotFoundError):
        start(tmp_path, ["no-such-command"], 0.0)
    assert start(tmp_path, ["true"], 1.0)


def test_a_torn_note_counts_as_none(tmp_path):
    (tmp_path / "contoso-shop.json").write_text("[12")
    assert start(tmp_path, ["true"], 0.0)
