"""The window of a TPS is exact, over threads of time and over processes."""

import multiprocessing
import time

import pytest

from irclient.contract.rates import rules_of
from irclient.server import window
from irclient.server.window import SECOND, SharedWindows


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def most_within(instants, length):
    ordered = sorted(instants)
    return max(sum(1 for each in ordered if start <= each < start + length) for start in ordered)


@pytest.mark.parametrize("tps", [1, 3, 7.5, 100, 0.25, 1.9, 2.001])
def test_offered_any_load_it_takes_what_the_tps_says_and_never_more(tps):
    clock = Clock()
    windows = SharedWindows([tps], clock=clock)
    taken = []
    length = 40.0 / min(tps, 1)
    step = min(0.004, 0.1 / tps)
    while clock.now < 100.0 + length:
        if windows.take(0) == 0.0:
            taken.append(clock.now)
        clock.now += step
    for rule in rules_of(tps, second=SECOND):
        assert most_within(taken, rule.within) <= rule.most
    assert len(taken) >= 0.95 * tps * length


def test_a_refused_request_is_told_when_one_will_fit():
    clock = Clock()
    windows = SharedWindows([2], clock=clock)
    assert windows.take(0) == 0.0
    clock.now += 0.25
    assert windows.take(0) == 0.0
    assert windows.take(0) == pytest.approx(SECOND - 0.25)
    clock.now += SECOND - 0.25
    assert windows.take(0) == 0.0
    assert windows.take(0) > 0.0


def test_endpoints_do_not_count_against_each_other():
    windows = SharedWindows([1, 2], clock=Clock())
    assert [windows.take(0) == 0.0 for _ in range(2)] == [True, False]
    assert [windows.take(1) == 0.0 for _ in range(3)] == [True, True, False]


def hammer(windows, until, results):
    taken = []
    while time.monotonic() < until:
        before = time.monotonic()
        if windows.take(0) == 0.0:
            taken.append((before, time.monotonic()))
        else:
            time.sleep(0.001)
    results.put(taken)


def test_processes_that_share_it_never_take_more_together():
    context = multiprocessing.get_context("fork")
    windows, results = SharedWindows([50]), context.Queue()
    until = time.monotonic() + 3.0
    workers = [context.Process(target=hammer, args=(windows, until, results)) for _ in range(3)]
    for each in workers:
        each.start()
    taken = [instant for _ in workers for instant in results.get(timeout=30)]
    for each in workers:
        each.join(timeout=30)
    # Each was taken between two instants: what surely lies within one second counts.
    for start, _ in taken:
        surely = [end for begin, end in taken if begin >= start and end < start + 1.0]
        assert len(surely) <= 50
    assert len(taken) >= 100


def test_a_process_that_is_killed_leaves_no_lock_behind():
    context = multiprocessing.get_context("fork")
    windows = SharedWindows([1_000_000])
    until = time.monotonic() + 60.0
    for _ in range(5):
        worker = context.Process(target=hammer, args=(windows, until, None))
        worker.start()
        time.sleep(0.05)
        worker.kill()
        worker.join(timeout=30)
        assert windows.take(0) == 0.0


def test_a_process_that_is_killed_while_it_notes_a_request_takes_none(monkeypatch):
    class Killed:
        size, unpack_from = window._COUNT.size, window._COUNT.unpack_from

        def pack_into(self, *_):
            raise KeyboardInterrupt

    clock = Clock()
    windows = SharedWindows([1], clock=clock)
    with monkeypatch.context() as patched:
        patched.setattr(window, "_COUNT", Killed())
        with pytest.raises(KeyboardInterrupt):
            windows.take(0)
    assert windows.take(0) == 0.0
    assert windows.take(0) > 0.0
