"""Answers that were given before, for as long as they would be the same.

A list depends on the request's target, the output and which items are available now; so an answer
without a session may be given again until the output is replaced or an item comes or goes.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from irclient.contract.messages import Response
    from irclient.server.outputs import Edition, ServedOutput

__all__ = ["AnswersMemory"]

#: An operation and its user.
About: TypeAlias = tuple[str, "str | None"]

#: Bytes of answers that one endpoint keeps in each worker.
_MOST_BYTES: Final = 8 * 1024 * 1024
#: What an entry costs beside its body and target.
_OVERHEAD: Final = 1_024


class AnswersMemory:
    """The answers of one endpoint; used on one event loop."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._entries: OrderedDict[str, tuple[Response, About, ServedOutput, Edition, float]] = (
            OrderedDict()
        )

    def find(self, target: str, now: float) -> tuple[Response, About] | None:
        """The answer to a target and what it is about, if it was given and is still right."""
        entry = self._entries.get(target)
        if entry is None:
            return None
        response, about, output, edition, until = entry
        if now >= until or output.edition is not edition:
            self._forget(target)
            return None
        self._entries.move_to_end(target)
        return response, about

    def keep(
        self,
        target: str,
        response: Response,
        *,
        about: About,
        output: ServedOutput,
        edition: Edition,
        until: float,
    ) -> None:
        """Keep an answer until an instant, and as long as its output is served."""
        if target in self._entries:
            self._forget(target)
        self._entries[target] = (response, about, output, edition, until)
        self._bytes += _size(target, response)
        while self._bytes > self._most_bytes:
            self._forget(next(iter(self._entries)))

    def clear(self) -> None:
        """Forget all, so that nothing of an output stays in memory."""
        self._entries.clear()
        self._bytes = 0

    def _forget(self, target: str) -> None:
        response = self._entries.pop(target)[0]
        self._bytes -= _size(target, response)


def _size(target: str, response: Response) -> int:
    return len(target) + len(response.body) + _OVERHEAD
