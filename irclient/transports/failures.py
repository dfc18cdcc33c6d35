"""What an exception of a transport means: the one place that knows HTTP libraries' errors."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Final

from irclient._core.protocol import Failure, Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping

    from irclient._values.secret import Secret

__all__ = [
    "BodyTooLarge",
    "Late",
    "UndecodableBody",
    "Unreachable",
    "Unsendable",
    "failed",
    "failure_of",
    "is_interruption",
    "is_time_out",
]


class BodyTooLarge(Exception):  # noqa: N818  (never leaves this package)
    """The body passed the size limit."""


class UndecodableBody(Exception):  # noqa: N818  (never leaves this package)
    """The body is not what its Content-Encoding says."""


class Unreachable(Exception):  # noqa: N818  (never leaves this package)
    """No connection could be made: the request was never sent."""


class Unsendable(Exception):  # noqa: N818  (never leaves this package)
    """Our own side's trouble: the request was never sent."""


class Late(Exception):  # noqa: N818  (never leaves this package)
    """The time passed."""


#: By class name along the exception's bases, so that httpx, httpcore and their forks (httpx2,
#: httpcore2), which share the names but no classes, are all understood.
_TROUBLES: Final[Mapping[str, Trouble]] = {
    "BodyTooLarge": Trouble.TOO_LARGE,
    "UndecodableBody": Trouble.LOCAL,
    "Unsendable": Trouble.LOCAL,
    "Unreachable": Trouble.UNREACHABLE,
    "Late": Trouble.TIMED_OUT,
    "PoolTimeout": Trouble.LOCAL,
    "LocalProtocolError": Trouble.LOCAL,
    "UnsupportedProtocol": Trouble.LOCAL,
    "DecodingError": Trouble.LOCAL,
    "ConnectError": Trouble.UNREACHABLE,
    "ProxyError": Trouble.UNREACHABLE,
    "TimeoutException": Trouble.TIMED_OUT,
    "NetworkError": Trouble.BROKEN,
    "RemoteProtocolError": Trouble.BROKEN,
    "TimeoutError": Trouble.TIMED_OUT,
    "ConnectionRefusedError": Trouble.UNREACHABLE,
    "gaierror": Trouble.UNREACHABLE,
    "SSLError": Trouble.UNREACHABLE,
    "OSError": Trouble.BROKEN,
}


#: What Celery and RQ raise out of a signal's handler, in whatever runs just then.
_INTERRUPTIONS: Final = frozenset({"SoftTimeLimitExceeded", "BaseTimeoutException"})
_MOST_CAUSES: Final = 5
_OURS: Final = (BodyTooLarge, UndecodableBody, Unreachable, Unsendable, Late)


def failed(trouble: Trouble, words: str) -> Failure:
    """The failure of this kind, in these words."""
    return Failure(trouble, f"{trouble.value}: {_shortened(words)}")


def failure_of(error: Exception, *, token: Secret | None) -> Failure:
    """Say what an exception means; an unknown kind counts as trouble on our own side.

    Args:
        error: What the transport raised.
        token: The bearer token of the request, if it has one of ours: it is taken out of the
            words, since HTTP libraries quote a header that they refuse.
    """
    trouble = _trouble_of(error)
    words = _first_words(error)
    if token is not None:
        words = token.hidden_in(words)
    said = [trouble.value, type(error).__name__, _shortened(words)]
    if isinstance(error, _OURS):
        del said[1]
    reason = ": ".join(part for part in said if part)
    is_foreign = trouble is Trouble.LOCAL and type(error).__module__.partition(".")[0] not in _HTTP
    return Failure(trouble, reason, cause=_showable(error, token) if is_foreign else None)


def is_interruption(error: Exception) -> bool:
    """Whether a task queue ended what the program does, so that no transport raised this."""
    return any(kind.__name__ in _INTERRUPTIONS for kind in type(error).__mro__)


def is_time_out(error: Exception) -> bool:
    """Whether an exception says that the time passed."""
    return _trouble_of(error) is Trouble.TIMED_OUT


def _trouble_of(error: Exception) -> Trouble:
    names = (kind.__name__ for kind in type(error).__mro__)
    return next((_TROUBLES[name] for name in names if name in _TROUBLES), Trouble.LOCAL)


#: The errors of these carry the request, and so its token: they are told, never chained.
_HTTP: Final = frozenset({"httpx", "httpcore", "httpx2", "httpcore2", "h11", "irclient"})


def _showable(error: Exception, token: Secret | None) -> Exception | None:
    """An error that may be chained: without its frames where a local of one holds the token."""
    if token is None or not _shows(error, token):
        return error
    each: BaseException | None = error
    for _ in range(_MOST_CAUSES):
        if each is not None:
            each.__traceback__ = None
            each = each.__cause__ or each.__context__
    return None if _shows(error, token) else error


def _shows(error: Exception, token: Secret) -> bool:
    """Whether a traceback of an error would show the token, in its words or in a local.

    The error is a local itself in the frames that it goes through, and shown with its arguments.
    """
    try:
        # As a traceback shows them, for an exception may be unable to tell its own words.
        shown = traceback.TracebackException.from_exception(error, capture_locals=True)
        said = [repr(error), *shown.format()]
    except Exception:  # noqa: BLE001  (a local that was being made when it struck: in doubt, it does)
        return True
    return any(token.is_in(part) for part in said)


def _first_words(error: BaseException) -> str:
    # trio's errors often have none, but come from one that has: a certificate's, for example.
    found: BaseException | None = error
    for _ in range(_MOST_CAUSES):
        if found is None:
            break
        # Without its lines: 3.13 would look them up, and at exit there is no import to do it with.
        words = str(traceback.TracebackException.from_exception(found, lookup_lines=False)).strip()
        if words:
            return words
        found = found.__cause__ or found.__context__
    return ""


def _shortened(words: str) -> str:
    return words if len(words) <= 200 else words[:199] + "…"
