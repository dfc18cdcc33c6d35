"""A token or a client secret in a wrapper that shows nothing.

What prints the locals of a traceback (pytest, rich, loguru, error trackers) would print a str.
"""

from __future__ import annotations

from typing import Final, NoReturn

__all__ = ["Secret"]

#: Shorter ones are a test's, protect nothing, and stand in half of all words.
_SHORTEST_SOUGHT: Final = 4


class Secret:
    """A text that is only reached by `reveal`, which is called where it is sent and nowhere else.

    It equals another of the same text, and that text, so it need not be revealed to be compared.

    Args:
        text: The token or the client secret.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text. Do not keep it in a variable: a traceback may show that."""
        return self._text

    def hidden_in(self, words: str) -> str:
        """Return foreign words without this in them."""
        return words.replace(self._text, "…") if self.is_sought else words

    def is_in(self, words: str) -> bool:
        """Whether words hold it."""
        return self.is_sought and self._text in words

    @property
    def is_sought(self) -> bool:
        """Whether it is long enough to be looked for in words."""
        return len(self._text) >= _SHORTEST_SOUGHT

    def __eq__(self, other: object) -> bool:
        return self._text == (other._text if isinstance(other, Secret) else other)

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled")
