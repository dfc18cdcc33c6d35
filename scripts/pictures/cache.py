"""The life of an answer in memory: what calls get from it, and what they cost, as it ages."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from irclient.errors import IRError
from irclient.observe import CallEnded, Refreshed
from irclient.queries import Similar
from irclient.settings import Settings
from scripts.pictures.canvas import BLUE, GREEN, GREY, ORANGE, RED, WIDTH, Canvas, Scale
from scripts.pictures.world import REFUSED, WELL, Client, World

if TYPE_CHECKING:
    from irclient._core.protocol import Send
    from scripts.pictures.world import Outcome

__all__ = ["draw"]

#: When the accounts go down, and when calls ask, in seconds.
_DOWN_SINCE = 300.0
_MINUTE, _HOUR = 60.0, 3600.0
_CALLS = (0.0, 20.0, 45.0, 100.0, 110.0, 150.0, 4 * _HOUR, 20 * _HOUR, 30 * _HOUR)
_COLOURS = {"service": BLUE, "cache": GREEN, "stale": ORANGE, None: RED}
_NAMES = {
    "service": "from the service",
    "cache": "from memory, fresh",
    "stale": "from memory, stale",
    None: "error",
}


def _answer(_send: Send, now: float) -> tuple[Outcome, float]:
    return (REFUSED, 0.004) if now >= _DOWN_SINCE else (WELL, 0.03)


def draw() -> str:
    """Ask for one list again and again while its answer ages, and the accounts go down."""
    world = World(_answer)
    client = Client(world)
    caching = Settings().caching
    for instant in _CALLS:
        world.time.sleep(instant - world.time.now)
        with suppress(IRError):  # It is told like all others.
            client.run(Similar("64702"))
        world.time.sleep(1.0)
    ended, (refreshed,) = world.told(CallEnded), world.told(Refreshed)
    again_at = refreshed.at

    canvas = Canvas(
        "The life of an answer in memory. "
        f"Fresh for {caching.fresh_for:g} s, then used once more while one request refreshes it. "
        "When both accounts are down, it stands in for "
        f"{caching.stale_if_error_for / _HOUR:g} hours; after that, the call fails.",
        height=240,
    )
    at = _Axis(again_at, caching.fresh_for, caching.stale_if_error_for)
    y = 30
    for x, to_x, said, colour in at.spans:
        canvas.bar(x, y, to_x, 26, colour, opacity=0.28)
        canvas.text((x + to_x) / 2, y + 17, said, "small", "middle")
    canvas.line(at(_DOWN_SINCE), 14, at(_DOWN_SINCE), 160, RED, dash="3 3")
    canvas.text(at(_DOWN_SINCE) + 5, 20, "both accounts are down", "small quiet")
    canvas.text(4, 90, "calls", "small strong")
    canvas.text(4, 128, "requests", "small strong")
    for each in ended:
        canvas.dot(at(each.at - each.elapsed), 86, _COLOURS[each.source], 5)
    _draw_requests(canvas, at, world)
    canvas.axis(at.scale, 166, {})
    for instant, said in at.ticks:
        canvas.text(at(instant), 181, said, "small quiet", "middle")
    seen = list(dict.fromkeys(each.source for each in ended))
    for index, source in enumerate(seen):
        x, row = (8, 240)[index % 2], 206 + 20 * (index // 2)
        canvas.dot(x + 4, row, _COLOURS[source], 5)
        canvas.text(x + 16, row + 4, _NAMES[source], "small")
    return canvas.svg()


def _draw_requests(canvas: Canvas, at: _Axis, world: World) -> None:
    before = -1.0
    for _, instant, is_background in world.time.sent:
        if instant - before > 1.0:  # Otherwise it is the other account, in the same call.
            if instant >= _DOWN_SINCE:
                canvas.cross(at(instant), 124)
            else:
                canvas.dot(at(instant), 124, GREY if is_background else BLUE, 4)
            if is_background:
                canvas.text(at(instant), 142, "refresh", "small quiet", "middle")
        before = instant


class _Axis:
    """Seconds, minutes and hours side by side: each span has a scale of its own."""

    def __init__(self, again_at: float, fresh_for: float, last_for: float) -> None:
        ends = again_at + fresh_for
        gone = again_at + fresh_for + last_for
        knots = (0.0, fresh_for, again_at, ends, _DOWN_SINCE, gone, gone + 6 * _HOUR)
        places = (72, 150, 196, 262, 290, 426, WIDTH - 8)
        self._pieces = [
            Scale(left, right, since, until)
            for left, right, since, until in zip(places, places[1:], knots, knots[1:], strict=False)
        ]
        self.scale = Scale(places[0], places[-1], 0, 1)
        self.spans = [
            (places[0], places[1], "fresh", GREEN),
            (places[1], places[2], "stale", ORANGE),
            (places[2], places[3], "fresh", GREEN),
            (places[3], places[5], "stale, stands in", ORANGE),
            (places[5], places[6], "gone", RED),
        ]
        self.ticks = [
            (0.0, "0"),
            (fresh_for, f"{fresh_for:g} s"),
            (again_at, f"{again_at:.0f} s"),
            (ends, f"{ends:.0f} s"),
            (gone, f"{gone / _HOUR:.0f} h"),
        ]

    def __call__(self, instant: float) -> float:
        piece = next((each for each in self._pieces if instant < each.until), self._pieces[-1])
        return piece(instant)
