"""Progress of long work: a bar, or a callable of the user's; and how far it had come."""

from __future__ import annotations

from collections.abc import Sized
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar

from irclient.errors import ConfigurationError, IRError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import TracebackType

    from tqdm.auto import tqdm

__all__ = ["ManyAnswered", "length_of", "line_of", "progress_of"]

T = TypeVar("T")
StepT = TypeVar("StepT")
TotalT = TypeVar("TotalT", int, "int | None")


@contextmanager
def progress_of(
    progress: bool | Callable[[int, TotalT], None],  # noqa: FBT001  (the front door's own word)
    total: TotalT,
) -> Generator[Callable[[], object]]:
    """Yield a function to call each time that one of `total` pieces is done; None is any number.

    Raises:
        ConfigurationError: A bar is wanted and the extra ``progress`` is not installed.
    """
    if callable(progress):
        yield _Counted(progress, total)
    elif not progress:
        yield _nothing
    else:
        with _tqdm("bar")(total=total, unit="call") as bar:
            yield bar.update


@contextmanager
def line_of(
    progress: bool | Callable[[StepT], object],  # noqa: FBT001  (the front door's own word)
    what: str,
) -> Generator[Callable[[StepT], object]]:
    """Yield a function to call with how far one long piece of work has come.

    Args:
        progress: As the user gave it: whether to show a line, or what to call.
        what: What is going on, in a word.

    Raises:
        ConfigurationError: A line is wanted and the extra ``progress`` is not installed.
    """
    if callable(progress):
        yield progress
    elif not progress:
        yield repr
    else:
        with _tqdm("line")(unit="poll", bar_format="{desc} [{elapsed}]", desc=what) as line:
            yield lambda step: line.set_description_str(f"{what}: {step}")


def _tqdm(shown: str) -> Callable[..., tqdm[Any]]:
    try:
        from tqdm.auto import tqdm  # noqa: PLC0415  (an extra)
    except ImportError:
        raise ConfigurationError(
            f"progress=True shows a {shown} with tqdm: pip install 'irclient[progress]'"
        ) from None
    return tqdm


def length_of(pieces: object) -> int | None:
    """How many pieces there are, or None where that is not known without counting them."""
    return len(pieces) if isinstance(pieces, Sized) else None


class ManyAnswered:
    """Counts the answers of many queries, for a note on what ends them early.

    Args:
        total: How many queries there are.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._answered = 0

    def take(self, outcome: T | IRError, *, return_errors: bool) -> T | IRError:
        """Return an outcome; an error only where errors are to be returned.

        Raises:
            IRError: It is one, and they are not.
        """
        if isinstance(outcome, IRError):
            if not return_errors:
                raise outcome
        else:
            self._answered += 1
        return outcome

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None and self._answered:
            error.add_note(
                f"{self._answered} of {self._total} queries had been answered by then; fetch_each "
                "hands out each answer as it comes"
            )


class _Counted:
    def __init__(self, tell: Callable[[int, Any], None], total: int | None) -> None:
        self._tell = tell
        self._total = total
        self._done = 0

    def __call__(self) -> None:
        self._done += 1
        self._tell(self._done, self._total)


def _nothing() -> None:
    pass
