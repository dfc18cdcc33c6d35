"""The URL of a request as a trace may show it: without what tells of a user."""

from __future__ import annotations

from typing import Final

__all__ = ["shown"]

#: As the semantic conventions for `url.full` write what was left out.
_LEFT_OUT: Final = "REDACTED"
#: The parameters that the client itself writes, and that name no user or session. All others are
#: raw parameters, ids of users and sessions, or filters, which look the same as raw parameters.
_SHOWN: Final = frozenset(
    {"modeling", "channelid", "catalogid", "algotype", "count", "skipitems", "seeditemids"}
)
_MOST_KEPT: Final = 64
#: Queries that are shown as they are: most of a program's are one of a few. What tells of a user
#: is not kept, not even in memory: a client that is told to forget a user does not know of this.
_kept: Final[set[str]] = set()


def shown(url: str, target: str) -> str:
    """Return the URL of a request, with the values left out that may tell of a user.

    Args:
        url: The endpoint's.
        target: The path and query of the request.
    """
    path, mark, query = target.partition("?")
    if not mark or query in _kept:
        return url + target
    found = _shown(query)
    if found == query:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept.add(query)
    return f"{url}{path}?{found}"


def _shown(query: str) -> str:
    pairs = [each.partition("=") for each in query.split("&")]
    names = [name.lower() for name, _, _ in pairs]
    kept = [
        # One that comes twice is a raw parameter as well.
        f"{name}={value if lower in _SHOWN and names.count(lower) == 1 else _LEFT_OUT}"
        for (name, _, value), lower in zip(pairs, names, strict=True)
    ]
    return "&".join(kept)
