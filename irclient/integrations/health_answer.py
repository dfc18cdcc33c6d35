"""How a client is doing, as the answer to a probe."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from irclient.readiness import Readiness

__all__ = ["HealthAnswer", "health_answer"]


class HealthAnswer(NamedTuple):
    """An answer to a probe.

    Attributes:
        status: 200 where calls can succeed, else 503.
        headers: That it may not be cached.
        body: To be sent as JSON; no account and no reason is in it, since probes are often open
            to the world.
    """

    status: int
    headers: dict[str, str]
    body: dict[str, bool | str]


def health_answer(readiness: Readiness) -> HealthAnswer:
    """Return what to answer to a probe.

    Args:
        readiness: What the client's `readiness()` says.
    """
    return HealthAnswer(
        200 if readiness.ok else 503,
        {"Cache-Control": "no-store"},
        {"ok": readiness.ok, "token": readiness.token},
    )
