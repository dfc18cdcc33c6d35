"""A fleet in virtual time of which a part reaches another server, as after half a failover."""

from __future__ import annotations

from typing import Any

import pytest

from irclient._core.lease import LEASE_FOR, Lease
from tests.fleet.virtual_fleet import Fleet

#: What all others want, once the members that went elsewhere had time to be missed.
MORE_AT = 5.5


def fleet_of(before: list[float], later: list[float], **more: Any) -> Fleet:
    """Of a TPS of 100, with a part of it that each member wants, before and after."""

    def wanted(number: int) -> Any:
        return lambda now: 100.0 * (before if now < MORE_AT else later)[number]

    return Fleet(100.0, len(before), [wanted(number) for number in range(len(before))], **more)


def test_a_right_is_not_renewed_by_a_server_that_misses_members() -> None:
    lease = Lease(100, workers=4, window=1.045)
    lease.hear(66, sent_at=1.0, present=4)
    lease.hear(66, sent_at=3.0, present=1, renews=False)
    assert lease.right(1.0 + LEASE_FOR - 0.01) == 66
    assert lease.right(1.0 + LEASE_FOR) == 25
    assert lease.has_heard(3.4)
    lease.hear(66, sent_at=4.9, present=4)
    assert lease.right(1.0 + LEASE_FOR) == 66


@pytest.mark.parametrize("away_for", [0.0, 1.0, 2.0, 3.0, 3.5, 5.0])
@pytest.mark.parametrize("movers", [[0], [0, 1]])
def test_two_servers_together_lend_no_more_than_the_tps(movers: list[int], away_for: float) -> None:
    fleet = fleet_of(
        [0.66, 0.02, 0.02, 0.02],
        [0.66, 0.4, 0.4, 0.4],
        cut=[(number, 4.0, 4.0 + away_for) for number in movers],
        elsewhere=[(number, 4.0, 99.0) for number in movers],
    ).run(18.0)
    assert fleet.worst() <= 100
