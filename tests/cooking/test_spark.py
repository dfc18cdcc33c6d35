"""Cooking on Spark makes what cooking on DuckDB makes."""

import gzip
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from irclient.cooking.data.partitions import read_model
from irclient.cooking.engines.cluster import Cluster
from irclient.cooking.engines.duckdb_engine import DuckDBEngine
from irclient.cooking.output import open_output
from irclient.cooking.pipeline import Effort, cook_to
from irclient.cooking.tables import reading
from irclient.emulator.shop.written_shop import write_shop
from tests.cooking.folders import write_folder
from tests.cooking.spark import spark_here, spark_session

spark_engine = pytest.importorskip("irclient.cooking.engines.spark_engine")

# The first statements take long until Java is warm, longer on a busy machine.
pytestmark = pytest.mark.timeout(900)

ITEMS = ["1,,Hat,,", "2,,Shoe,,"]
INSTANTS = [
    *("2024-05-01T12:00:00.000Z", "2024-05-01T12:00:00+02:00", "2024-05-01", " 2024-05-01 "),
    *("2024-05-01 12:00", "2024-05-01T12:00:00Z", "2024-05-01 12:00:00.1234567", "2024-02-30"),
    *("2024-05-01T12:00:00+0200", "2024-05-01T12:00:00-02", "2024-05-01T12:00:00 Z"),
    *("2024-05-01T12:00:00 +02:30", "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"),
    *("2024-05-01T24:00:00", "2024-05-01T23:59:60", "2024-5-1", "now", "epoch", "infinity"),
    *("2024-05-01T12:00:00+02:00\n", "2024-05-01T12:00:00.1239Z", "1969-12-31T23:59:59.9999Z"),
    *("2024-05-01T24:00", "2024-05-01 24:00:00.000+02:00", "2024-12-31T24:00Z"),
    *("2024-05-01T24:00:01", "2024-05-01T24:01", "2024-05-01T00:00:00.0005"),
    *(
        "1969-12-31T23:59:59.9994",
        "2024-05-01T00:00:00.0015",
        "9999-12-31T24:00",
        "2024-05-01T12:00:00-17:59",
    ),
    *("2024-05-01T12:00:00+19:00", "2024-05-01T12:00:00+14:00", "0000-01-01", "1900-01-01"),
]
NUMBERS = [
    *("1", "-1", "+2.5", ".5", "5.", "1e3", "1E-3", "1e400", "-1e999", "1e-400", " 3 ", "0x10"),
    *("nan", "inf", "Infinity", "1d", "1f", "1,5", "12345678901234567890.123", "1_000", "٣", "--1"),
]


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    with spark_here(tmp_path_factory.mktemp("spark")) as session:
        yield session


@pytest.fixture
def engines(spark, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    cluster = Cluster(tmp_path / "data")
    duckdb = DuckDBEngine(scratch, memory=200 * 2**20, threads=1)
    other = spark_engine.SparkEngine(scratch, memory=2**30, cluster=cluster)
    yield duckdb, other
    duckdb.close()
    other.close()


def read(engine, folder):
    """What was used and what was dropped of a folder's interactions and items."""
    entities = list(reading.read_entities(engine, read_model(folder), reading.Config()))
    dropped = [(each.line, each.reason) for entity in entities for each in entity.dropped]
    rows = {}
    for table in ("catalogue", "interactions"):
        found = engine.columns(f"select * from {table} where problem is null order by file, row_")
        rows[table] = {name: cells.tolist() for name, cells in found.items() if name != "row_"}
        rows[table].pop("problem")
    mended = [entity.mended for entity in entities if entity.mended]
    return {"rows": rows, "dropped": dropped, "mended": mended}


@pytest.fixture(autouse=True)
def few_entities(request, monkeypatch):
    if "engines" in request.fixturenames:
        names = {"Reco_Interactions", "Reco_ItemsAndVariants"}
        own = tuple(each for each in reading.COLUMNS if each[0] in names)
        monkeypatch.setattr(reading, "COLUMNS", own)  # the others only cost time


def same_neighbours(left, right, name):
    """Whether both have the same best items with the same scores, equal scores in any order."""
    for one, other, of_one, of_other in zip(
        *(each.arrays[f"{name}_{part}"] for part in ("scores", "items") for each in (left, right)),
        strict=True,
    ):
        np.testing.assert_allclose(one, other, rtol=1e-6)
        above = one > one[-1] * (1 + 1e-6)  # of what ties with the last, any may be there
        assert set(of_one[above].tolist()) == set(of_other[above].tolist())


def test_the_generated_shop_cooked_on_both_has_the_same_lists(spark, tmp_path):
    write_shop(tmp_path / "shop", items=60, users=40, interactions=800)
    cooked = {}
    for engine in ("duckdb", "spark"):
        output, report = cook_to(
            tmp_path / engine,
            tmp_path / "shop",
            effort=Effort(engine=engine),
            keep=3,
            smaller="refuse",
            progress=lambda _step, _share: None,
        )
        assert output.manifest["engine"] == engine
        assert report.counts["items"] == 60
        cooked[engine] = open_output(tmp_path / engine).cooked, report
    (one, told), (other, also_told) = cooked["duckdb"], cooked["spark"]
    assert told.counts == also_told.counts
    assert told.sentences == also_told.sentences
    assert {name: list(texts) for name, texts in one.texts.items()} == {
        name: list(texts) for name, texts in other.texts.items()
    }
    assert one.arrays.keys() == other.arrays.keys()
    neighbours = {name.removesuffix("_scores") for name in one.arrays if name.endswith("_scores")}
    assert {"people_also", "picks", "cart", "textual", "visual", "styles", "mf"} == neighbours
    for name in neighbours:
        same_neighbours(one, other, name)
    parts = {f"{name}_{part}" for name in neighbours for part in ("items", "scores")}
    for name in one.arrays.keys() - parts - {"factors"}:
        np.testing.assert_array_equal(one.arrays[name], other.arrays[name], err_msg=name)
    np.testing.assert_allclose(one.arrays["factors"], other.arrays["factors"], atol=1e-5)


def test_a_session_that_was_there_stays_and_keeps_its_settings_and_tables(spark, engines):
    spark.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    spark.sql("select 'mine' as name").createOrReplaceTempView("items")
    _, engine = engines
    engine.keep("items", "select 1 as item")
    assert engine.columns("select item from items")["item"].tolist() == [1]
    engine.close()
    assert spark.sql("select name from items").head()[0] == "mine"
    assert spark.conf.get("spark.sql.session.timeZone") == "Asia/Tokyo"


def test_both_engines_read_the_same_instants_and_numbers(engines, tmp_path):
    folder = write_folder(
        tmp_path / "data",
        ItemsAndVariants=ITEMS,
        Interactions=[
            *({"ItemId": "1", "InteractionGroupingId": "b", "Timestamp": at} for at in INSTANTS),
            *({"ItemId": "1", "InteractionGroupingId": "b", "Strength": of} for of in NUMBERS),
        ],
    )
    one, other = (read(engine, folder) for engine in engines)
    assert one == other
    assert len(one["rows"]["interactions"]["taken_at"]) > 20
    assert len(one["dropped"]) > 10


def test_both_engines_drop_the_same_rows_and_name_the_same_lines(engines, tmp_path):
    folder = write_folder(
        tmp_path / "data",
        ItemsAndVariants=[*ITEMS, '3,,,"of\n\ntwo ""lines""",', '4,, é Ünï ,"",'],
        Interactions=[
            "b0,1,,u1",
            "b1,1,,u1,,2024-05-01,,,,,,",
            'b1,1,,"u\nwith a line",,2024-05-01,,,,,,',
            "",
            "b1,,,u1,,,,,,,,",
            f"b1,{'x' * 17},,u1,,,,,,,,",
            "b1,1,,u1,,,,,,,,perhaps",
            "b1,1,,u1,,,,,,,,,,,,x",
            "b2,1,,,,,,,,,,",
        ],
    )
    one, other = (read(engine, folder) for engine in engines)
    assert one["rows"] == other["rows"]
    assert [line for line, _ in one["dropped"]] == [line for line, _ in other["dropped"]]
    told = dict(other["dropped"])
    cells = "it has too few or too many cells, or a quote that is not closed"
    assert {line for line, reason in told.items() if reason == cells} == {1, 9}
    assert {line: told[line] for line in (6, 7, 8)} == {
        line: reason for line, reason in one["dropped"] if line in (6, 7, 8)
    }


def test_both_engines_read_files_of_every_form_and_name(engines, tmp_path):
    folder = write_folder(tmp_path / "data", ItemsAndVariants=ITEMS)
    own = folder / "Reco_Interactions" / "day=2024-05-01" / "a [b] {c}"
    own.mkdir(parents=True)
    row = "b{0},1,,u{0},,2024-05-01,,,,,,\n"
    head = "UserId,Mine,ItemId,InteractionGroupingId\n"
    (own / "1 ä+%20.csv").write_text("".join(row.format(at) for at in range(3)), "utf-8-sig")
    (own / "2*?.csv.gz").write_bytes(gzip.compress(row.format(3).encode()))
    (own / "3.csv").write_text(head + "u4,x,2,b4\nu5,,2,b5\n")
    (own / "4.csv").write_text("")
    (own / "5.csv").write_bytes(b"b6,1,,H\xfcte,,2024-05-01,,,,,,\n" + row.format(7).encode())
    one, other = (read(engine, folder) for engine in engines)
    assert one["rows"] == other["rows"]
    assert one["dropped"] == other["dropped"] == [(1, "it is not UTF-8; save the file as UTF-8")]
    users = one["rows"]["interactions"]["user_id"]
    assert users == ["u0", "u1", "u2", "u3", "u4", "u5", "u7"]


def test_files_are_read_under_the_url_that_sparks_machines_know(spark, tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    for at, item in ((here, "1"), (there, "2")):
        write_folder(at, ItemsAndVariants=[f"{item},,Hat,,"])
    partitions = read_model(here).partitions["Reco_ItemsAndVariants"]
    cluster = Cluster(here, url=f"file://{there}")
    engine = spark_engine.SparkEngine(tmp_path, memory=2**30, cluster=cluster)
    engine.read("elsewhere", partitions, ["ItemId"])
    assert engine.columns("select c_itemid from elsewhere")["c_itemid"].tolist() == ["2"]
    engine.close()


def test_a_session_that_can_have_none_beside_it_is_left_as_it_was(spark, tmp_path, monkeypatch):
    def missing(_):
        raise AttributeError("newSession")

    monkeypatch.setattr(type(spark), "newSession", missing)
    spark.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    engine = spark_engine.SparkEngine(tmp_path, memory=2**30, cluster=Cluster(tmp_path))
    engine.keep("kept", "select 1 as item")
    assert spark.conf.get("spark.sql.session.timeZone") == "UTC"
    engine.close()
    assert spark.conf.get("spark.sql.session.timeZone") == "Asia/Tokyo"
    assert not spark.catalog.tableExists("kept")


def test_ctrl_c_is_handled_as_before_once_the_session_that_was_started_has_ended(
    tmp_path, monkeypatch
):
    def started(*_):
        signal.signal(signal.SIGINT, lambda *_: None)  # as Spark does
        conf = SimpleNamespace(get=lambda *_: None, set=lambda *_: None)
        return SimpleNamespace(conf=conf, stop=lambda: None)

    monkeypatch.setattr(spark_session.SparkSession, "getActiveSession", lambda: None)
    monkeypatch.setattr(spark_session, "_started", started)
    before = signal.getsignal(signal.SIGINT)
    try:
        opened = spark_session.open_session(Cluster(tmp_path), tmp_path, memory=2**30)
        assert signal.getsignal(signal.SIGINT) is not before
        opened.close()
        assert signal.getsignal(signal.SIGINT) is before
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_plain_folder_is_read_without_a_copy(engines, tmp_path):
    folder = write_folder(tmp_path / "data", ItemsAndVariants=ITEMS)
    own = folder / "Reco_Interactions" / "day=1" / "more or less"
    own.mkdir(parents=True)
    for at in range(3):
        (own / f"ü {at}+.csv").write_text(f"b{at},1,,u{at},,2024-05-01,,,,,,\n")
    _, engine = engines
    engine.read("plain", read_model(folder).partitions["Reco_Interactions"], ["UserId"])
    found = engine.columns("select file, c_userid from plain order by file")
    assert found["file"].tolist() == [0, 1, 2]
    assert found["c_userid"].tolist() == ["u0", "u1", "u2"]


@pytest.mark.parametrize("ends", [b"\r\n", b"\r", b"\r\r\n"])
def test_both_engines_read_line_ends_of_several_kinds(engines, tmp_path, ends):
    folder = write_folder(tmp_path / "data", ItemsAndVariants=ITEMS, Interactions=[""])
    rows = [f"b{at},1,,u{at},,2024-05-01,,,,,,".encode() for at in range(6)]
    mixed = b"\n".join([*rows[:2], b""]) + ends.join([*rows[2:], b""])
    (folder / "Reco_Interactions" / "part.csv").write_bytes(mixed)
    one, other = (read(engine, folder) for engine in engines)
    assert one["rows"] == other["rows"]
    assert one["dropped"] == other["dropped"] == []
    assert len(one["rows"]["interactions"]["user_id"]) == 6


def test_without_java_the_command_says_what_is_missing(tmp_path):
    folder = write_folder(tmp_path / "data", ItemsAndVariants=ITEMS)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("SPARK", "PYSPARK"))}
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "irclient", "cook", folder, "--to", tmp_path / "out"),
            *("--engine", "spark", "--spark-master", "local[1]"),
        ],
        env=environment | {"JAVA_HOME": str(tmp_path / "nothing")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode != 0
    assert "Spark does not start" in ended.stderr
    assert "JAVA_HOME" in ended.stderr
    assert "Traceback" not in ended.stderr
