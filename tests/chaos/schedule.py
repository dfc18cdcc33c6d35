"""Fault schedules: which part of the service fails when and how, drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from random import Random

__all__ = ["ACCOUNT_FAULTS", "Event", "accounts_failing", "identity_failing", "roll_overs"]

#: Every kind that an account can have, but refusals of the caller: a 400, 401, 403 or 404 is the
#: service's answer to the call, and ends it by design.
ACCOUNT_FAULTS = (
    "down", "black-hole", "black-hole:accept", "reset", "reset:accept", "expired-certificate",
    "slow:0.3", "slow:5", "drip:0.002", "drip:0.01,part=head", "truncated", "not-http",
    "status:500", "status:503,retry-after=1", "status:502,body=html", "status:504,body=empty",
    "status:408", "too-many-requests", "too-many-requests:1", "garbage", "wrong-json",
    "empty-body", "wrong-type", "gzip-bomb:20", "redirect", "not-cooked",
)  # fmt: skip
#: No black holes: a fetch that hangs keeps the next from starting for longer than a token of these
#: tests lives on. A real token's renewal begins five minutes before its end.
IDENTITY_FAULTS = ("down", "reset", "status:503", "status:500,body=html", "slow:0.3", "garbage",
                   "too-many-requests")  # fmt: skip
#: Seconds; shorter than what is left of a token's life when its renewal is due.
_IDENTITY_FAILS_FOR = 0.5
_BETWEEN_IDENTITY_EVENTS = 1.4


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """One request to the control API, so many seconds after the beginning."""

    at: float
    method: str
    path: str
    body: tuple[tuple[str, str], ...] = ()


def accounts_failing(
    random: Random, accounts: Iterable[str], *, seconds: float, well_for: float
) -> list[Event]:
    """Faults that come and go, for each account on its own; all are well in the end.

    Args:
        random: All chance.
        accounts: Those that fail.
        seconds: When the last fault has ended.
        well_for: The longest time between two faults of an account.
    """
    events: list[Event] = []
    for account in accounts:
        path = f"/accounts/{account}/fault"
        at = random.uniform(0, min(well_for, 0.3))
        while at < seconds - 0.2:
            events.append(Event(at, "POST", path, (("fault", _fault(random)),)))
            at = min(at + random.uniform(0.2, 1.5), seconds)
            events.append(Event(at, "DELETE", path))
            at += random.uniform(0.0, well_for)
    return sorted(events)


def identity_failing(random: Random, *, seconds: float) -> list[Event]:
    """Secrets rotated, Entra and the vault failing for a moment, and at last all tokens revoked.

    One at a time, and nothing after a revocation: whoever has no token needs Entra and the vault.
    """
    events: list[Event] = []
    at = random.uniform(0.2, 0.6)
    while at < seconds - 1.0 - _IDENTITY_FAILS_FOR:
        events += _identity_event(random, at)
        at += _BETWEEN_IDENTITY_EVENTS + random.uniform(0, 0.3)
    return [*events, Event(seconds - 0.5, "POST", "/entra/revoke")]


def roll_overs(random: Random, accounts: Sequence[str], *, seconds: float) -> list[Event]:
    """New data sets, at any time and for each account on its own."""
    return sorted(
        Event(random.uniform(0, seconds), "POST", f"/accounts/{account}/cook")
        for account in accounts
        for _ in range(2)
    )


def _identity_event(random: Random, at: float) -> Iterator[Event]:
    until = at + _IDENTITY_FAILS_FOR
    match random.randrange(3):
        case 0:
            where = random.choice(("entra", "key-vault"))
            fault = random.choice(IDENTITY_FAULTS)
            yield Event(at, "POST", f"/{where}/fault", (("fault", fault),))
            yield Event(until, "DELETE", f"/{where}/fault")
        case 1:
            yield Event(at, "POST", "/entra/rotate")
        case _:
            yield Event(at, "POST", "/entra/rotate", (("vault", "stale"),))
            yield Event(until, "POST", "/key-vault/update")


def _fault(random: Random) -> str:
    fault = random.choice(ACCOUNT_FAULTS)
    share = random.choice((1, 1, 0.5, 0.2))
    if fault == "down" or share == 1:
        return fault
    return f"{fault}{',' if ':' in fault else ':'}share={share}"
