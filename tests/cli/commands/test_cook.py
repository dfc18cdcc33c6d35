"""`irclient cook`, as people and scripts use it."""

import json

import pytest
from typer.testing import CliRunner

from irclient.cli.app import app
from irclient.cli.cooking_progress import STEPS
from irclient.emulator.shop.written_shop import write_shop
from tests.cooking.folders import write_folder

ROWS = [f"b{at},{1 + at % 2},,u{at},,2024-05-01,,,,,," for at in range(4)]


def run(*arguments):
    return CliRunner().invoke(app, ["cook", *map(str, arguments)])


@pytest.fixture
def folder(tmp_path):
    return write_folder(
        tmp_path / "data",
        ItemsAndVariants=["1,,Hat,,", "2,,Shoe,,"],
        Interactions=[*ROWS, "b,1,,u,,05/13/2024,,,,,,"],
    )


def test_it_says_what_it_made_and_what_it_dropped(folder, tmp_path):
    result = run(folder, "--to", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "Cooked 2 items, 4 users, 4 interactions" in result.stdout
    assert "1 rows dropped" in result.stdout
    assert "Output 0000001, version 2" in result.stdout
    assert "part.csv, line 5: Timestamp is '05/13/2024'" in result.stderr.replace("\n", "")


def test_without_a_terminal_each_step_is_a_line_that_says_what_happens(tmp_path):
    write_shop(tmp_path / "shop", items=80, users=60, interactions=1500)
    cooked = run(tmp_path / "shop", "--to", tmp_path / "out", "--json")
    evaluated = run(tmp_path / "shop", "--evaluate")

    steps = json.loads(cooked.stdout)["seconds"]
    assert cooked.stderr.splitlines() == [STEPS[each] for each in (*steps, "writing")]
    assert evaluated.stderr.splitlines() == [STEPS[each] for each in (*steps, "asking")]
    assert [each for each in STEPS.values() if len(each.split()) < 3] == []


def test_with_json_the_report_is_on_standard_output_alone(folder, tmp_path):
    result = run(folder, "--to", tmp_path / "out", "--json")
    report = json.loads(result.stdout)
    assert report["output"]["name"] == "0000001"
    assert report["counts"] == {"items": 2, "users": 4, "interactions": 4}
    [entity] = [each for each in report["entities"] if each["dropped"]]
    assert entity["name"] == "Reco_Interactions"
    assert entity["reasons"][0]["places"][0]["line"] == 5


def test_the_output_before_can_be_served_again(folder, tmp_path):
    out = tmp_path / "out"
    assert run("--to", out, "--roll-back").exit_code == 2
    for _ in range(2):
        run(folder, "--to", out)
    result = run("--to", out, "--roll-back")
    assert "Output 0000003 serves what 0000001 did." in result.stdout


def test_smaller_data_are_refused_with_the_way_out(folder, tmp_path):
    out = tmp_path / "out"
    run(folder, "--to", out)
    write_folder(folder, Interactions=ROWS[:1])
    result = run(folder, "--to", out)
    assert result.exit_code == 2
    assert "SmallerData: users fell from 4 to 1" in result.stderr
    assert "--accept-smaller" in result.stderr
    assert run(folder, "--to", out, "--accept-smaller").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "irclient cook needs FOLDER"),
        (["", "--to", "out"], "irclient cook needs FOLDER"),
        (["", "--evaluate"], "irclient cook needs FOLDER"),
        (["data", "--to", "ftp://me:hunter2@host/out"], "--to is '…@host/out'; an output"),
        (["data"], "irclient cook needs --to OUT"),
        (["--roll-back"], "irclient cook needs --to OUT"),
        (["data", "--to", "out", "--memory", "much"], "--memory is 'much'; write a size"),
        (["data", "--to", "out", "--memory", "1MB"], "cooking needs at least 256MB"),
        (["nowhere", "--to", "out", "--memory", "1" * 5000 + "GB"], "model.json does not exist"),
        (["nowhere", "--to", "out"], "model.json does not exist"),
        (["data", "--to", "out", "--engine", "hive"], "'hive' is not one of"),
        (["data", "--to", "out", "--spark-master", "local"], "need --engine spark"),
        (["data", "--to", "out", "--spark-folder", "dbfs:/data"], "need --engine spark"),
    ],
)
def test_wrong_use_says_what_is_needed(tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 2
    assert says in result.stderr


@pytest.mark.parametrize(
    "case",
    ["duckdb duckdb cook", "duckdb numpy cook", "spark scipy cook", "spark pyspark spark"],
)
def test_without_an_extra_it_says_what_to_install(monkeypatch, folder, tmp_path, case):
    engine, lacks, extra = case.split()

    def found(name):
        if name == lacks:
            raise ModuleNotFoundError(name=name)

    monkeypatch.setattr("irclient.cli.cooking_effort.import_module", found)
    result = run(folder, "--to", tmp_path / "out", "--engine", engine)
    assert result.exit_code == 2
    told = " ".join(result.stderr.split())
    assert f"cooking needs {lacks}; install it with: pip install 'irclient[{extra}]'" in told


def test_an_evaluation_is_a_table_and_leaves_nothing(tmp_path):
    write_shop(tmp_path / "shop", items=80, users=60, interactions=1500)
    result = run(tmp_path / "shop", "--evaluate")
    assert "popular, for users" in result.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["shop"]
    found = json.loads(run(tmp_path / "shop", "--evaluate", "--json").stdout)
    assert {"name", "asked", "hit_rate", "ndcg", "coverage"} == set(found["lists"][0])


@pytest.mark.parametrize(
    ("says", "install"),
    [
        ("Install adlfs to access Azure", "pip install 'irclient[azure]'"),
        ("No module named 'fsspec'", "pip install 'irclient[cook]'"),
        ("Please install s3fs to access S3", "pip install that package"),
    ],
)
def test_a_url_that_needs_a_package_says_which(monkeypatch, tmp_path, says, install):
    def missing(_):
        raise ImportError(says)

    monkeypatch.setattr("irclient.cooking.data.fetching.import_module", missing)
    result = run("abfs://container/root", "--to", tmp_path / "out")
    assert result.exit_code == 2
    told = " ".join(result.stderr.split())
    assert (
        f"abfs://container/root cannot be read without another package: {says}; {install}" in told
    )


@pytest.mark.parametrize("to", ["abfs://container/root", "s3://bucket"])
def test_an_output_goes_to_a_folder_and_no_url(folder, tmp_path, monkeypatch, to):
    monkeypatch.chdir(tmp_path)
    for arguments in ((folder, "--to", to), ("--to", to, "--roll-back")):
        result = run(*arguments)
        assert result.exit_code == 2
        assert "--to is" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_rolling_back_what_is_not_there_makes_no_folder(tmp_path):
    assert run("--to", tmp_path / "out", "--roll-back").exit_code == 2
    assert list(tmp_path.iterdir()) == []
