"""Availability by instant, channel and catalog; the documentation's own example among the tests."""

from datetime import UTC, datetime

import numpy as np
import pytest

from irclient.cooking.availability import Availability, windows
from irclient.cooking.data.cells import milliseconds
from irclient.cooking.data.data_contract import Availabilities

NOW = datetime(2024, 6, 1, tzinfo=UTC)
ALWAYS = ("0001-01-01", "9999-12-31")
PAST = ("2020-01-01", "2024-01-01")
FUTURE = ("2025-01-01", "9999-12-31")


def available(ids, rows, *, channel=None, catalog=None, now=NOW):
    """The ids that may be returned, given rows of (id, channel, catalog, (from, to))."""

    def at(text):
        return milliseconds(datetime.fromisoformat(text))

    given = Availabilities(
        item_ids=tuple(row[0] for row in rows),
        starts_at=np.array([at(row[3][0]) for row in rows], dtype=np.int64),
        ends_at=np.array([at(row[3][1]) for row in rows], dtype=np.int64),
        channels=tuple(row[1] for row in rows),
        catalogs=tuple(row[2] for row in rows),
    )
    found = windows(given if rows else None, {item: at for at, item in enumerate(ids)})
    scopes = sorted({(row[0], row[1]) for row in found})
    made = Availability(
        size=len(ids),
        scopes=[part for scope in scopes for part in scope],
        scope=np.array([scopes.index((row[0], row[1])) for row in found], dtype=np.int32),
        items=np.array([row[2] for row in found], dtype=np.int32),
        starts_at=np.array([row[3] for row in found], dtype=np.int64),
        ends_at=np.array([row[4] for row in found], dtype=np.int64),
    )
    mask = made.mask(now, channel=channel, catalog=catalog)
    return "".join(item for item, ok in zip(ids, mask, strict=True) if ok)


CHANNELS = [
    ("X", "C1", "0", ALWAYS),
    ("Y", "C1", "0", ALWAYS),
    ("Y", "C2", "0", ALWAYS),
    ("Z", "C2", "0", ALWAYS),
]


@pytest.mark.parametrize(
    ("channel", "expected"),
    [(None, "XYZ"), ("0", "XYZ"), ("C1", "XY"), ("C2", "YZ"), ("SomethingElse", "")],
)
def test_channels_are_those_of_the_documented_example(channel, expected):
    assert available("XYZ", CHANNELS, channel=channel) == expected


CATALOGS = [("X", "C1", "A", ALWAYS), ("X", "C1", "B", ALWAYS), ("Y", "C1", "B", ALWAYS)]


@pytest.mark.parametrize(
    ("catalog", "expected"),
    [(None, "XY"), ("0", "XY"), ("A", "X"), ("B", "XY"), ("SomethingElse", "")],
)
def test_catalogs_are_those_of_the_documented_example(catalog, expected):
    assert available("XYZ", CATALOGS, channel="C1", catalog=catalog) == expected


def test_an_item_without_rows_is_always_available():
    assert available("AB", []) == "AB"


def test_an_item_outside_its_dates_is_not_available():
    rows = [("A", "0", "0", PAST), ("B", "0", "0", FUTURE), ("C", "0", "0", ALWAYS)]
    assert available("ABC", rows) == "C"
    assert available("ABC", rows, now=datetime(2026, 1, 1, tzinfo=UTC)) == "BC"


def test_the_first_and_the_last_instant_count():
    rows = [("A", "0", "0", ("2024-06-01", "2024-06-01"))]
    assert available("A", rows) == "A"


def test_one_open_window_of_several_is_enough():
    rows = [("A", "0", "0", PAST), ("A", "0", "0", ALWAYS)]
    assert available("A", rows) == "A"


def test_dates_of_the_default_channel_are_its_own_when_it_has_any():
    rows = [("A", "0", "0", PAST), ("A", "C1", "0", ALWAYS)]
    assert available("A", rows) == ""
    assert available("A", rows, channel="C1") == "A"


def test_dates_of_other_channels_count_in_the_default_one_otherwise():
    assert available("A", [("A", "C1", "0", PAST)]) == ""


def test_rows_of_unknown_items_are_ignored():
    assert available("A", [("B", "C1", "0", ALWAYS)]) == "A"
