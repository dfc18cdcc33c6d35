"""A fleet: four processes share one TPS, while demand moves among them and their server is lost."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from scripts.pictures.canvas import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, WIDTH, Canvas, Scale
from tests.fleet.virtual_fleet import Fleet

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["draw"]

_TPS = 100
_LASTS = 30
#: When the server that they meet at cannot be reached, and when demand moves.
_AWAY = (18.0, 24.0)
_MOVES_AT = 9.0
#: Calls a second of each process, before and after.
_DEMAND = ((80, 15, 15, 5), (5, 15, 15, 80))
_COLOURS = (BLUE, ORANGE, GREEN, PURPLE)
_NAMES = "ABCD"


class _Counting(Fleet):
    """Knows which process started what, second by second."""

    by_second: Counter[tuple[int, int]]

    def start(self, number: int, member: Any, slot: Any, began_at: float) -> None:  # noqa: ANN401
        """Start a request, and count it."""
        before = len(self.starts)
        super().start(number, member, slot, began_at)
        if len(self.starts) > before:
            self.by_second[int(self.now), number] += 1


def _demand(number: int) -> Callable[[float], int]:
    return lambda now: _DEMAND[now >= _MOVES_AT][number]


def draw() -> str:
    """Run the fleet and draw what its processes started."""
    fleet = _Counting(_TPS, 4, [_demand(number) for number in range(4)], seed=1, away=[_AWAY])
    fleet.by_second = Counter()
    fleet.run(_LASTS)
    worst, used = fleet.worst(), fleet.used(2.0, _LASTS)

    canvas = Canvas(
        f"Four processes share {_TPS} TPS, and want {sum(_DEMAND[0])} calls a second together. "
        f"A is busiest, then D is; from second {_AWAY[0]:.0f} to {_AWAY[1]:.0f} their server "
        f"cannot be reached. No second holds more than {worst} starts, and {used:.0%} of the TPS "
        "are used.",
        height=240,
    )
    at = Scale(44, WIDTH - 12, 0.0, _LASTS)
    base, top = 186.0, 40.0
    canvas.bar(at(_AWAY[0]), top - 18, at(_AWAY[1]), base - top + 18, RED, opacity=0.16)
    middle = (at(_AWAY[0]) + at(_AWAY[1])) / 2
    canvas.text(middle, top - 6, "server lost", "small quiet", "middle")
    canvas.text(at(_MOVES_AT) + 5, top - 6, "demand moves", "small quiet")
    below = [0] * _LASTS
    for number in range(4):
        above = [below[each] + fleet.by_second[each, number] for each in range(_LASTS)]
        canvas.path(
            _band(at, base, (base - top) / _TPS, below, above), _COLOURS[number], filled=True
        )
        below = above
    canvas.line(at(_MOVES_AT), top - 18, at(_MOVES_AT), base, GREY, dash="3 3")
    canvas.line(at(0), top, at(_LASTS), top, RED)
    canvas.text(4, top + 4, f"{_TPS}", "small strong")
    canvas.text(4, top + 18, "TPS", "small quiet")
    canvas.axis(at, base, {float(each): f"{each} s" for each in (0, 10, 20, 30)})
    for number, name in enumerate(_NAMES):
        x = 44 + 44 * number
        canvas.bar(x, 216, x + 12, 12, _COLOURS[number], opacity=0.75)
        canvas.text(x + 18, 226, name, "small")
    canvas.text(WIDTH - 12, 226, f"busiest second: {worst} starts", "strong", "end")
    return canvas.svg()


def _band(
    at: Scale, base: float, unit: float, below: list[int], above: list[int]
) -> list[tuple[float, float]]:
    lower, upper = [], []
    for second, (low, high) in enumerate(zip(below, above, strict=True)):
        left, right = at(second), at(second + 1)
        lower += [(left, base - low * unit), (right, base - low * unit)]
        upper += [(left, base - high * unit), (right, base - high * unit)]
    return [*lower, *reversed(upper)]
