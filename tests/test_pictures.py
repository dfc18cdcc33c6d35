"""The pictures of the documentation are drawn by the code that they show, as it is now."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from scripts.pictures.__main__ import PICTURES, TARGET
from scripts.pictures.canvas import WIDTH

ROOT = Path(__file__).parent.parent
PAGES = {page: page.read_text("utf-8") for page in (ROOT / "docs").rglob("*.md")}


@pytest.fixture(scope="module", params=PICTURES)
def drawn(request: pytest.FixtureRequest) -> tuple[str, str]:
    return request.param, PICTURES[request.param]()


def test_a_picture_shows_what_the_code_does_now(drawn: tuple[str, str]) -> None:
    name, svg = drawn
    committed = (TARGET / f"{name}.svg").read_text("utf-8")
    assert committed == svg, "look at what changed, then run `make pictures`"


def test_a_picture_can_be_read_on_a_phone_and_without_eyes(drawn: tuple[str, str]) -> None:
    svg = ET.fromstring(drawn[1])
    assert svg.get("viewBox", "").split()[2] == str(WIDTH)
    assert len(svg.get("aria-label", "")) > 80
    smallest = min(map(float, re.findall(r"font(?:-size)?:([\d.]+)px", drawn[1])))
    # A phone shows it 360 wide.
    assert smallest * 360 / WIDTH > 8
    widest = 0.0
    for text in svg.iter("{http://www.w3.org/2000/svg}text"):
        size = 6.4 * len(text.text or "")
        left = (
            float(text.get("x", 0))
            - {"start": 0, "middle": size / 2, "end": size}[text.get("text-anchor", "start")]
        )
        widest = max(widest, left + size)
        assert left > -4, text.text
    assert widest <= WIDTH + 4


def test_each_picture_has_a_page_and_words_that_stand_for_it() -> None:
    shown = {
        (name, words)
        for text in PAGES.values()
        for words, name in re.findall(r"!\[([^\]]*)\]\([^)]*pictures/(\w+)\.svg\)", text)
    }
    assert {name for name, _ in shown} == {*PICTURES, "demo"}
    assert all(len(words) > 40 for _, words in shown)
