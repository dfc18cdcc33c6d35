"""What the contract leaves open about the operations, and what is done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["SESSION_VIEWS", "Choices"]

#: How many of a session's latest views count for its picks; the contract does not say (?).
SESSION_VIEWS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """How operations answer where nothing, or two things, are known.

    Each field says what the contract knows, with its mark (D documented, C seen in public code,
    I inferred, ? unknown), and what the default chooses.
    """

    not_cooked: Literal["WaitingForData", "ServiceUnavailable"] = "WaitingForData"
    """What lists answer before the first cooking. Seen in 2023: a list without items and the
    status ``WaitingForData`` (C; that its HTTP status is 200 is I). Seen in 2022: the error
    ``ServiceUnavailable`` (C; that it is a 503 is I). The default is the newer one."""

    interactions_version: Literal["present", "absent"] = "present"
    """Whether lists name the cooked data. In the documented samples (D) and in 2022 (C) they do,
    in 2023 they did not (C)."""

    default_count: int = 25
    """Items in a list without ``count``. 25 was seen once (C)."""

    most_count: int | None = None
    """The largest ``count``; more is cut down to it. Unknown (?); by default there is none."""

    bad_paging: Literal["refuse", "ignore"] = "refuse"
    """What a negative or unreadable ``count`` or ``skipItems`` leads to: the error ``BadRequest``,
    or the default value (?)."""

    unknown_item: Literal["empty", "refuse"] = "empty"
    """What an unknown seed item leads to: a list without items, or the error ``NotFound`` (?)."""

    unknown_user: Literal["popular", "empty"] = "popular"
    """What picks answer for a user without a usable history, or one who opted out (?)."""

    picks_without_user: Literal["refuse", "empty"] = "refuse"
    """What picks without ``userId`` and ``SessionId`` lead to. The reference says that ``userId``
    is required (D), yet callers leave it out with a session (C); the error is I."""

    personalization_disabled: Literal["empty", "refuse"] = "empty"
    """What picks and personalize lead to when the data does not enable personalization (D that
    they do not work; the answer is ?)."""

    personalization_body: Literal["either", "bare", "wrapped"] = "either"
    """Which body personalize reads. The reference declares the bare one and defines a wrapper
    that it does not use (D); that both were read is I."""

    trigger_answer: Literal["documented", "seen in 2022", "seen in 2023"] = "documented"
    """The body of an accepted trigger: with environment and version (D), with a null version (C),
    or only with a status (C)."""
