"""Static keys from a file or a variable, for shops without an issuer."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from typing import TYPE_CHECKING, Final

from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from irclient.server.configuration import Account

__all__ = ["StaticKeys"]

#: What a bearer token may be made of (RFC 6750).
_KEY: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_SALT: Final = secrets.token_bytes(32)


class StaticKeys:
    """The static keys of one account; a file that changes is read again.

    Args:
        account: The account's table.

    Raises:
        ConfigurationError: There are none where the account says that there are.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._seen: object = None
        self._keys: dict[bytes, str] = {}
        self.reload()

    def find(self, text: str) -> str | None:
        """How logs call the owner of a key; None for what is no key of the account."""
        # Digests are compared, not keys, so that the time that it takes tells nothing.
        return self._keys.get(_digest(text))

    def reload(self) -> None:
        """Read the keys again if the file has changed.

        Raises:
            ConfigurationError: They cannot be read, or there are none; the known ones stay.
        """
        path = self._account.keys_file
        seen = _stamp(path) if path is not None else "environment"
        if seen == self._seen:
            return
        keys = [*_of_file(path), *_of_variable(self._account.keys_env)]
        where = self._account.name
        for key in keys:
            if not _KEY.fullmatch(key):
                raise ConfigurationError(
                    f"account {where!r}: a key of {len(key)} characters holds one that a bearer "
                    "token cannot have; keys are letters, digits and -._~+/, without spaces"
                )
        if not keys and (path is not None or self._account.keys_env is not None):
            named = path if path is not None else f"the variable {self._account.keys_env}"
            raise ConfigurationError(
                f"account {where!r}: {named} holds no key; write one, such as what "
                "`openssl rand -hex 32` prints"
            )
        self._keys = {_digest(key): f"key-{_name(key)}" for key in keys}
        self._seen = seen


def _stamp(path: Path) -> object:
    try:
        about = path.stat()
    except OSError as problem:
        raise ConfigurationError(
            f"keys_file {str(path)!r} cannot be read: {problem.strerror}"
        ) from None
    return (about.st_mtime_ns, about.st_size, about.st_ino)


def _of_file(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8"
        raise ConfigurationError(f"keys_file {str(path)!r} cannot be read: {reason}") from None
    stripped = (line.strip() for line in lines)
    return [line for line in stripped if line and not line.startswith("#")]


def _of_variable(name: str | None) -> list[str]:
    if name is None:
        return []
    return [part for part in re.split(r"[\s,]+", os.environ.get(name, "")) if part]


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), key=_SALT).digest()


def _name(key: str) -> str:
    """A short name that tells keys apart in logs and says nothing about them."""
    return hashlib.blake2b(key.encode(), digest_size=4, person=b"irclient-key").hexdigest()
