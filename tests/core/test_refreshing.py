"""Refreshing: how many at a time, and how soon after one that failed."""

from __future__ import annotations

from irclient._core.refreshing import Refreshes


def test_at_most_eight_are_under_way() -> None:
    refreshes = Refreshes()
    begun = [refreshes.begin(str(number), 100.0, lost_at=105.0) for number in range(3000)]
    assert sum(begun) == len(refreshes) == 8
    refreshes.end("0", 101.0, failed=False)
    assert refreshes.begin("4000", 101.0, lost_at=105.0)


def test_each_answer_is_refreshed_once_at_a_time() -> None:
    refreshes = Refreshes()
    assert refreshes.begin("a", 100.0, lost_at=105.0)
    assert not refreshes.begin("a", 100.0, lost_at=105.0)
    refreshes.cancel("a")
    assert refreshes.begin("a", 100.0, lost_at=105.0)


def test_a_pause_follows_a_failure_and_is_doubled_each_time() -> None:
    refreshes, now, begun = Refreshes(), 100.0, []
    while now < 116.0:
        if refreshes.begin("a", now, lost_at=now + 5):
            begun.append(round(now - 100.0, 1))
            refreshes.end("a", now, failed=True)
        now += 0.1
    assert begun == [0.0, 1.1, 3.2, 7.3, 15.4]
    assert refreshes.begin("b", now, lost_at=now + 5)


def test_an_answer_ends_the_pause() -> None:
    refreshes = Refreshes()
    refreshes.begin("a", 100.0, lost_at=105.0)
    refreshes.end("a", 100.0, failed=True)
    refreshes.begin("a", 101.5, lost_at=105.0)
    refreshes.end("a", 101.5, failed=False)
    assert refreshes.begin("a", 101.5, lost_at=105.0)


def test_one_that_was_lost_in_a_fork_makes_room() -> None:
    refreshes = Refreshes()
    for number in range(8):
        refreshes.begin(str(number), 100.0, lost_at=105.0)
    assert not refreshes.begin("8", 104.0, lost_at=110.0)
    assert refreshes.begin("8", 105.1, lost_at=110.0)


def test_pauses_do_not_fill_the_memory() -> None:
    refreshes = Refreshes()
    for number in range(10_000):
        refreshes.begin(str(number), 100.0, lost_at=105.0)
        refreshes.end(str(number), 100.0, failed=True)
    assert len(refreshes._pauses) == 4096
