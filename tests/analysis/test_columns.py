"""Every column of every frame is in the reference, with its type."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from irclient.analysis import Lists, compare

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "api" / "analysis.md"
COMPARED = compare(Lists(), Lists())
FRAMES = {
    "frame": Lists().frame(),
    "outcomes": Lists().outcomes(),
    "per_query": COMPARED.per_query,
    "items": COMPARED.items,
    "summary": COMPARED.summary,
    "mixed": COMPARED.mixed,
}


def documented(section: str) -> dict[str, str]:
    """The type of each column that a section has a row for."""
    text = PAGE.read_text("utf-8").split(f"\n### {section}\n")[1].split("\n### ")[0]
    rows = re.findall(r"^\| (`.+?) \| (\w+) \|", text, re.MULTILINE)
    return {name: kind for names, kind in rows for name in re.findall(r"`(\w+)`", names)}


@pytest.mark.parametrize("name", list(FRAMES))
def test_a_column_is_documented_with_its_type(name: str) -> None:
    known = documented(name)
    frame = FRAMES[name]
    if name != "summary":
        # These say so of the columns that they share with the first.
        known = documented("frame") | known
    assert set(documented(name)) <= set(frame.columns)
    for column, kind in frame.dtypes.items():
        assert known[column] == str(kind)
