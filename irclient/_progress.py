"""Progress of long work: a bar, or a callable of the user's."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ["progress_of"]


@contextmanager
def progress_of(
    progress: bool | Callable[[int, int], None],  # noqa: FBT001  (the front door's own word)
    total: int,
) -> Generator[Callable[[], object]]:
    """Yield a function to call each time that one of `total` pieces is done.

    Raises:
        ConfigurationError: A bar is wanted and the extra ``progress`` is not installed.
    """
    if callable(progress):
        yield _Counted(progress, total)
    elif not progress:
        yield _nothing
    else:
        try:
            from tqdm.auto import tqdm  # noqa: PLC0415  (an extra)
        except ImportError:
            raise ConfigurationError(
                "progress=True shows a bar with tqdm: pip install 'irclient[progress]'"
            ) from None
        with tqdm(total=total, unit="call") as bar:
            yield bar.update


class _Counted:
    def __init__(self, tell: Callable[[int, int], None], total: int) -> None:
        self._tell = tell
        self._total = total
        self._done = 0

    def __call__(self) -> None:
        self._done += 1
        self._tell(self._done, self._total)


def _nothing() -> None:
    pass
