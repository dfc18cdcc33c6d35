"""The figures of the README and of the landing page are those of the last run, and of the bars."""

from __future__ import annotations

import inspect
import re

import pytest

from benchmarks.promise import failing, limits
from benchmarks.promise.accounts import KINDS
from benchmarks.quoted import QUOTES, cell, fill, rows
from benchmarks.serving import ROOT

TABLES = (ROOT / "docs" / "explanation" / "performance.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")
LANDING = (ROOT / "docs" / "index.md").read_text("utf-8")


@pytest.mark.parametrize("text", [README, LANDING], ids=["README", "landing page"])
def test_each_quoted_figure_is_that_of_the_last_run(text: str) -> None:
    assert fill(text, TABLES) == text, "python -m benchmarks.quoted writes them"
    assert all(quote.place.search(text) for quote in QUOTES)


def test_a_figure_is_found_by_the_words_after_it_and_by_nothing_else() -> None:
    ours = re.compile(r"(\*\*irclient\*\* \|.*\|) [\d.]+ \|$", re.MULTILINE)
    other = ours.sub(r"\1 0.42 |", TABLES)
    text = "It has 64 tasks.\nIt takes 0.9 times\nthe CPU of a bare `httpx` call, and 64 times."
    assert fill(text, other) == text.replace("0.9", "0.4")
    with pytest.raises(LookupError, match="no row of ours for 'nothing'"):
        cell(TABLES, "tasks", "nothing", "CPU, µs")


def promised(figure: str) -> str:
    return re.search(rf"^\| {re.escape(figure)} \| (.+) \|$", LANDING, re.MULTILINE)[1]


def default(function, name: str):
    return inspect.signature(function).parameters[name].default


def test_the_promises_of_the_landing_page_are_the_bars() -> None:
    words = {10: "ten"}[len(KINDS)]
    calls = default(failing.at_once, "callers")
    assert promised("0 failed").startswith(
        f"of {calls} calls at once, in whichever of {words} ways"
    )
    overruns = {
        default(each, "overrun")
        for each in (limits.names_without_an_answer, limits.small_pool, limits.own_pool)
    }
    assert {f"{1000 * each:.0f} ms" for each in overruns} == {"50 ms"}
    assert promised("50 ms").startswith("at most beyond its deadline")


def test_what_the_landing_page_says_of_requests_and_tps_was_measured() -> None:
    (equal,) = [each for each in rows(TABLES, "single flight") if "irclient" in each["who"]]
    assert float(equal["requests"]) == 1
    assert promised("1 request").startswith("for any number of equal calls under way")
    paced = {each["case"]: each for each in rows(TABLES, "pacing") if "irclient" in each["who"]}
    assert promised("100 %").startswith("of an endpoint's TPS in any one second, and no more")
    assert all(float(each["busiest second ÷ TPS, %"]) <= 100 for each in paced.values())
    # A single client of Python cannot send 10,000 requests a second.
    used = [float(each["TPS used, %"]) for case, each in paced.items() if case != "10,000 TPS"]
    assert len(used) >= 3
    assert min(used) >= 99
    others = {each["who"].strip("*") for each in rows(TABLES, "tasks")} - {"irclient"}
    assert len(others) == 8
    assert "beside eight other clients" in LANDING
