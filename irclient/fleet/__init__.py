"""One TPS, one memory and one knowledge of health for all processes, over Redis or Valkey."""

from __future__ import annotations

from irclient._core.allowance_protocol import Fleet
from irclient.fleet.redis_fleet import RedisFleet
from irclient.fleet.server_report import ServerReport
from irclient.stats import FleetStats

__all__ = ["Fleet", "FleetStats", "RedisFleet", "ServerReport"]
