"""Folders broken in every way that was thought of: told with file and reason, never a traceback."""

import codecs
import gzip
import os
import random
from pathlib import Path

import pytest

from irclient.cooking.data.partitions import DataContractError
from irclient.cooking.tables import reading
from tests.cooking.folders import kitchen, write_folder

ITEMS = [f'i{at},,Title {at},"Some, text {at}",2024-01-01' for at in range(12)]
TAKEN = [
    f"b{at // 3},i{at % 12},,u{at % 5},,2024-05-{1 + at % 28:02d},,True,,,," for at in range(60)
]


def lines(rows, end=b"\n"):
    return b"".join(row.encode() + end for row in rows)


def cook(folder, tmp_path):
    """The sentences that were told, and how many interactions could be used."""
    with kitchen(folder, tmp_path) as cooking:
        try:
            cooking.read()
        except DataContractError as problem:
            return (str(problem),), 0
        rows = cooking.engine.columns(
            "select count(*) as n from interactions where problem is null"
        )
        return cooking.report.sentences, int(rows["n"][0])


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "data", ItemsAndVariants=ITEMS, Interactions=TAKEN)


def part(folder):
    return folder / "Reco_Interactions" / "part.csv"


@pytest.mark.parametrize("ends", [b"\r\n", b"\r", b"\r\r\n"])
def test_line_ends_of_several_kinds_are_read_and_told(folder, tmp_path, ends):
    quoted = b'b9,i1,,"u\r1\n1",,2024-01-01,,,,,,\n'
    part(folder).write_bytes(lines(TAKEN[:30], ends) + quoted + lines(TAKEN[30:]))
    told, used = cook(folder, tmp_path)
    assert used == 61, told


def test_a_row_is_found_by_its_line_where_line_ends_are_mixed(folder, tmp_path):
    wrong = b"b9,i1,,u1,,05/13/2024,,,,,,\n"
    part(folder).write_bytes(lines(TAKEN[:30], b"\r") + wrong + lines(TAKEN[30:], b"\r\n"))
    told, used = cook(folder, tmp_path)
    assert used == 60
    assert any(f"{part(folder)}, line 31: Timestamp is '05/13/2024'" in each for each in told)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda data: data[:-9], "ended before"),
        (lambda data: data[:200], "cannot be read"),
        (lambda data: b"", "is empty"),
        (lambda data: data[:-6] + b"xxxxxx", "CRC"),
        (lambda data: data + b"more", "Not a gzipped file"),
    ],
)
def test_a_damaged_compressed_file_is_refused_by_name(folder, tmp_path, damage, says):
    part(folder).unlink()
    packed = part(folder).with_name("part.csv.gz")
    packed.write_bytes(damage(gzip.compress(random.Random(4).randbytes(400) + lines(TAKEN))))
    (told,), _ = cook(folder, tmp_path)
    assert str(packed) in told
    assert says in told


def test_what_is_no_file_is_told(folder, tmp_path):
    own = part(folder).parent
    (own / "loop.csv").symlink_to("loop.csv")
    (own / "gone.csv").symlink_to("nothing.csv")
    (own / "folder.csv").mkdir()
    os.mkfifo(own / "pipe.csv")
    Path(os.fsdecode(os.fsencode(own) + b"/\xff")).mkdir()
    (folder / "Reco_OptOutUsers").write_text("u1,2024-01-01\n")
    told, used = cook(folder, tmp_path)
    assert used == 60
    for name in ("loop.csv", "gone.csv", "folder.csv", "pipe.csv", "?", "Reco_OptOutUsers"):
        assert any(each.partition(" ")[0].endswith(f"/{name}") for each in told), name


def test_a_file_that_is_one_endless_line_is_told(folder, tmp_path):
    part(folder).write_bytes(b"u" * 40_000_000)
    told, _ = cook(folder, tmp_path)
    assert any(str(part(folder)) in each for each in told)


def broken(chance, data):
    """The bytes of a CSV file, broken in one way."""
    at = chance.randrange(len(data))
    row = data.find(b"\n", at) + 1
    inserted = [
        chance.randbytes(chance.choice([1, 3, 2000])),
        *(b"\xff\xfe\xc3", b'"', b"\r", b"\0", b"\0" * 5000),
    ]
    rows = [
        *(b'b9,"i1"x,,u1,,2024-01-01\n', b"b9,i1\n", b"b9,i1" + b"," * 40 + b"\n"),
        *(b"\n\r\n\n", b"b9,i1,," + b"u" * 2_500_000 + b",,2024-01-01,,,,,,\n"),
    ]
    whole = [
        *(data.decode("latin-1").encode(code) for code in ("utf-16", "utf-32")),
        *(codecs.BOM_UTF8 + data, data.replace(b"u", b"\xe9"), data[:at]),
        *(data.replace(b",", other) for other in (b"\t", b";", b"|")),
        *(b"", b"\n", b"\r", b"\0", b'"', codecs.BOM_UTF8),
    ]
    return chance.choice(
        [
            *(data[:at] + each + data[at:] for each in inserted),
            *(data[:row] + each + data[row:] for each in rows),
            *whole,
        ]
    )


@pytest.mark.timeout(300)
def test_two_hundred_broken_folders_are_read_or_refused_by_name(tmp_path, monkeypatch):
    names = {"Reco_Interactions", "Reco_ItemsAndVariants", "Reco_OptOutUsers"}
    own = tuple(each for each in reading.COLUMNS if each[0] in names)
    monkeypatch.setattr(reading, "COLUMNS", own)  # the others only cost time
    chance = random.Random(200)
    outcomes = {"read": 0, "told": 0, "refused": 0}
    for number in range(200):
        folder = write_folder(
            tmp_path / str(number), ItemsAndVariants=ITEMS, Interactions=TAKEN, OptOutUsers=["u9,"]
        )
        path = folder / chance.choice(sorted(names)) / "part.csv"
        data = path.read_bytes().replace(b"\n", chance.choice([b"\n", b"\n", b"\r\n", b"\r"]))
        for _ in range(chance.choice([1, 1, 2, 3])):
            data = broken(chance, data) if data else data
        if chance.random() < 0.2:
            path.unlink()
            path = path.with_name("part.csv.gz")
            data = gzip.compress(data)[: chance.choice([None, -1, 11])]
        path.write_bytes(data)
        with kitchen(folder, tmp_path) as cooking:
            try:
                read = list(reading.read_entities(cooking.engine, cooking.model, reading.Config()))
            except DataContractError as problem:
                assert str(path) in str(problem)  # noqa: PT017  (which of the two it is, is chance)
                outcomes["refused"] += 1
                continue
        dropped = [row for entity in read for row in entity.dropped]
        assert all(row.file == str(path) and row.reason for row in dropped)
        outcomes["told" if dropped else "read"] += 1
    assert min(outcomes.values()) > 20, outcomes
