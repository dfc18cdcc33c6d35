"""Fetching a token: what is asked for, what may come of it, and how long one keeps trying.

An exchange runs on a thread of its own, may block, and knows nothing of the record that it
fetches for. Its failures are of two kinds: refused for a reason that stays until somebody acts,
or not answered at all, which may be over in a second.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final, Protocol, Self, TypeAlias, TypeVar

from irclient.observe import Record

if TYPE_CHECKING:
    from tenacity import RetryCallState

    from irclient._values.secret import Secret
    from irclient.errors import ConfigurationError

__all__ = [
    "FIX_CONNECTION",
    "FIX_PROXY",
    "FIX_THROTTLE",
    "FIX_TROUBLE",
    "Exchange",
    "FetchedToken",
    "Occasion",
    "TellRecord",
    "TokenRefused",
    "TokenUnanswered",
    "persistently",
    "provider_code",
    "redacted",
]

TellRecord: TypeAlias = Callable[[Record], None]

_ATTEMPTS: Final = 4
_KEEP_TRYING_FOR: Final = 10.0
#: The longest Retry-After that is waited for inside one fetch.
_WORTH_WAITING_FOR: Final = 2.0
_LONGEST_REASON: Final = 500
#: What to do when no proper answer comes.
FIX_THROTTLE: Final = "it is asked too often: wait, and let fewer processes ask it"
FIX_TROUBLE: Final = "it has trouble of its own: wait, and look at the status of Azure"
FIX_PROXY: Final = "check the proxy that HTTPS_PROXY names, or name the host in NO_PROXY"
FIX_CONNECTION: Final = (
    "check that this machine reaches the host: its DNS, firewall and private endpoint"
)

#: How every token of Entra's looks: a JSON object in base64url, and two more parts.
_TOKEN_LIKE: Final = re.compile(r"eyJ[\w-]{8,}[\w.-]*")
_PROVIDER_CODE: Final = re.compile(r"AADSTS\d+")

T = TypeVar("T")


class Occasion(Enum):
    """Why a token is fetched."""

    USUAL = "usual"
    """There is none yet, or the present one is about to expire."""
    REJECTED = "rejected"
    """The service did not accept the last one: whatever it was made from may have changed."""


@dataclass(frozen=True, slots=True)
class FetchedToken:
    """A token as its issuer handed it out.

    Attributes:
        value: What goes behind ``Bearer``.
        lives_for: Seconds from the request for it until it expires.
        renew_after: Seconds until its issuer would like it to be renewed, where it said so.
    """

    value: str = field(repr=False)
    lives_for: float
    renew_after: float | None = None


class TokenRefused(Exception):  # noqa: N818  (a finding; what users meet is AuthenticationError)
    """No token, and asking again changes nothing until somebody acts; the message says who.

    Attributes:
        what: What happened.
        fix: What to do about it, where that is known; the message ends with it.
        code: The identity provider's own code, where it gave one.
    """

    def __init__(self, what: str, *, fix: str | None = None, code: str | None = None) -> None:
        super().__init__(what if fix is None else f"{what}; {fix}")
        self.what = what
        self.fix = fix
        self.code = code

    @classmethod
    def by(cls, problem: ConfigurationError) -> Self:
        """Take over what a configuration is refused for, and the fix that its words end with."""
        what, _, fix = str(problem).partition("; ")
        return cls(what, fix=fix or None)


class TokenUnanswered(Exception):  # noqa: N818  (a finding; what users meet is AuthenticationError)
    """No proper answer came: no connection, no time, a 5xx, a throttle, not JSON.

    Attributes:
        what: What happened.
        fix: What to do about it if it stays, where that is known; the message ends with it.
        retry_after: Seconds to leave the other side alone, as it asked for; else 0.
    """

    def __init__(self, what: str, *, fix: str | None = None, retry_after: float = 0.0) -> None:
        super().__init__(what if fix is None else f"{what}; {fix}")
        self.what = what
        self.fix = fix
        self.retry_after = retry_after


class Exchange(Protocol):
    """Fetches tokens; blocking."""

    def __call__(self, occasion: Occasion, tell: TellRecord) -> FetchedToken:
        """Fetch a token that has not been used yet.

        Raises:
            TokenRefused: Somebody has to act.
            TokenUnanswered: It may work in a moment.
        """
        ...


def persistently(step: Callable[[], T], *, sleep: Callable[[float], None] = time.sleep) -> T:
    """Take one step of a fetch, and repeat it a few times when no answer comes.

    A blip of a second is then no error, even for a client that has no token yet.
    """
    # Loaded here: on the fetching thread, at the first fetch.
    from tenacity import (  # noqa: PLC0415
        Retrying,
        retry_if_exception,
        stop_after_attempt,
        stop_after_delay,
        wait_random_exponential,
    )

    jittered = wait_random_exponential(multiplier=0.2, max=1.0)

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, TokenUnanswered) else 0.0
        return max(asked, jittered(state))

    retrying = Retrying(
        retry=retry_if_exception(_is_worth_another_try),
        stop=stop_after_attempt(_ATTEMPTS) | stop_after_delay(_KEEP_TRYING_FOR),
        wait=wait,
        sleep=sleep,
        reraise=True,
    )
    return retrying(step)


def _is_worth_another_try(error: BaseException) -> bool:
    return isinstance(error, TokenUnanswered) and error.retry_after <= _WORTH_WAITING_FOR


def provider_code(text: str) -> str | None:
    """Return the code that Entra puts into its messages (``AADSTS…``), if there is one."""
    found = _PROVIDER_CODE.search(text)
    return found[0] if found else None


def redacted(text: str, *secrets: Secret) -> str:
    """Return foreign words fit for a message: on one line, not too long, and without secrets.

    Anything that looks like a token is taken out as well.
    """
    for secret in secrets:
        text = secret.hidden_in(text)
    text = _TOKEN_LIKE.sub("…", " ".join(text.split()))
    return text if len(text) <= _LONGEST_REASON else text[: _LONGEST_REASON - 1] + "…"
