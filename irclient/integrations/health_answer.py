"""How a client is doing: as the answer to a probe, and in the log what is missing."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from irclient.readiness import Readiness

__all__ = ["HealthAnswer", "health_answer", "log_readiness"]

_LOGGER: Final = logging.getLogger("irclient.web")
#: What was logged last of each client, by its endpoints: whether it was ready, and their states.
_logged: Final[dict[tuple[str, ...], tuple[object, ...]]] = {}


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
    """Return what to answer to a probe, and log what the answer does not say.

    Args:
        readiness: What the client's `readiness()` says.
    """
    log_readiness(readiness)
    return HealthAnswer(
        200 if readiness.ok else 503,
        {"Cache-Control": "no-store"},
        {"ok": readiness.ok, "token": readiness.token},
    )


def log_readiness(readiness: Readiness) -> None:
    """Log what a client that is not ready lacks, once for each change, and when it is ready again.

    A process that a probe took out of rotation gets no request whose error would tell.

    Args:
        readiness: What the client's `readiness()` says.
    """
    client = tuple(each.endpoint for each in readiness.endpoints)
    found = (readiness.ok, readiness.token, *(each.state for each in readiness.endpoints))
    before = _logged.get(client, (True,))
    if found == before:
        return
    _logged[client] = found
    if not readiness.ok:
        _LOGGER.warning("%s", ". ".join([str(readiness), *_reasons(readiness)]))
    elif not before[0]:
        _LOGGER.info("%s", readiness)


def _reasons(readiness: Readiness) -> list[str]:
    reasons = {"token": readiness.token_error}
    reasons |= {each.endpoint: each.reason for each in readiness.endpoints}
    return [f"{what}: {reason}" for what, reason in reasons.items() if reason]
