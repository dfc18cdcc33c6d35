"""Draws the pictures of the documentation from runs of the core in virtual time.

`make pictures` runs it. The same code gives the same pictures, which a test compares: a rule that
changes changes its picture.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from scripts.pictures import cache, call, fleet, hedge, pair, token

if TYPE_CHECKING:
    from collections.abc import Callable

TARGET: Final = Path(__file__).parents[2] / "docs" / "pictures"

PICTURES: Final[dict[str, Callable[[], str]]] = {
    "cache": cache.draw,
    "call": call.draw,
    "fleet": fleet.draw,
    "hedge": hedge.draw,
    "pair": pair.draw,
    "token": token.draw,
}


def main() -> None:
    """Draw all of them."""
    for name, draw in PICTURES.items():
        (TARGET / f"{name}.svg").write_text(draw(), "utf-8")
        print(f"{name}.svg")


if __name__ == "__main__":
    main()
