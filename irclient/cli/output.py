"""Where words go: data to stdout, as a table or as JSON; everything else to stderr."""

import io
import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from irclient.errors import IRError

__all__ = [
    "data_console",
    "duration",
    "message_console",
    "print_error",
    "print_json",
    "safe",
    "survive_narrow_encodings",
    "writable",
]


#: Characters at the beginning and at the end of a message that are always shown.
_SHOWN: Final = 1_000


def data_console() -> Console:
    """Return the console for what was asked for."""
    # Made for each use: stdout may be replaced, in tests and by callers in the same process.
    return Console(highlight=False)


def message_console() -> Console:
    """Return the console for errors and advice."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(value: object) -> None:
    """Print one JSON document, readable and complete."""
    # Escapes say the same where the output cannot hold every letter.
    is_narrow = not (sys.stdout.encoding or "").lower().startswith("utf")
    text = json.dumps(value, indent=2, ensure_ascii=is_narrow, default=str)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def print_error(error: IRError, *, as_json: bool) -> None:
    """Print what went wrong to stderr and, where JSON was asked for, as JSON to stdout."""
    kind = type(error).__name__
    line = Text.assemble((f"{kind}: ", "bold red"), safe(_in_short(str(error))))
    message_console().print(line)
    if as_json:
        described: dict[str, Any] = {
            "kind": kind,
            "message": str(error),
            "attempts": [asdict(each) for each in error.attempts],
        }
        print_json({"error": described})


def _in_short(words: str) -> str:
    """A message without its middle where a value in it fills the screen."""
    if len(words) <= 2 * _SHOWN:
        return words
    return f"{words[:_SHOWN]} … ({len(words) - 2 * _SHOWN:,} characters) … {words[-_SHOWN:]}"


def safe(text: str) -> str:
    """Return a text without control characters, so that no answer can steer the terminal."""
    return "".join(each if each.isprintable() or each == "\n" else "�" for each in text)


def writable(marks: Sequence[str], console: Console) -> str:
    """Return the first of some marks that the console's encoding can hold, else the last."""
    for mark in marks:
        with suppress(UnicodeEncodeError, LookupError):
            mark.encode(console.encoding)
            return mark
    return marks[-1]


def survive_narrow_encodings() -> None:
    """Let stdout and stderr replace letters that their encoding lacks, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def duration(seconds: float) -> str:
    """Say a duration the way people compare latencies: milliseconds below a second."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"
