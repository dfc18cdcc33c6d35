"""Draws the moving picture of the landing page from a run of `irclient demo`.

`make demo-picture` runs it. Each quarter of a second of the demo's traffic is a frame, rendered by
rich, and the figures at the end stay for a while; readers who asked for less motion see these
alone.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from rich.console import Console, Group
from rich.segment import Segment
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

from irclient.cli.demo.plot import Plot
from irclient.cli.demo.screen import PlainScreen
from irclient.cli.demo.story import tell_story
from irclient.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType
    from rich.style import Style
    from rich.table import Table

    from irclient.cli.demo.screen import Scene

TARGET: Final = Path(__file__).parent.parent / "docs" / "pictures" / "demo.svg"
#: The size of the terminal, and of a letter and the frame around them, in pixels.
COLUMNS: Final = 80
ROWS: Final = 15
WIDTH: Final = 8.4
HEIGHT: Final = 19
MARGIN: Final = 18
TOP: Final = 58
FRAME_FOR: Final = 0.25
LAST_FOR: Final = 6.0


class FilmScreen(PlainScreen):
    """Keeps what a terminal would show, frame by frame."""

    def __init__(self) -> None:
        super().__init__(Console(file=io.StringIO(), width=COLUMNS))
        self.frames: list[RenderableType] = []
        self._acts: list[Text] = []
        self._next_frame_at = 0.0

    def act(self, text: str) -> None:
        """Keep what is done to the accounts; on a terminal it stands above the scene."""
        self._acts.append(Text.assemble(("▸ ", "magenta"), (text, "bold")))

    def scene(self, scene: Scene) -> None:
        """Keep the scene, if the last one was kept long enough ago."""
        if scene.elapsed >= self._next_frame_at:
            self._next_frame_at = scene.elapsed + FRAME_FOR
            self.frames.append(Group(scene.table(), *self._acts))

    def summary(self, figures: Table, verdict: Text, errors: Sequence[str]) -> None:  # noqa: ARG002  (there are none)
        """Keep the figures."""
        self.frames.append(Group(figures, Text(), verdict))


def drawn(frame: RenderableType) -> str:
    """Return what a terminal shows of a frame, as lines of SVG text."""
    console = Console(
        file=io.StringIO(), width=COLUMNS, force_terminal=True, color_system="truecolor"
    )
    prompt = Text("$ irclient demo", style="bold")
    lines = Segment.split_lines(console.render(Group(prompt, Text(), frame)))
    return "".join(_line(line, row) for row, line in enumerate(lines))


def _line(segments: list[Segment], row: int) -> str:
    column, spans = 0, []
    for segment in segments:
        text = segment.text.rstrip()
        if text:
            # Each at a column of its own: not every reader's font is as wide as another.
            left = column + len(segment.text) - len(segment.text.lstrip())
            x, look = MARGIN + left * WIDTH, _look(segment.style)
            spans.append(f'<tspan x="{x:.1f}"{look}>{escape(text.strip())}</tspan>')
        column += segment.cell_length
    return f'<text y="{TOP + row * HEIGHT}">{"".join(spans)}</text>' if spans else ""


def _look(style: Style | None) -> str:
    if style is None:
        return ""
    looks = []
    if style.color is not None and not style.color.is_default:
        looks.append(f'fill="{style.color.get_truecolor(DIMMED_MONOKAI).hex}"')
    if style.bold:
        looks.append('font-weight="bold"')
    if style.dim:
        looks.append('opacity=".6"')
    return "".join(f" {look}" for look in looks)


def animated(frames: list[str]) -> str:
    """Return the frames as one SVG in which they follow each other."""
    last = len(frames) - 1
    lasts = last * FRAME_FOR + LAST_FOR
    one, rest = 100 * FRAME_FOR / lasts, 100 * LAST_FOR / lasts
    width, height = COLUMNS * WIDTH + 2 * MARGIN, TOP + ROWS * HEIGHT
    style = (
        f"text {{ font: {HEIGHT - 5}px ui-monospace, Menlo, Consolas, "
        "'DejaVu Sans Mono', monospace; fill: #d9d9d9; }"
        f".frame {{ visibility: hidden; animation: one {lasts}s step-end infinite; }}"
        ".last { animation-name: last; }"
        f"@keyframes one {{ 0% {{ visibility: visible; }} {one:.4f}% {{ visibility: hidden; }} }}"
        f"@keyframes last {{ 0% {{ visibility: visible; }} {rest:.4f}% {{ visibility: hidden; }} }}"
        "@media (prefers-reduced-motion) { .frame { animation: none; } "
        ".last { visibility: visible; } }"
    )
    groups = "\n".join(
        f'<g class="frame{" last" if number == last else ""}" '
        f'style="animation-delay: {number * FRAME_FOR}s">{frame}</g>'
        for number, frame in enumerate(frames)
    )
    lights = "".join(
        f'<circle cx="{22 + 18 * number}" cy="20" r="5.5" fill="{color}"/>'
        for number, color in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" role="img" '
        'aria-label="irclient demo: one account of a pair fails and heals, and no call fails">\n'
        f"<style>{style}</style>\n"
        f'<rect width="{width:.0f}" height="{height}" rx="9" fill="#1d1f27"/>{lights}\n'
        f"{groups}\n</svg>\n"
    )


def main() -> None:
    """Run the demo and write the picture."""
    screen = FilmScreen()
    summary = tell_story(Emulator(tps=200.0), screen, Plot.usual())
    if not summary.kept_its_promise:
        sys.exit("the demo did not keep its promise, so there is nothing to show")
    TARGET.write_text(animated([drawn(frame) for frame in screen.frames]), "utf-8")
    print(f"{TARGET.name}: {len(screen.frames)} frames, {TARGET.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
