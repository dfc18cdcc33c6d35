"""One TPS, one memory and one knowledge of health for all processes, over Redis or Valkey."""

from __future__ import annotations

from irclient._core.pacing import Asked, EndpointAllowance, Fleet
from irclient._core.shared_health import SharedHealth
from irclient._core.shared_memory import SharedMemory
from irclient.fleet.redis_fleet import RedisFleet
from irclient.fleet.stats import FleetStats

__all__ = [
    "Asked",
    "EndpointAllowance",
    "Fleet",
    "FleetStats",
    "RedisFleet",
    "SharedHealth",
    "SharedMemory",
]
