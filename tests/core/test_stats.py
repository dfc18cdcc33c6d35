"""Stats: what happened, counted."""

from __future__ import annotations

import threading

from irclient._core.stats import Counters


def test_each_thing_is_counted_under_its_name() -> None:
    counters = Counters()
    for source in ("service", "cache", "cache", "stale"):
        counters.count_answer(source)
    counters.count_error("Throttled")
    counters.count_attempt("a/web", "served")
    counters.count_attempt("a/web", "failed")
    counters.count_attempt("b/web", "served")
    for what in ("joined", "joined", "throttle_waits", "hedges"):
        counters.count(what)
    stats = counters.snapshot(retry_budget=486, cached=3)
    assert stats.calls == 5
    assert stats.by_source == {"service": 1, "cache": 2, "stale": 1}
    assert stats.errors == {"Throttled": 1}
    assert stats.attempts == {"a/web": {"served": 1, "failed": 1}, "b/web": {"served": 1}}
    assert (stats.joined, stats.throttle_waits, stats.hedges) == (2, 1, 1)
    assert (stats.retry_budget, stats.cached) == (486, 3)


def test_a_new_client_has_done_nothing() -> None:
    stats = Counters().snapshot(retry_budget=500, cached=0)
    assert (stats.calls, stats.by_source, stats.errors, stats.attempts) == (0, {}, {}, {})
    assert (stats.joined, stats.throttle_waits, stats.hedges) == (0, 0, 0)


def test_a_snapshot_does_not_change_afterwards() -> None:
    counters = Counters()
    counters.count_attempt("a/web", "served")
    before = counters.snapshot(retry_budget=0, cached=0)
    counters.count_attempt("a/web", "served")
    counters.count_answer("service")
    assert before.attempts == {"a/web": {"served": 1}}
    assert before.by_source == {}


def test_threads_lose_no_count() -> None:
    counters = Counters()

    def work() -> None:
        for _ in range(2000):
            counters.count_attempt("a/web", "served")
            counters.count("joined")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stats = counters.snapshot(retry_budget=0, cached=0)
    assert (stats.attempts, stats.joined) == ({"a/web": {"served": 8000}}, 8000)
