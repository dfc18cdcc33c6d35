"""The loop on a thread of its own."""

import asyncio
import threading

import pytest

from irclient.emulator.http.loop_thread import LoopThread


@pytest.fixture
def thread():
    thread = LoopThread(name="test-loop")
    yield thread
    thread.close()


def test_work_is_done_on_the_thread_and_its_result_comes_back(thread):
    assert thread.call(lambda: threading.current_thread().name) == "test-loop"


def test_errors_come_back_too(thread):
    async def fail():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        thread.run(fail())


def test_nothing_is_left_when_it_is_closed():
    thread = LoopThread(name="test-loop-closed")
    thread.close()
    assert "test-loop-closed" not in [each.name for each in threading.enumerate()]


def test_it_can_be_used_from_a_running_loop():
    async def use():
        thread = LoopThread(name="test-loop")
        try:
            return thread.call(lambda: 1)
        finally:
            thread.close()

    assert asyncio.run(use()) == 1
