"""The benchmarks measure: their server, their figures, their bars and their page can be trusted."""

from __future__ import annotations

import json
from urllib.request import urlopen

import pytest

from benchmarks import __main__ as command
from benchmarks.bars import BARS, judge
from benchmarks.measuring import Extent, Result, Spread, gather, rounds_of, timed
from benchmarks.page import fill, tables
from benchmarks.serving import ROOT, serving
from benchmarks.suites import decisions, pacing
from tests.collector import take_out_of_sight

PAGE = ROOT / "docs" / "explanation" / "performance.md"
SMALL = Extent(rounds=2, block_for=0.002, is_quick=True)


@pytest.fixture(autouse=True, scope="module")
def _thawed():
    """Measuring freezes what the garbage collector knows; other tests need it as it was."""
    yield
    take_out_of_sight()


def result(suite: str, case: str, who: str, **measures: list[float]) -> Result:
    samples = [
        dict(zip(measures, values, strict=True)) for values in zip(*measures.values(), strict=True)
    ]
    return Result(suite, case, who, samples)


def test_a_spread_is_the_median_between_the_quartiles() -> None:
    assert Spread.of([1.0, 2.0, 3.0, 4.0, 100.0]) == Spread(2.0, 3.0, 4.0)
    assert Spread.of([7.0]) == Spread(7.0, 7.0, 7.0)


def test_a_ratio_is_taken_within_a_round() -> None:
    ours = result("tasks", "1 caller", "irclient", cpu=[1.0, 10.0, 100.0])
    its = result("tasks", "1 caller", "httpx", cpu=[2.0, 20.0, 200.0])
    assert ours.ratio(its, "cpu") == Spread(0.5, 0.5, 0.5)


def test_everybody_is_measured_in_each_round_and_none_is_always_first() -> None:
    order = list(rounds_of(["a", "b", "c"], Extent(rounds=3, block_for=1.0)))
    assert order == ["a", "b", "c", "b", "c", "a", "c", "a", "b"]


def test_what_takes_longer_is_measured_as_longer() -> None:
    contestants = {"short": timed(lambda: sum(range(10)), SMALL)}
    contestants["long"] = timed(lambda: sum(range(10_000)), SMALL)
    short, long = gather("suite", "case", contestants, SMALL)
    assert long.spread("cpu").median > 10 * short.spread("cpu").median


def test_a_bar_is_met_by_its_median_alone() -> None:
    found = [
        result("tasks", "1 caller", "irclient", cpu=[8.0, 8.0, 90.0]),
        result("tasks", "1 caller", "aiohttp", cpu=[10.0, 10.0, 10.0]),
        result("tasks", "16 callers", "irclient", cpu=[9.0]),
        result("tasks", "16 callers", "aiohttp", cpu=[10.0]),
    ]
    met = {each.bar.figure: each.is_met for each in judge(found) if each.figure}
    assert list(met.values()) == [True, False]


def test_a_bar_that_was_not_measured_is_neither_met_nor_missed() -> None:
    assert {each.is_met for each in judge([])} == {None}
    assert len(judge([])) == len(BARS)


def test_a_rival_that_is_missing_is_reported_and_not_invented() -> None:
    ours = result("threads", "1 thread", "irclient", cpu=[1.0])
    missing = Result("threads", "1 thread", "httpx2", reason="not installed")
    rows = tables([ours, missing], [], {})["threads"].rows
    assert rows[1][:3] == ("1 thread", "httpx2", "not installed")


def test_the_page_has_a_place_for_each_table_and_keeps_its_words() -> None:
    page = "words\n<!-- measured: a -->\nold\n<!-- end -->\nmore words"
    table = tables([], [], {"what": "value"})["machine"]
    filled = fill(page, {"a": table})
    assert filled.startswith("words\n")
    assert filled.endswith("more words")
    assert "old" not in filled
    assert "| what | value |" in filled
    with pytest.raises(ValueError, match="b"):
        fill(page, {"a": table, "b": table})


def test_the_page_of_the_documentation_can_be_filled_from_its_own_figures() -> None:
    figures = json.loads((PAGE.parent / "benchmarks.json").read_text("utf-8"))
    results = [Result(**each) for each in figures["results"]]
    named = tables(results, judge(results), figures["about"])
    assert fill(PAGE.read_text("utf-8"), named) == PAGE.read_text("utf-8")


def test_the_server_answers_a_list_and_notes_arrivals_where_it_is_asked_to() -> None:
    with serving() as base:
        with urlopen(f"{base}/noted/reco/v1.0/similar/1", timeout=5) as answer:
            assert len(json.load(answer)["items"]) == 10
        with urlopen(f"{base}/arrivals", timeout=5) as answer:
            assert len(json.load(answer)) == 1
        with urlopen(f"{base}/arrivals", timeout=5) as answer:
            assert json.load(answer) == []


def test_pacing_is_judged_by_the_busiest_second_anywhere() -> None:
    starts = [0.0, 0.9, 1.0, 1.9, 2.0, 2.9]
    judged = pacing._judged(starts, 2, [3, 3])
    assert judged == {"used": 1.0, "busiest second": 1.0, "fairness": 1.0}
    crowded = pacing._judged([0.5, 0.9, 1.0, 1.4], 2, [4, 0])
    assert crowded["busiest second"] == 2.0
    assert crowded["fairness"] == 0.5


def test_decisions_are_measured_without_anything_sent() -> None:
    found = {(each.case, each.who) for each in decisions.decisions("http://127.0.0.1:1", SMALL)}
    assert (decisions.CASE, "irclient") in found


def test_the_command_writes_figures_for_programs(capsys, monkeypatch) -> None:
    monkeypatch.setattr(command, "_QUICK", SMALL)
    assert command.main(["--quick", "--only", "decisions", "--json", "-"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["about"]["python"]
    assert any(each["who"] == "irclient" for each in figures["results"])
