"""Live sessions: shared by processes, bounded, forgotten in time, and never in clear."""

import multiprocessing

from irclient.contract.choices import SESSION_VIEWS
from irclient.server.sessions import LONGEST_ID, SharedSessions
from tests.server.test_window import Clock


def sessions(*, most=64, clock=None):
    return SharedSessions(most=most, live_for=60.0, clock=clock or Clock())


def test_views_come_most_recent_first_and_each_item_once():
    own = sessions()
    for item in ("a", "b", "a", "ü"):
        own.record("s", item)
    assert own.views("s") == ("ü", "a", "b")
    assert own.views("another") == ()


def test_only_the_latest_views_are_kept():
    own = sessions()
    for number in range(SESSION_VIEWS + 5):
        own.record("s", f"item-{number}")
    assert own.views("s") == tuple(f"item-{SESSION_VIEWS + 4 - at}" for at in range(SESSION_VIEWS))


def test_a_session_is_forgotten_when_it_was_not_used_for_its_time():
    clock = Clock()
    own = sessions(clock=clock)
    own.record("s", "a")
    clock.now += 59.0
    own.record("s", "b")
    clock.now += 59.0
    assert own.views("s") == ("b", "a")
    clock.now += 2.0
    assert own.views("s") == ()
    own.record("s", "c")
    assert own.views("s") == ("c",)


def test_however_many_sessions_there_are_memory_stays_and_the_latest_are_known():
    clock = Clock()
    own = sessions(clock=clock)
    for number in range(1_000):
        clock.now += 0.001
        own.record(f"session-{number}", f"item-{number}")
    known = [number for number in range(1_000) if own.views(f"session-{number}")]
    assert len(known) <= 64
    assert 999 in known


def test_ids_that_no_item_has_are_not_noted():
    own = sessions()
    own.record("s", "x" * (LONGEST_ID + 1))
    own.record("s", "")
    assert own.views("s") == ()
    own.record("s", "x" * LONGEST_ID)
    assert own.views("s") == ("x" * LONGEST_ID,)


def test_what_one_process_records_another_one_reads():
    own = SharedSessions(most=64, live_for=60.0)
    worker = multiprocessing.get_context("fork").Process(target=own.record, args=("s", "a"))
    worker.start()
    worker.join(timeout=30)
    assert own.views("s") == ("a",)


def test_session_ids_do_not_lie_in_memory():
    own = sessions()
    own.record("a-very-personal-session", "item")
    assert b"personal" not in own._memory[:]
