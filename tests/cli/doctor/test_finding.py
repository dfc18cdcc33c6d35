"""Work that must not keep the doctor waiting."""

import threading

import pytest

from irclient.cli.doctor.finding import within


def test_a_result_and_an_error_come_through():
    assert within(5.0, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        within(5.0, lambda: 1 / 0)


def test_work_that_is_late_is_left_to_itself():
    ended = threading.Event()

    with pytest.raises(TimeoutError, match=r"no answer within 0\.01 s"):
        within(0.01, lambda: ended.wait(30.0))

    ended.set()
