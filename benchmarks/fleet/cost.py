"""What a message of a fleet costs its server: measured once on a real one, by INFO commandstats."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

from irclient._core.fleet_messages import Message
from irclient._core.shared_allowance import SharedAllowance
from irclient.fleet.port import Port
from irclient.fleet.window import TAKE, WINDOW_KEYS
from tests.fleet.servers import Server

__all__ = ["measured_cost"]

_KEYS = [f"{{cost}}:{name}" for name in WINDOW_KEYS]


def measured_cost(members: int, *, tps: int, rounds: int = 5, messages: int = 2000) -> float:
    """Seconds of one message in the server, the least mean of some rounds."""
    allowance = SharedAllowance(tps, workers=members, adaptive=True, wake=int)
    port, chance = Port(allowance, name="endpoint"), random.Random(1)
    means: list[float] = []
    with Server() as server:
        client = server.client()
        take: Any = client.register_script(TAKE.text)
        for at in range(rounds):
            client.config_resetstat()
            for number in range(messages):
                message = Message(
                    sequence=1 + at * messages + number, right=tps // members // 2,
                    part=tps // members, used=tps // members // 2, demand=tps // members,
                    met=members, epoch="", want=chance.choice([0, 1, 1, 4]), within=0.1,
                )  # fmt: skip
                link: Any = SimpleNamespace(member=f"{chance.randrange(members):016x}")
                take(_KEYS, [0, *port.arguments(link, message)])
            stats: Any = client.info("commandstats")
            means.append(stats["cmdstat_evalsha"]["usec_per_call"] / 1e6)
        client.close()
    return min(means)
