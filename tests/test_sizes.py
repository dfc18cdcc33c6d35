"""Files stay small enough to be read in one sitting, and drivers free of policy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "irclient").rglob("*.py"))
#: A script writes them from the queries, which are read instead.
WRITTEN = {"list_methods.py", "async_list_methods.py"}
DRIVERS = [path for path in SOURCES if path.parent.name == "_drivers"]
POLICY = re.compile(r"retr(?:y|ies)|breaker|cach|hedg|failover", re.IGNORECASE)


def most_lines(path: Path) -> int:
    if path.parent.name == "_core":
        return 300
    return 200 if path.parent.name == "_drivers" else 400


@pytest.mark.parametrize(
    "path",
    [path for path in SOURCES if path.name not in WRITTEN],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_a_module_fits_its_limit_and_says_what_it_owns(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= most_lines(path)
    if text.strip():
        assert text.startswith('"""')


def test_drivers_contain_no_word_of_a_policy() -> None:
    assert len(DRIVERS) >= 3
    for path in DRIVERS:
        assert not POLICY.search(path.read_text("utf-8")), path.name


def test_no_module_is_a_drawer_for_what_has_no_name() -> None:
    drawers = {"util", "utils", "helper", "helpers", "manager", "managers", "common", "misc"}
    named = {path.stem.strip("_") for path in SOURCES} | {path.parent.name for path in SOURCES}
    assert not named & drawers


@pytest.mark.parametrize(("name", "most"), [("README.md", 120), ("CONTRIBUTING.md", 120)])
def test_what_a_newcomer_reads_first_is_short(name: str, most: int) -> None:
    assert len((ROOT / name).read_text("utf-8").splitlines()) <= most
