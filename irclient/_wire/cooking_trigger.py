"""The cooking trigger on the wire: its request, what accepts it, and what says "not now".

Facts about the protocol come from the contract (`docs/reference/contract.md`), section 13.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import quote

from pydantic_core import from_json

from irclient._wire.malformed import BOM
from irclient._wire.requests import Request
from irclient._wire.responses import error_message

if TYPE_CHECKING:
    from irclient._wire.responses import Response

__all__ = ["Triggered", "is_limited", "read_acceptance", "trigger_request"]

#: The documented spelling.
_PATH: Final = "/Control/V1.0/Model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Triggered:
    """What the service answered to an accepted trigger.

    Only the status can be relied on: real answers left the others out (contract section 13).

    Attributes:
        status: ``Success`` in every answer that was seen; an open set.
        version: The time of the trigger, ``yyyyMMddHHmmss``, or None.
        environment_id: The environment, or None.
    """

    status: str
    version: str | None = None
    environment_id: str | None = None


def trigger_request(modeling: str | None) -> Request:
    """Build the request that triggers a cooking; without a modeling, of the account's default."""
    query = "" if modeling is None else f"?modeling={quote(modeling, safe='')}"
    return Request("POST", _PATH + query)


def is_limited(response: Response) -> bool:
    """Whether a refusal says that a cooking is under way, or that too many were triggered."""
    # The status that carries this code is inferred, so the code decides.
    return (error_message(response.body) or "").startswith(("'TooManyRequests", "TooManyRequests"))


def read_acceptance(response: Response) -> Triggered | None:
    """Read an accepted trigger; None if this is anything else."""
    if not 200 <= response.status < 300:
        return None
    try:
        body: Any = from_json(response.body.removeprefix(BOM))
    except ValueError:
        return None
    fields = cast("dict[str, Any]", body) if isinstance(body, dict) else {}
    status = fields.get("status")
    if not isinstance(status, str) or not status or "items" in fields or "error" in fields:
        return None
    return Triggered(
        status=status,
        version=_text(fields.get("version")),
        environment_id=_text(fields.get("environmentId")),
    )


def _text(value: object) -> str | None:
    is_text = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value) if is_text and value != "" else None
