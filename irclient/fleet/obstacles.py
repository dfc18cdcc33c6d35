"""What stands in the way to a fleet's server, told from the error that redis-py raised."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from irclient.errors import ConfigurationError

__all__ = ["Obstacle", "is_of_one_script", "obstacle_in", "words_of"]

#: What stands in the way:
#: ``"unreachable"``: no answer. ``"login"``: user or password are wrong. ``"read-only"``: it is a
#: replica. ``"rights"``: the user may not run a command. ``"certificate"``: its authority is not
#: known. ``"ca file"``: the file of authorities is not there. ``"tls"``: one side speaks TLS and
#: the other does not. ``"cluster"``: it is a node of a cluster. ``"memory"``: it is full.
#: ``"database"``: it has no database of that number. ``"client"``: what ``connect=`` makes cannot
#: be used. ``"server"``: a trouble of its own.
Obstacle: TypeAlias = Literal[
    "unreachable",
    "login",
    "read-only",
    "rights",
    "certificate",
    "ca file",
    "tls",
    "cluster",
    "memory",
    "database",
    "client",
    "server",
]

#: Of OpenSSL, the Redis server and Python's `OSError`; the first that is in the text counts.
_SAID: Final[tuple[tuple[str, Obstacle], ...]] = (
    ("CERTIFICATE_VERIFY_FAILED", "certificate"),
    ("WRONG_VERSION_NUMBER", "tls"),
    ("RECORD_LAYER_FAILURE", "tls"),
    ("UNEXPECTED_EOF_WHILE_READING", "tls"),
    ("EOF occurred in violation of protocol", "tls"),
    ("Connection closed by server", "tls"),
    ("Connection reset by peer", "tls"),
    ("No such file or directory", "ca file"),
    ("DB index is out of range", "database"),
    ("invalid DB index", "database"),
    ("SELECT is not allowed in cluster mode", "cluster"),
    ("MOVED ", "cluster"),
    ("READONLY ", "read-only"),
    ("OOM ", "memory"),
    ("used memory > 'maxmemory'", "memory"),
    ("can't run this command", "rights"),
    ("unknown command", "rights"),
    ("No permissions", "rights"),
    ("no permissions", "rights"),
)


def obstacle_in(problem: Exception, *, is_socket: bool = False) -> Obstacle:
    """Return what an error says is in the way.

    Args:
        problem: What redis-py raised.
        is_socket: Whether the server is reached by a socket's path, which may be missing, too.
    """
    from redis import exceptions  # noqa: PLC0415  (an extra)

    # Some of these are a ConnectionError to redis-py.
    by_kind: tuple[tuple[type[Exception], Obstacle], ...] = (
        (exceptions.AuthenticationError, "login"),
        (exceptions.ReadOnlyError, "read-only"),
        (exceptions.NoPermissionError, "rights"),
        (exceptions.AuthorizationError, "rights"),
        (exceptions.BusyLoadingError, "server"),
        (exceptions.OutOfMemoryError, "memory"),
        (exceptions.MovedError, "cluster"),
        (exceptions.RedisClusterException, "unreachable"),
        (ConfigurationError, "client"),
    )
    for kind, obstacle in by_kind:
        if isinstance(problem, kind):
            return obstacle
    text = str(problem)
    for said, obstacle in _SAID:
        if said in text and not (is_socket and obstacle == "ca file"):
            return obstacle
    if isinstance(problem, exceptions.ConnectionError | exceptions.TimeoutError | OSError):
        return "unreachable"
    return "server" if isinstance(problem, exceptions.RedisError) else "client"


def is_of_one_script(problem: Exception) -> bool:
    """Whether an error says only that one script failed: the server is there for the others.

    It has no memory left, the user may not run a command, or a key is of another type.
    """
    from redis import exceptions  # noqa: PLC0415  (an extra)

    if not isinstance(problem, exceptions.ResponseError):
        return False
    return obstacle_in(problem) in {"memory", "rights"} or "WRONGTYPE" in str(problem)


def words_of(problem: Exception) -> str:
    """What an error says, shortened, and without what was sent.

    A server that does not know a command repeats its arguments: those of AUTH and HELLO are the
    user and the password (Redis: "unknown command ..., with args beginning with: ...").
    """
    said, _, _ = str(problem).partition(", with args beginning with")
    return f"{type(problem).__name__}: {said[:200]}"
