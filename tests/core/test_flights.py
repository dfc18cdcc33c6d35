"""Flights: everybody who waits is woken, once."""

from __future__ import annotations

import os
import threading
import warnings

import pytest

from irclient._core.flights import Flight, Flights


def test_landing_wakes_every_waiter_once() -> None:
    flight, woken = Flight(), []
    assert flight.join(lambda: woken.append(1))
    assert flight.join(lambda: woken.append(2))
    assert repr(flight) == "<Flight 2 waiting>"
    flight.land()
    flight.land()
    assert woken == [1, 2]
    assert repr(flight) == "<Flight landed>"


def test_joining_a_landed_flight_promises_no_call() -> None:
    flight, woken = Flight(), []
    flight.land()
    assert not flight.join(lambda: woken.append(1))
    flight.land()
    assert woken == []


def test_whoever_left_is_not_woken_and_may_leave_twice() -> None:
    flight, woken = Flight(), []

    def wake() -> None:
        woken.append(1)

    flight.join(wake)
    flight.leave(wake)
    flight.leave(wake)
    flight.land()
    flight.leave(wake)
    assert woken == []


def test_a_waiter_may_join_another_flight_while_it_is_woken() -> None:
    flight, woken = Flight(), []
    flight.join(lambda: flight.leave(lambda: None) or woken.append(flight.join(lambda: None)))
    flight.land()
    assert woken == [False]


@pytest.mark.parametrize("_", range(50))
def test_threads_that_join_and_land_at_once_are_all_served(_) -> None:
    flight, joined = Flight(), []
    events = [threading.Event() for _ in range(4)]

    def join(event: threading.Event) -> None:
        joined.append(flight.join(event.set))

    threads = [threading.Thread(target=join, args=(event,)) for event in events]
    threads.insert(2, threading.Thread(target=flight.land))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(event.is_set() for event in events) == sum(joined)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork")
def test_a_flight_is_lost_in_a_forked_child_only() -> None:
    flight = Flight()
    assert not flight.is_lost
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        os._exit(0 if flight.is_lost and not Flight().is_lost else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert not flight.is_lost


# Calls under way.


def test_the_first_of_equal_calls_leads_and_the_others_follow() -> None:
    flights = Flights()
    flight, leads = flights.board("k", 1.0, lost_at=5.0)
    assert leads
    assert flights.board("k", 2.0, lost_at=6.0) == (flight, False)
    other, leads_too = flights.board("other", 2.0, lost_at=6.0)
    assert leads_too
    assert other is not flight
    assert len(flights) == 2


class Busy(dict):
    """Calls under way: one ends after it was seen, another begins before the next is put down."""

    began = False

    def setdefault(self, key, value):
        found = super().setdefault(key, value)
        if found is not value:
            self.clear()
        return found

    def __setitem__(self, key, value) -> None:
        another = Flight()
        self.began = super().setdefault(key, another) is another
        super().__setitem__(key, value)


def test_of_calls_that_come_as_a_flight_ends_one_leads() -> None:
    flights = Flights()
    flights.board("k", 1.0, lost_at=5.0)
    flights._under_way = Busy(flights._under_way)
    _, leads = flights.board("k", 1.0, lost_at=5.0)
    assert leads is not flights._under_way.began


def test_a_flight_that_has_ended_is_followed_by_a_new_one() -> None:
    flights, woken = Flights(), []
    flight, _ = flights.board("k", 1.0, lost_at=5.0)
    flight.join(lambda: woken.append(1))
    flights.end("k", flight)
    flights.end("k", flight)
    assert woken == [1]
    assert (flight.answered, flight.error, len(flights)) == (None, None, 0)
    again, leads = flights.board("k", 1.0, lost_at=5.0)
    assert leads
    assert again is not flight


def test_a_flight_that_never_came_back_is_given_up() -> None:
    flights = Flights()
    lost, _ = flights.board("k", 1.0, lost_at=5.0)
    assert flights.board("k", 4.9, lost_at=9.0) == (lost, False)
    found, leads = flights.board("k", 5.0, lost_at=9.0)
    assert leads
    # Should it come back after all, the new one goes on.
    flights.end("k", lost)
    assert flights.board("k", 6.0, lost_at=9.0) == (found, False)
    flights.end("k", found)
    assert len(flights) == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork")
def test_a_forked_child_leads_its_own_flight() -> None:
    flights = Flights()
    flights.board("k", 1.0, lost_at=99.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        _, leads = flights.board("k", 2.0, lost_at=99.0)
        os._exit(0 if leads else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert not flights.board("k", 2.0, lost_at=99.0)[1]


def test_of_threads_that_board_at_once_one_leads() -> None:
    for _ in range(30):
        flights, leaders = Flights(), []
        ready = threading.Barrier(4)

        def board(flights=flights, leaders=leaders, ready=ready) -> None:
            ready.wait()
            leaders.append(flights.board("k", 1.0, lost_at=5.0)[1])

        threads = [threading.Thread(target=board) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(leaders) == 1
