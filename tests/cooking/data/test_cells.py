"""Text cells as instants, numbers and flags."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from irclient.cooking.data.cells import Cells, milliseconds
from irclient.cooking.data.entities import ENTITIES
from irclient.cooking.data.partitions import DataContractError, Table

INTERACTIONS = ENTITIES["Reco_Interactions"]


def cells(**columns):
    rows = len(next(iter(columns.values())))
    return Cells(Table(INTERACTIONS, columns, rows, ()))


def test_an_instant_keeps_its_zone_and_without_one_is_utc():
    found = cells(
        Timestamp=["2024-05-01T12:00:00.000Z", "2024-05-01T12:00:00+02:00", "2024-05-01"]
    ).instants("Timestamp")
    noon = milliseconds(datetime(2024, 5, 1, 12, tzinfo=UTC))
    assert found.tolist() == [noon, noon - 7_200_000, noon - 43_200_000]


def test_the_contracts_first_and_last_instants_can_be_read():
    read = cells(Timestamp=["0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"])
    first, last = read.instants("Timestamp").tolist()
    assert first < 0 < last
    assert read.notes() == ()


def test_an_empty_or_absent_cell_means_the_contracts_default():
    read = cells(IsPositive=["", "FALSE", "1"])
    assert read.flags("IsPositive").tolist() == [True, False, True]
    assert read.numbers("Strength").tolist() == [1.0, 1.0, 1.0]
    assert read.text("Channel") == ["0", "0", "0"]
    assert read.instants("Timestamp").tolist() == [0, 0, 0]


def test_a_row_that_cannot_be_read_is_dropped_and_named():
    read = cells(
        ItemId=["a", "b", "c", "x" * 17],
        Timestamp=["2024-05-01", "yesterday", "2024-05-01", ""],
        Strength=["1", "1", "much", "nan"],
    )
    ids = read.text("ItemId", longest=16)
    strengths = read.numbers("Strength")
    read.instants("Timestamp")
    assert read.kept(ids) == ("a",)
    assert strengths[read.usable].tolist() == [1.0]
    (note,) = read.notes()
    assert "Reco_Interactions: 3 of 4 rows dropped" in note
    assert "Timestamp is 'yesterday'; write it like 2024-05-31T12:00:00.000Z" in note


def test_a_missing_mandatory_cell_drops_the_row():
    read = cells(ItemId=["a", ""])
    assert read.kept(read.text("ItemId")) == ("a",)


def test_a_table_without_one_usable_row_is_an_error():
    read = cells(Strength=["much", "more"])
    read.numbers("Strength")
    with pytest.raises(DataContractError, match=r"2 of 2 rows dropped.*Strength is 'much'"):
        read.notes()


def test_a_channel_that_is_too_long_is_cut():
    read = cells(Channel=["c" * 70])
    assert read.text("Channel", longest=64, too_long="trim") == ["c" * 64]


def test_words_are_known_in_any_case():
    read = cells(InteractionType=["transaction", "VIEW", "stare"])
    assert read.words("InteractionType", known=("Transaction", "View"))[:2] == [
        "Transaction",
        "View",
    ]
    assert read.usable.tolist() == [True, True, False]


def test_milliseconds_of_another_zone_are_those_of_utc():
    zone = timezone(timedelta(hours=-5))
    assert milliseconds(datetime(1970, 1, 1, tzinfo=zone)) == 5 * 3_600_000
    assert milliseconds(datetime(1970, 1, 1)) == 0  # noqa: DTZ001 - that is the point
