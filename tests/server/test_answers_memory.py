"""Answers that are given again are those that would be given anew."""

import numpy as np

from irclient.contract.messages import Response
from irclient.server.answers_memory import AnswersMemory
from irclient.server.availability_changes import next_change
from irclient.server.outputs import Edition, ServedOutput


def kept(memory, target, *, body=b"x", until=100.0, output=None):
    output = output or ServedOutput(None, None)
    output.edition = output.edition or Edition("1", None, None)
    memory.keep(
        target,
        Response(status=200, body=body),
        about=("popular", None),
        output=output,
        edition=output.edition,
        until=until,
    )
    return output


def test_an_answer_is_good_until_its_instant_and_while_its_output_is_served():
    memory = AnswersMemory()
    output = kept(memory, "/a")
    assert memory.find("/a", 99.9)[0].body == b"x"
    assert memory.find("/b", 99.9) is None
    assert memory.find("/a", 100.0) is None
    kept(memory, "/a", output=output)
    output.edition = Edition("2", None, None)
    assert memory.find("/a", 0.0) is None


def test_bytes_are_bounded_and_the_longest_unused_goes_first():
    memory = AnswersMemory(most_bytes=10_000)
    for number in range(8):
        kept(memory, f"/{number}", body=b"x" * 200)
    memory.find("/0", 0.0)
    kept(memory, "/8", body=b"x" * 200)
    found = [number for number in range(9) if memory.find(f"/{number}", 0.0)]
    assert found == [0, 2, 3, 4, 5, 6, 7, 8]
    kept(memory, "/huge", body=b"x" * 20_000)
    assert memory.find("/huge", 0.0) is None
    memory.clear()
    assert memory.find("/0", 0.0) is None


def test_the_next_change_is_the_next_instant_at_which_an_item_comes_or_goes():
    low, high = np.iinfo(np.int64).min, np.iinfo(np.int64).max
    after = next_change(
        {
            "window_starts_at": np.array([low, 5_000, 9_000]),
            "window_ends_at": np.array([high, 7_000, high]),
        }
    )
    assert after(0.0) == 5.0
    assert after(5.0) == 7.001
    assert after(7.0) == 7.001
    assert after(7.001) == 9.0
    assert after(9.0) > 1e12
    assert next_change({})(0.0) == float("inf")
