"""Availability by instant, channel and catalog; the documentation's own example among the tests."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from irclient.cooking.availability import Availability
from irclient.cooking.output import Cooked
from irclient.cooking.tables.catalogue import parts_of_catalogue
from tests.cooking.folders import kitchen, write_folder

NOW = datetime(2024, 6, 1, tzinfo=UTC)
ALWAYS = ("0001-01-01", "9999-12-31")
PAST = ("2020-01-01", "2024-01-01")
FUTURE = ("2025-01-01", "9999-12-31")


@pytest.fixture
def made(tmp_path):
    """The availability of items, given rows of (id, channel, catalog, (from, to))."""

    def make(ids, rows):
        folder = write_folder(
            tmp_path / "data",
            ItemsAndVariants=[f"{item},,,," for item in ids],
            ItemAndVariantAvailabilities=[
                f"{item},,{start},{end},,{channel},{catalog}"
                for item, channel, catalog, (start, end) in rows
            ],
        )
        with kitchen(folder, tmp_path) as cooking:
            cooking.read()
            arrays, texts = parts_of_catalogue(cooking.engine)
        return Availability(
            Cooked(
                arrays,
                texts,
                interactions_version="",
                cooked_at=NOW,
                personalization_enabled=False,
            )
        )

    return make


@pytest.fixture
def available(made):
    """The ids that may be returned."""

    def look(ids, rows, *, channel=None, catalog=None, now=NOW):
        mask = made(ids, rows).mask(now, channel=channel, catalog=catalog)
        return "".join(item for item, ok in zip(ids, mask, strict=True) if ok)

    return look


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
def test_channels_are_those_of_the_documented_example(available, channel, expected):
    assert available("XYZ", CHANNELS, channel=channel) == expected


CATALOGS = [("X", "C1", "A", ALWAYS), ("X", "C1", "B", ALWAYS), ("Y", "C1", "B", ALWAYS)]


@pytest.mark.parametrize(
    ("catalog", "expected"),
    [(None, "XY"), ("0", "XY"), ("A", "X"), ("B", "XY"), ("SomethingElse", "")],
)
def test_catalogs_are_those_of_the_documented_example(available, catalog, expected):
    assert available("XYZ", CATALOGS, channel="C1", catalog=catalog) == expected


def test_an_item_without_rows_is_always_available(available):
    assert available("AB", [("B", "C1", "0", PAST)]) == "A"


def test_an_item_outside_its_dates_is_not_available(available):
    rows = [("A", "0", "0", PAST), ("B", "0", "0", FUTURE), ("C", "0", "0", ALWAYS)]
    assert available("ABC", rows) == "C"
    assert available("ABC", rows, now=datetime(2026, 1, 1, tzinfo=UTC)) == "BC"


def test_the_first_and_the_last_instant_count(available):
    assert available("A", [("A", "0", "0", ("2024-06-01", "2024-06-01"))]) == "A"


def test_one_open_window_of_several_is_enough(available):
    assert available("A", [("A", "0", "0", PAST), ("A", "0", "0", ALWAYS)]) == "A"


def test_dates_of_the_default_channel_are_its_own_when_it_has_any(available):
    rows = [("A", "0", "0", PAST), ("A", "C1", "0", ALWAYS)]
    assert available("A", rows) == ""
    assert available("A", rows, channel="C1") == "A"


def test_dates_of_other_channels_count_in_the_default_one_otherwise(available):
    assert available("A", [("A", "C1", "0", PAST)]) == ""


def test_dates_of_another_catalog_count_in_the_default_one_of_its_channel_alone(available):
    rows = [("A", "0", "7", PAST), ("B", "C1", "7", ALWAYS)]
    assert available("AB", rows) == "B"
    assert available("AB", rows, catalog="7") == ""
    assert available("AB", rows, channel="C1", catalog="7") == "B"


def test_rows_of_unknown_items_are_ignored(available):
    assert available("A", [("B", "C1", "0", ALWAYS), ("B", "0", "0", PAST)]) == "A"


def test_a_mask_is_the_same_array_until_something_comes_or_goes(made):
    availability = made(
        "AB", [("A", "0", "0", ("2024-05-01", "2024-06-10")), ("B", "0", "0", FUTURE)]
    )

    def look(now):
        return availability.mask(now, channel=None, catalog=None)

    second = timedelta(seconds=1)
    starts, ends = datetime(2024, 5, 1, tzinfo=UTC), datetime(2024, 6, 10, tzinfo=UTC)
    during = look(NOW)
    assert look(starts) is during
    assert look(ends) is during
    assert look(ends + second) is not during
    assert look(ends + second).tolist() == [False, False]
    assert look(starts - second).tolist() == [False, False]
    assert look(NOW).tolist() == [True, False]
    with pytest.raises(ValueError, match="read-only"):
        np.copyto(look(NOW), True)
