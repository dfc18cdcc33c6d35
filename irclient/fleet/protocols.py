"""What a fleet must be, for another engine than Redis: protocols, and what goes through them.

A client asks a `Fleet` for the allowance of each endpoint, and for what its processes know
together. Nothing of it may wait: an allowance answers `Asked` where others must say first.
"""

from __future__ import annotations

from irclient._core.allowance_protocol import Asked, EndpointAllowance, Fleet
from irclient._core.reservation import Reservation
from irclient._core.shared_health import SharedHealth
from irclient._core.shared_memory import SharedMemory

__all__ = [
    "Asked",
    "EndpointAllowance",
    "Fleet",
    "Reservation",
    "SharedHealth",
    "SharedMemory",
]
