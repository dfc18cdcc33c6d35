"""The life of tokens: when they are renewed, and what an outage of Entra changes for calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from irclient.auth.exchange import FetchedToken, TokenUnanswered
from irclient.auth.tokens import TokenRecord
from irclient.observe import TokenRenewalFailed, TokenRenewed
from irclient.testing import ManualClock
from scripts.pictures.canvas import BLUE, GREEN, RED, WIDTH, Canvas, Scale

if TYPE_CHECKING:
    from irclient.observe import Record

__all__ = ["draw"]

_MINUTE = 60.0
_LIVES_FOR = 60 * _MINUTE
_LASTS = 130 * _MINUTE
_CALL_EVERY = 1.0
#: When Entra does not answer.
_DOWN = (45 * _MINUTE, 57.5 * _MINUTE)


def draw() -> str:
    """Ask for the token once a second for two hours, and draw what came of it."""
    clock = ManualClock()
    told: list[Record] = []
    issued: list[float] = []

    def exchange(_occasion: object, _tell: object) -> FetchedToken:
        if _DOWN[0] <= clock() < _DOWN[1]:
            raise TokenUnanswered("nobody answers")
        issued.append(clock())
        return FetchedToken(f"token-{len(issued)}", _LIVES_FOR)

    record = TokenRecord(exchange, clock=clock, uniform=lambda: 0.5)
    served = 0
    used_until: dict[str, float] = {}
    while clock() < _LASTS:
        reading = record.read(clock())
        if reading.work is not None:
            reading.work(told.append)
            reading = record.read(clock()) if reading.token is None else reading
        if reading.token is not None:
            served += 1
            used_until[reading.token.reveal()] = clock()
        clock.advance(_CALL_EVERY)
    renewals = [each.at for each in told if isinstance(each, TokenRenewed)]
    failures = [each.at for each in told if isinstance(each, TokenRenewalFailed)]
    calls = int(_LASTS / _CALL_EVERY)

    canvas = Canvas(
        f"The life of tokens. Each lives for {_LIVES_FOR / _MINUTE:g} minutes. "
        f"Entra is down from minute {_DOWN[0] / _MINUTE:g} to {_DOWN[1] / _MINUTE:g}: "
        f"the renewal that is due at minute {failures[0] / _MINUTE:.0f} fails {len(failures)} "
        f"times and succeeds at minute {renewals[1] / _MINUTE:.0f}, before the token ends. "
        f"All {served:,} of {calls:,} calls have a valid token.",
        height=206,
    )
    at = Scale(72, WIDTH - 12, 0.0, _LASTS)
    canvas.bar(at(_DOWN[0]), 8, at(_DOWN[1]), 152, RED, opacity=0.16)
    canvas.text((at(_DOWN[0]) + at(_DOWN[1])) / 2, 22, "Entra down", "small", "middle")
    for index, instant in enumerate(issued):
        y = 36 + 30 * index
        canvas.text(4, y + 15, f"token {index + 1}", "small")
        used = used_until[f"token-{index + 1}"]
        canvas.bar(at(instant), y, at(instant + _LIVES_FOR), 20, BLUE, opacity=0.28)
        canvas.bar(at(instant), y, at(used), 20, BLUE)
        if index == 0:
            for failure in failures:
                canvas.cross(at(failure), y + 10, RED)
            words = f"{len(failures)} tries"
            canvas.text(at(issued[0] + _LIVES_FOR) + 8, y + 15, words, "small quiet")
    canvas.text(4, 147, "calls", "small strong")
    canvas.bar(at(0), 134, at(_LASTS), 18, GREEN, opacity=0.5)
    canvas.text(at(_LASTS / 2), 147, f"{served:,} of {calls:,} have a token", "small", "middle")
    ticks = {each * _MINUTE: f"{each} min" for each in (0, 30, 60, 90, 120)}
    canvas.axis(at, 166, ticks)
    canvas.bar(72, 192, 86, 10, BLUE)
    canvas.text(92, 201, "in use", "small quiet")
    canvas.bar(150, 192, 164, 10, BLUE, opacity=0.28)
    canvas.text(170, 201, "valid, and replaced", "small quiet")
    return canvas.svg()
