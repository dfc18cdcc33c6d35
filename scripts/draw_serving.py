"""Draws the picture of a pair of services in two zones, for docs/explanation/serving.md."""

from __future__ import annotations

from pathlib import Path

_HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 820 470" font-family="sans-serif" '
    'font-size="14" fill="none" stroke="#444">'
)


def box(x: int, y: int, width: int, height: int, *lines: str, fill: str = "#fff") -> str:
    middle = y + height / 2 - 9 * (len(lines) - 1) + 5
    texts = "".join(
        f'<text x="{x + width / 2}" y="{middle + 18 * at}" text-anchor="middle" fill="#222" '
        f'stroke="none">{line}</text>'
        for at, line in enumerate(lines)
    )
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6" fill="{fill}"/>{texts}'


def arrow(x: int, y: int, to_x: int, to_y: int, *, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    return f'<line x1="{x}" y1="{y}" x2="{to_x}" y2="{to_y}" marker-end="url(#a)"{dash}/>'


def label(x: int, y: int, text: str) -> str:
    return f'<text x="{x}" y="{y}" fill="#555" stroke="none" font-size="12">{text}</text>'


def zone(x: int, name: str, account: str) -> str:
    return "".join(
        (
            f'<rect x="{x}" y="130" width="360" height="215" rx="10" stroke-dasharray="3 3"/>',
            label(x + 12, 150, name),
            box(x + 30, 165, 140, 50, "irclient serve", account, fill="#e8f1fb"),
            box(x + 190, 165, 140, 50, "irclient serve", account, fill="#e8f1fb"),
            box(x + 30, 270, 300, 50, "output: arrays mapped into memory",
                "current → 0000007", fill="#eef7ea"),
            arrow(x + 100, 215, x + 100, 268),
            arrow(x + 260, 215, x + 260, 268),
        )
    )  # fmt: skip


def picture() -> str:
    marker = (
        '<defs><marker id="a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#444" stroke="none"/>'
        "</marker></defs>"
    )
    parts = (
        box(260, 20, 300, 50, "your backend, with irclient", "Pair(primary, secondary)",
            fill="#fdf3e1"),
        arrow(340, 70, 205, 163),
        arrow(480, 70, 615, 163, dashed=True),
        label(160, 112, "every call"),
        label(560, 112, "when the primary fails, throttles or is slow"),
        zone(25, "zone 1", "contoso-a"),
        zone(435, "zone 2", "contoso-b"),
        box(55, 395, 300, 50, "irclient cook, on a schedule", "writes, then switches",
            fill="#eef7ea"),
        box(465, 395, 300, 50, "irclient cook, on a schedule", "at another hour", fill="#eef7ea"),
        arrow(205, 395, 205, 322),
        arrow(615, 395, 615, 322),
    )  # fmt: skip
    return f"{_HEAD}{marker}{''.join(parts)}</svg>\n"


if __name__ == "__main__":
    (Path(__file__).parents[1] / "docs/explanation/serving/pair.svg").write_text(picture(), "utf-8")
