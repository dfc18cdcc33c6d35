"""The paper of the pictures: plain SVG, as wide as a phone, in the colours of the page around it.

A picture that is part of a page takes the page's colours, light or dark; one that is opened as a
file asks the reader's system. Everything is drawn for a column of 480, so that letters can still
be read where a phone makes it smaller.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from xml.sax.saxutils import escape, quoteattr

__all__ = ["BLUE", "GREEN", "GREY", "ORANGE", "PURPLE", "RED", "WIDTH", "Canvas", "Scale"]

WIDTH: Final = 480
#: Middle tones, which stand out on white and on the dark of a page alike.
BLUE: Final = "#4a7fd4"
ORANGE: Final = "#d9822b"
GREEN: Final = "#4f9d5b"
RED: Final = "#d64545"
GREY: Final = "#8a8f98"
PURPLE: Final = "#8f6bc4"

_STYLE: Final = (
    # A style reaches the whole page, so each rule names the pictures.
    ".drawn{font:13px system-ui,sans-serif;color:inherit}"
    ".drawn text{fill:currentColor}"
    ".drawn .small{font-size:11.5px}"
    ".drawn .quiet{opacity:.75}"
    ".drawn .strong{font-weight:600}"
    ".drawn .axis{stroke:currentColor;opacity:.35}"
    ".drawn:root{color:#222}"
    "@media (prefers-color-scheme:dark){.drawn:root{color:#ddd;background:#1e2129}}"
)


@dataclass(frozen=True, slots=True)
class Scale:
    """Where an instant lies on the paper."""

    left: float
    right: float
    since: float
    until: float

    def __call__(self, instant: float) -> float:
        """Return the place of an instant, within the edges."""
        part = (instant - self.since) / (self.until - self.since)
        return self.left + min(max(part, 0.0), 1.0) * (self.right - self.left)


@dataclass(slots=True)
class Canvas:
    """What is drawn, in order.

    Attributes:
        says: What the picture shows, in words, for those who cannot see it.
        height: Of the paper.
    """

    says: str
    height: int
    _parts: list[str] = field(default_factory=list)

    def text(self, x: float, y: float, said: str, look: str = "", anchor: str = "start") -> None:
        """Write words; `look` names classes of the style."""
        looks = f" class={quoteattr(look)}" if look else ""
        where = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self._parts.append(f'<text x="{_n(x)}" y="{_n(y)}"{looks}{where}>{escape(said)}</text>')

    def bar(
        self, x: float, y: float, to_x: float, height: float, colour: str, *, opacity: float = 1.0
    ) -> None:
        """Draw a bar from one place to another, at least two wide."""
        width = max(to_x - x, 2.0)
        self._parts.append(
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="2" '
            f'fill="{colour}"{_faint(opacity)}/>'
        )

    def dot(self, x: float, y: float, colour: str, radius: float = 4.0) -> None:
        """Draw a dot."""
        self._parts.append(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" fill="{colour}"/>')

    def cross(self, x: float, y: float, colour: str = RED) -> None:
        """Draw what failed."""
        self._parts.append(
            f'<path d="M{_n(x - 3)} {_n(y - 3)}l6 6m0 -6l-6 6" stroke="{colour}" stroke-width="2"/>'
        )

    def line(
        self, x: float, y: float, to_x: float, to_y: float, colour: str = "", *, dash: str = ""
    ) -> None:
        """Draw a line; one without a colour belongs to an axis."""
        look = f'stroke="{colour}" stroke-width="1.5"' if colour else 'class="axis"'
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(f'<path d="M{_n(x)} {_n(y)}L{_n(to_x)} {_n(to_y)}" {look}{dashes}/>')

    def path(self, points: list[tuple[float, float]], colour: str, *, filled: bool = False) -> None:
        """Draw a line through points, or the area that they go round."""
        way = "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in points)
        look = (
            f'fill="{colour}" fill-opacity=".75"'
            if filled
            else f'fill="none" stroke="{colour}" stroke-width="1.5"'
        )
        self._parts.append(f'<path d="{way}{"Z" if filled else ""}" {look}/>')

    def axis(self, scale: Scale, y: float, ticks: dict[float, str]) -> None:
        """Draw the axis of time, with words below some instants."""
        self.line(scale.left, y, scale.right, y)
        for instant, said in ticks.items():
            x = scale(instant)
            anchor = "end" if x > WIDTH - 40 else "middle" if x > scale.left + 12 else "start"
            self.line(x, y, x, y + 4)
            self.text(x, y + 17, said, "small quiet", anchor)

    def svg(self) -> str:
        """Return the picture."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="drawn" role="img" '
            f'viewBox="0 0 {WIDTH} {self.height}" aria-label={quoteattr(self.says)}>'
            f"<style>{_STYLE}</style>\n" + "\n".join(self._parts) + "\n</svg>\n"
        )


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _faint(opacity: float) -> str:
    return "" if opacity == 1.0 else f' fill-opacity="{opacity:g}"'
