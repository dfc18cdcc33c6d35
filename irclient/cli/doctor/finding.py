"""A finding: what one check of `irclient doctor` looked at, what it saw, and what to do."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from queue import Empty, SimpleQueue
from typing import Self, TypeVar

__all__ = ["Finding", "Verdict", "within"]

T = TypeVar("T")


class Verdict(StrEnum):
    """How a check ended."""

    GOOD = "good"
    WARNING = "warning"
    """It works, and something about it will not for long."""
    WRONG = "wrong"
    SKIPPED = "skipped"
    """It could not be made, because an earlier one found something wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check saw.

    Attributes:
        check: What kind of check it is, for example ``tls``.
        subject: What it looked at: a host, an endpoint's label, a secret's name.
        verdict: How it ended.
        saw: What was seen, in words; never a token or a secret.
        advice: What to do about it; None when nothing is wrong.
        elapsed: Seconds that the check took.
    """

    check: str
    subject: str
    verdict: Verdict
    saw: str
    advice: str | None = None
    elapsed: float = 0.0

    @classmethod
    def of_what_works(
        cls, check: str, subject: str, saw: str, advice: str | None, *, elapsed: float = 0.0
    ) -> Self:
        """What works: good where there is nothing to advise, else a warning."""
        verdict = Verdict.GOOD if advice is None else Verdict.WARNING
        return cls(
            check=check, subject=subject, verdict=verdict, saw=saw, advice=advice, elapsed=elapsed
        )


def within(seconds: float, work: Callable[[], T]) -> T:
    """Run work on a thread of its own, and wait for it for this many seconds.

    Neither name resolution nor the azure packages can be interrupted: a thread that is late is
    left to itself and does not keep the process alive.

    Raises:
        TimeoutError: It took longer.
    """
    outcomes: SimpleQueue[tuple[T, None] | tuple[None, Exception]] = SimpleQueue()

    def run() -> None:
        try:
            outcomes.put((work(), None))
        except Exception as error:  # noqa: BLE001  (handed to the caller)
            outcomes.put((None, error))

    threading.Thread(target=run, name="irclient-doctor", daemon=True).start()
    try:
        result, error = outcomes.get(timeout=seconds)
    except Empty:
        raise TimeoutError(f"no answer within {seconds:g} s") from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]
