"""Handing records to observers."""

from __future__ import annotations

from irclient._drivers.observing import tell
from irclient.observe import Returned

RECORD = Returned(at=1.0, endpoint="a/web")


def test_each_observer_is_told_in_order() -> None:
    told: list[tuple[str, object]] = []
    tell(
        [lambda record: told.append(("one", record)), lambda record: told.append(("two", record))],
        RECORD,
    )
    assert told == [("one", RECORD), ("two", RECORD)]


def test_an_observer_that_raises_is_logged_and_the_next_is_told(caplog) -> None:
    told: list[object] = []

    def raises(record) -> None:
        raise ValueError("trouble")

    tell([raises, told.append], RECORD)
    assert told == [RECORD]
    assert "raises" in caplog.text
    assert "failed on Returned" in caplog.text
