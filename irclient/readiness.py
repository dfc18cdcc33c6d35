"""What `readiness()` returns: whether a client could answer a call, and if not, what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from irclient._display.html import table

if TYPE_CHECKING:
    from irclient.health import EndpointStatus

__all__ = ["Readiness", "TokenState"]

TokenState: TypeAlias = Literal["valid", "renewing", "missing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether a client could answer a call by asking the service, at one instant.

    True where it could, so that it can be asked in an ``if``.

    Attributes:
        ok: Whether there is a token, and an endpoint that is not known to fail. Answers from
            memory or a fallback need neither, and do not count.
        token: ``"valid"``; ``"renewing"``, while it is still used and the next one is being
            fetched or could not be; or ``"missing"``, so that no call can be sent.
        token_expires_in: Seconds until the token is no longer used; None without a token, or if
            its end is not known.
        token_error: Why the last fetch of a token failed, in words for a log; None if it did not.
        endpoints: How each endpoint is doing, in their order of preference.
    """

    ok: bool
    token: TokenState
    token_expires_in: float | None
    token_error: str | None
    endpoints: tuple[EndpointStatus, ...]

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        told = [
            f"token {self.token}",
            *(f"{each.endpoint} {each.state}" for each in self.endpoints),
        ]
        return f"{'ready' if self.ok else 'not ready'}: {', '.join(told)}"

    def _repr_html_(self) -> str:
        expires = self.token_expires_in
        left = "" if expires is None else f"for {expires:.0f} s"
        rows: list[tuple[object, ...]] = [("token", self.token, self.token_error or left)]
        rows += [(each.endpoint, each.state, each.reason) for each in self.endpoints]
        caption = ["ready" if self.ok else "not ready"]
        return table(caption, ["what", "state", "reason"], rows, total=len(rows))
