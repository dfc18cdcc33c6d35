"""Many calls: which of them are to be begun next, and which are under way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from irclient._core.protocol import Call
    from irclient.errors import IRError

__all__ = ["Batch", "Begin", "Job", "Ready"]

K = TypeVar("K")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ready(Generic[T]):
    """The result of a call that need not be made, in the place of what begins it."""

    result: T


Begin: TypeAlias = "Callable[[float], Call[T]] | Ready[T]"


@dataclass(eq=False, slots=True, repr=False)
class Job(Generic[K, T]):
    """One call of many.

    Attributes:
        key: What its caller knows it by.
        begin: Begins it, unless it is ready.
        result: What it came to, once it is over.
        problem: What is no error of a call, and ends them all.
    """

    key: K
    begin: Begin[T]
    result: T | IRError | None = None
    problem: BaseException | None = None


class Batch(Generic[K, T]):
    """Takes calls from where they come from, no more of them than may be under way.

    Args:
        calls: The calls, each with its key; there may be no end of them.
        concurrency: The most that are begun and not handed out.
    """

    def __init__(self, calls: Iterator[tuple[K, Begin[T]]], concurrency: int) -> None:
        self._calls = calls
        self._concurrency = concurrency
        self._is_exhausted = False
        #: Begun, and not handed out yet, in the order of their beginning.
        self.under_way: dict[Job[K, T], None] = {}

    def begin_next(self) -> Job[K, T] | None:
        """Return the next call to begin, or None while enough are under way, and when all were."""
        if self._is_exhausted or len(self.under_way) >= self._concurrency:
            return None
        for key, begin in self._calls:
            job = Job(key, begin)
            self.under_way[job] = None
            return job
        self._is_exhausted = True
        return None

    def hand_out(self, job: Job[K, T]) -> tuple[K, T | IRError]:
        """Return the key of a call that is over, and its result.

        Raises:
            BaseException: It ended in what is no error of a call.
        """
        del self.under_way[job]
        if job.problem is not None:
            raise job.problem
        return job.key, cast("T | IRError", job.result)

    def end(self) -> None:
        """Begin no more, and know of none any more."""
        self._is_exhausted = True
        self.under_way.clear()
