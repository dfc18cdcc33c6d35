"""What the contract leaves open, and what the emulator does about it: one named field for each."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Literal

from irclient.contract.choices import SESSION_VIEWS, Choices

__all__ = ["Switches"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches(Choices):
    """How the emulated service behaves where nothing, or two things, are known.

    Beside what it chooses as any service of the contract must, it can be told more. Each field
    says what the contract knows, with its mark (D documented, C seen in public code, I inferred,
    ? unknown), and what the default chooses.

    Raises:
        ValueError: A number cannot be had.
    """

    over_tps: Literal["refuse", "bill"] = "refuse"
    """What happens above the provisioned TPS. The control plane says that it is a limit, the
    price list says that more is billed (both D; which of them happened is I)."""

    retry_after: float | None = None
    """Seconds in ``Retry-After`` of a refusal above the TPS; None leaves the header out.
    Nothing about it is documented (?)."""

    not_on_allow_list: Literal[401, 403] = 403
    """The answer to a valid token of an App ID that the account does not know (?)."""

    unknown_modeling: Literal["refuse", "default"] = "refuse"
    """The answer to a ``modeling`` that the account does not have: the error ``NotFound``, or
    the default modeling's answer (?)."""

    refused_triggers: Literal["free", "counted"] = "free"
    """Whether a refused trigger uses up one of the day's calls (?)."""

    session_views: int = SESSION_VIEWS
    """How many of a session's latest views count for its picks. Unknown (?)."""

    token_refresh_in: float | None = None
    """Seconds after which Entra advises to renew a token, as ``refresh_in``; None leaves it out.
    Real Entra sends it for some long-lived tokens (C, outside the contract)."""

    def __post_init__(self) -> None:
        for name, least in (("default_count", 1), ("most_count", 1), ("session_views", 0)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ValueError(f"{name} must be at least {least}, got {value!r}")
        for name in ("retry_after", "token_refresh_in"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < inf:
                raise ValueError(f"{name} must be finite and at least 0, got {value!r}")
