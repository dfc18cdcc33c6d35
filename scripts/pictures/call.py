"""The life of a call: a cold client waits for its token and a slot, fails over, and answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from irclient.observe import AttemptEnded, CallEnded, FailedOver, ThrottleWaited
from irclient.queries import Similar
from irclient.topology import Pair
from scripts.pictures.canvas import BLUE, GREEN, GREY, ORANGE, RED, WIDTH, Canvas, Scale
from scripts.pictures.world import UNAVAILABLE, WELL, A, B, Client, World, with_tps
from tests.core.virtual_time import FetchedToken

if TYPE_CHECKING:
    from irclient._core.protocol import Send
    from scripts.pictures.world import Outcome

__all__ = ["draw"]

_TPS = 10
_TOKEN_TAKES = 0.06


def _answer(send: Send, _now: float) -> tuple[Outcome, float]:
    return (UNAVAILABLE, 0.03) if send.endpoint.account == A.account else (WELL, 0.025)


def _use_up(client: Client) -> None:
    """Other calls have used up the TPS of the second before: the next slot is free soon."""
    for allowance in client.state.routes.allowances.values():
        for number in range(_TPS):
            at = 0.065 + 0.01 * number
            taken = allowance.reserve(at, not_after=at)
            if taken is not None:
                allowance.start(taken, at)


def draw() -> str:
    """Run one call and draw what it told."""
    world = World(_answer, token_takes=_TOKEN_TAKES)
    pair = Pair(with_tps(A, _TPS), with_tps(B, _TPS))
    client = Client(world, pair, tokens=FetchedToken())
    began_at = 1.0
    world.time.now = began_at
    _use_up(client)
    client.run(Similar("64702"))
    (waited,) = world.told(ThrottleWaited)
    first, second = (each.attempt for each in world.told(AttemptEnded))
    (over,) = world.told(FailedOver)
    (ended,) = world.told(CallEnded)
    wait_until = waited.at + waited.wait - began_at
    deadline = client.settings.timeouts.deadline

    canvas = Canvas(
        f"The life of a call. It waits {_TOKEN_TAKES * 1000:.0f} ms for a token and "
        f"{waited.wait * 1000:.0f} ms for a slot, {first.endpoint} answers {first.status}, and "
        f"{second.endpoint} answers the same call {ended.elapsed * 1000:.0f} ms after it began.",
        height=236,
    )
    at = Scale(112, WIDTH - 12, 0.0, 0.2)
    rows = {"call": 12, "token": 48, "slot": 84, A.account: 120, B.account: 156}
    for name, y in rows.items():
        canvas.text(4, y + 16, name, "strong" if name == "call" else "")
    canvas.bar(at(0), rows["call"], at(ended.elapsed), 24, GREY, opacity=0.3)
    canvas.text(at(0) + 8, rows["call"] + 16, f"{ended.elapsed * 1000:.0f} ms of {deadline:g} s")
    token_until = waited.at - began_at
    canvas.bar(at(0), rows["token"], at(token_until), 24, GREY)
    canvas.text(
        at(token_until) + 6,
        rows["token"] + 16,
        f"{token_until * 1000:.0f} ms, once for all calls",
        "small quiet",
    )
    canvas.bar(at(token_until), rows["slot"], at(wait_until), 24, ORANGE, opacity=0.6)
    canvas.text(
        at(wait_until) + 6, rows["slot"] + 16, f"{waited.wait * 1000:.0f} ms", "small quiet"
    )
    for attempt, colour in ((first, BLUE), (second, GREEN)):
        y = rows[attempt.endpoint.partition("/")[0]]
        start, end = at(attempt.started_after), at(attempt.started_after + attempt.elapsed)
        canvas.bar(start, y, end, 24, colour)
        if attempt is first:
            canvas.cross(end, y + 12)
            canvas.text(start - 6, y + 16, f"answers {attempt.status}", "small quiet", "end")
        else:
            canvas.text(start - 6, y + 16, "answers the list", "small quiet", "end")
    over_at = over.at - began_at
    canvas.line(at(over_at), rows[A.account] + 24, at(over_at), rows[B.account], RED, dash="3 3")
    canvas.line(
        at(ended.elapsed), rows["call"] + 24, at(ended.elapsed), rows[B.account], GREY, dash="3 3"
    )
    ticks = {each / 1000: f"{each} ms" for each in (0, 50, 100, 150, 200)}
    canvas.axis(at, 192, ticks)
    return canvas.svg()
