"""One TPS for all processes and pods that read the same endpoints, over Redis or Valkey."""

from __future__ import annotations

from irclient.fleet.redis_fleet import RedisFleet

__all__ = ["RedisFleet"]
