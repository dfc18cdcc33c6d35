"""A pair and its disaster recovery: who is asked while accounts go down, and how they return."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from irclient.observe import CallEnded, Ejected, Probed, Returned
from irclient.queries import Similar
from irclient.settings import Caching, Settings
from irclient.topology import Pair
from scripts.pictures.canvas import BLUE, GREEN, ORANGE, RED, WIDTH, Canvas, Scale
from scripts.pictures.world import REFUSED, WELL, A, B, C, Client, D, World

if TYPE_CHECKING:
    from irclient._core.protocol import Send
    from scripts.pictures.world import Outcome

__all__ = ["draw"]

_CALLS_PER_SECOND = 20
_LASTS = 80
#: When which account refuses connections.
_DOWN = {A.account: (10.0, 45.0), B.account: (25.0, 38.0)}
_COLOURS = {A.account: BLUE, B.account: ORANGE, C.account: GREEN}


def _answer(send: Send, now: float) -> tuple[Outcome, float]:
    since, until = _DOWN.get(send.endpoint.account, (0.0, 0.0))
    return (REFUSED, 0.003) if since <= now < until else (WELL, 0.02)


def draw() -> str:
    """Run a steady stream of calls through two outages, and draw who answered them."""
    world = World(_answer)
    settings = Settings(caching=Caching(enabled=False))
    client = Client(world, [Pair(A, B), Pair(C, D)], settings=settings)
    tasks = []
    for number in range(_LASTS * _CALLS_PER_SECOND):
        world.time.sleep(number / _CALLS_PER_SECOND - world.time.now)
        tasks.append(client.begin(Similar(str(number))))
    world.time.sleep(2.0)
    ended = [each for each in world.told(CallEnded) if each.error is None]
    failed = len(tasks) - len(ended)
    answered = Counter((int(each.at), (each.endpoint or "").partition("/")[0]) for each in ended)
    marks = {
        name: [each for each in world.told(kind) if each.endpoint == A.label]
        for name, kind in (("ejected", Ejected), ("probed", Probed), ("returned", Returned))
    }
    away, back = marks["ejected"][0].at, marks["returned"][0].at

    canvas = Canvas(
        f"{len(tasks):,} calls, {_CALLS_PER_SECOND} a second, through two outages. "
        f"contoso-a goes down and contoso-b answers; both are down and the other region's "
        f"contoso-c answers; contoso-a is up again at second {_DOWN[A.account][1]:.0f} and has "
        f"all of its traffic back at second {back:.0f}. {failed} calls fail.",
        height=300,
    )
    at = Scale(72, WIDTH - 12, 0.0, _LASTS)
    for index, account in enumerate(_COLOURS):
        base = 66 + 58 * index
        canvas.text(4, base - 14, account, "small strong")
        if account in _DOWN:
            since, until = _DOWN[account]
            canvas.bar(at(since), base - 48, at(until), 48, RED, opacity=0.16)
            canvas.text((at(since) + at(until)) / 2, base - 36, "down", "small quiet", "middle")
        canvas.path(_area(at, base, account, answered), _COLOURS[account], filled=True)
        canvas.line(at(0), base, at(_LASTS), base)
    base = 66 + 58 * len(_COLOURS)
    canvas.text(4, base - 26, "contoso-a", "small strong")
    canvas.bar(at(0), base - 38, at(away), 16, GREEN, opacity=0.6)
    healed = next(each.at for each in marks["probed"] if each.recovered)
    canvas.bar(at(away), base - 38, at(healed), 16, RED, opacity=0.6)
    canvas.bar(at(healed), base - 38, at(back), 16, ORANGE, opacity=0.6)
    canvas.bar(at(back), base - 38, at(_LASTS), 16, GREEN, opacity=0.6)
    canvas.text(at(away) - 4, base - 26, "working", "small", "end")
    canvas.text((at(away) + at(healed)) / 2, base - 26, "failing", "small", "middle")
    canvas.text(at(back) + 4, base - 26, "working", "small")
    for each in marks["probed"]:
        if each.recovered:
            canvas.dot(at(each.at), base - 12, GREEN, 4)
        else:
            canvas.cross(at(each.at), base - 12)
    canvas.text(4, base - 8, "its probes", "small quiet")
    canvas.axis(at, base, {float(each): f"{each} s" for each in (0, 20, 40, 60, 80)})
    summary = f"{len(tasks):,} calls, {failed} failed"
    canvas.text(at(_LASTS), base + 38, summary, "strong", "end")
    canvas.text(at(0), base + 38, "who answers, by second", "small quiet")
    return canvas.svg()


def _area(
    at: Scale, base: float, account: str, answered: Counter[tuple[int, str]]
) -> list[tuple[float, float]]:
    points = [(at(0), base)]
    for second in range(_LASTS):
        height = 40 * answered[second, account] / _CALLS_PER_SECOND
        points += [(at(second), base - height), (at(second + 1), base - height)]
    return [*points, (at(_LASTS), base)]
