"""The port of an endpoint's shared allowance: its messages as runs of the window's scripts."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from irclient._core.fleet_messages import Answer
from irclient.fleet.link import Request
from irclient.fleet.window import LEAVE, TAKE, WINDOW_KEYS

if TYPE_CHECKING:
    from irclient._core.fleet_messages import Message
    from irclient._core.shared_allowance import SharedAllowance
    from irclient.fleet.link import Link, Reply
    from irclient.fleet.members import Members
    from irclient.fleet.told_tps import ToldTps

__all__ = ["Port"]

_MISSES_MEMBERS: Final = 2


class Port:
    """Lets a link carry what an allowance asks, and bring the answers.

    Args:
        allowance: The allowance.
        name: The endpoint's, in the names of keys.
        members: Told how many processes there are, if anything is.
        told_tps: Told which TPS another process told.
    """

    def __init__(
        self,
        allowance: SharedAllowance,
        *,
        name: str,
        members: Members | None = None,
        told_tps: ToldTps | None = None,
    ) -> None:
        self.allowance = allowance
        self._name, self._members, self._told_tps = name, members, told_tps
        self.slots = self.given_back = 0

    def next_request(self, link: Link, now: float) -> Request | None:
        """The request to send now, if there is one."""
        message = self.allowance.next_message(now)
        if message is None:
            return None
        self.given_back += len(message.returned)
        return Request(
            TAKE,
            self._keys(link),
            self.arguments(link, message),
            answered=self._answered,
            lost=lambda reason, now: self.allowance.lost(now, reason),
            # What it says of the process's own starts is no longer so after a while.
            wanted_until=now + link.patience,
        )

    def next_at(self, now: float) -> float:
        """When it has its next request, should nothing happen before."""
        return self.allowance.next_message_at(now)

    def farewell(self, link: Link) -> Request | None:
        """What to send when the process ends."""
        allowance = self.allowance
        if allowance.lease.heard_at is None:
            return None
        lease = _microseconds(allowance.lease.length)
        arguments: list[str | int | bytes] = [link.member, _microseconds(allowance.window), lease]
        arguments += allowance.unused()
        return Request(LEAVE, self._keys(link), arguments, _no_matter, _no_matter)

    def _keys(self, link: Link) -> list[str]:
        return [link.key("tps", self._name, each) for each in WINDOW_KEYS]

    def arguments(self, link: Link, message: Message) -> list[str | int | bytes]:
        """What the script is told."""
        allowance = self.allowance
        return [
            link.member,
            message.sequence,
            secrets.token_hex(6),
            allowance.full_limit,
            _microseconds(allowance.window),
            allowance.workers,
            _microseconds(allowance.lease.length),
            message.right,
            message.used,
            message.demand,
            message.met,
            message.want,
            _microseconds(message.within),
            _microseconds(message.blocked_for),
            int(message.shrinks),
            len(message.added),
            message.epoch,
            message.part,
            message.spare,
            int(message.has_heard),
            *map(_microseconds, message.added),
            *message.returned,
        ]

    def _answered(self, reply: Reply) -> None:
        values = reply.values
        right, first, blocked, limit, present, demand = map(int, values[1:7])
        slots = zip(values[11::2], values[12::2], strict=True)
        answer = Answer(
            epoch=reply.text(0),
            right=right,
            first_at=reply.here(first),
            blocked_until=reply.here(blocked) if blocked else float("-inf"),
            limit=limit,
            present=present,
            demand=demand,
            is_closed=bool(values[7]),
            renews=values[7] != _MISSES_MEMBERS,
            met=int(values[8]),
            spare=int(values[9]),
            slots=tuple((reply.here(at), int(number)) for at, number in slots),
        )
        self.slots += len(answer.slots)
        if self._members is not None:
            self._members.hear(present, reply.now)
        if self._told_tps is not None:
            self._told_tps.hear(int(values[10]), reply.now)
        self.allowance.answered(answer, reply.sent_at, reply.now)


def _no_matter(*_: object) -> None:
    pass  # The others find out.


def _microseconds(seconds: float) -> int:
    return int(seconds * 1e6)
