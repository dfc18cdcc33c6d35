"""The timing of a hedge: what is learned from usual answers, and the race of a slow one."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

from irclient.observe import AttemptEnded, CallEnded, Hedged
from irclient.queries import Similar
from irclient.settings import Caching, Hedging, Settings
from scripts.pictures.canvas import BLUE, GREEN, GREY, WIDTH, Canvas, Scale
from scripts.pictures.world import WELL, A, Client, World

if TYPE_CHECKING:
    from irclient._core.protocol import Send
    from scripts.pictures.world import Outcome

__all__ = ["draw"]

_USUAL = (0.018, 0.022, 0.02, 0.031, 0.024, 0.02, 0.027, 0.019, 0.042, 0.023, 0.021, 0.034)
_LEARNED_FROM = 40
_SLOW, _OTHER = 0.4, 0.024


def draw() -> str:
    """Learn from quick answers, then run a call whose first request is slow."""
    takes = cycle(_USUAL)
    is_slow = False

    def answer(send: Send, _now: float) -> tuple[Outcome, float]:
        if is_slow:
            return WELL, _SLOW if send.endpoint.account == A.account else _OTHER
        return WELL, next(takes)

    world = World(answer)
    settings = Settings(hedging=Hedging(enabled=True), caching=Caching(enabled=False))
    client = Client(world, settings=settings)
    for number in range(_LEARNED_FROM):
        client.run(Similar(str(number)))
        world.time.sleep(0.2)
    usual = [each.attempt.elapsed for each in world.told(AttemptEnded)]
    is_slow = True
    client.run(Similar("64702"))
    (hedged,) = world.told(Hedged)[-1:]
    ended = world.told(CallEnded)[-1]
    first_end, hedge_at = _SLOW, hedged.after

    canvas = Canvas(
        f"A hedge. Of {len(usual)} answers one in twenty takes longer than "
        f"{hedge_at * 1000:.0f} ms. A request that is not over by then is raced: "
        f"{hedged.target} answers, and the call ends after {ended.elapsed * 1000:.0f} ms "
        f"instead of {first_end * 1000:.0f} ms.",
        height=200,
    )
    at = Scale(112, WIDTH - 12, 0.0, 0.12)
    canvas.text(4, 28, "answers so far", "small")
    for index, elapsed in enumerate(usual):
        canvas.dot(at(elapsed), 14 + 3.2 * (index % 6), GREY, 2.2)
    canvas.text(at(hedge_at) + 6, 28, "19 of 20 have come by now", "small quiet")
    canvas.text(4, 76, A.account)
    canvas.bar(at(0), 60, at(0.12), 24, BLUE)
    canvas.bar(at(ended.elapsed), 60, at(0.12), 24, "#fff", opacity=0.45)
    canvas.text(at(0.119), 100, f"slow: would take {first_end * 1000:.0f} ms", "small quiet", "end")
    canvas.text(4, 132, hedged.target.partition("/")[0])
    canvas.bar(at(hedge_at), 116, at(ended.elapsed), 24, GREEN)
    canvas.text(at(hedge_at) - 6, 132, "the hedge", "small quiet", "end")
    canvas.text(at(ended.elapsed) + 6, 132, f"answers after {ended.elapsed * 1000:.0f} ms", "small")
    canvas.line(at(hedge_at), 8, at(hedge_at), 152, GREY, dash="3 3")
    ticks = {0.0: "0 ms", hedge_at: f"{hedge_at * 1000:.0f} ms", 0.12: "120 ms"}
    canvas.axis(at, 160, ticks)
    return canvas.svg()
