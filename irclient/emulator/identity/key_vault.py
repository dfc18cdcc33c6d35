"""The emulated Azure Key Vault: secrets with versions, behind the bearer challenge.

Paths, error codes and the challenge follow the Key Vault REST reference (D, outside the contract).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from irclient.contract.messages import json_response
from irclient.emulator.identity.signing import InvalidToken

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient.contract.messages import Request, Response
    from irclient.emulator.identity.signing import Signer

__all__ = ["VAULT_RESOURCE", "KeyVault"]

#: What tokens for the vault are asked for, and their audience.
VAULT_RESOURCE: Final = "https://vault.azure.net"
_API_VERSIONS: Final = ("7.", "2016-10-01", "2025-", "2026-")


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretVersion:
    """One version of a secret."""

    version: str
    value: str = field(repr=False)
    created_at: float
    ends_at: float | None


@dataclass(slots=True)
class _Secret:
    state: Literal["enabled", "disabled"] = "enabled"
    versions: list[SecretVersion] = field(default_factory=list[SecretVersion])


class KeyVault:
    """One vault.

    Args:
        signer: Who signs the tokens that it accepts.
        readers: The App IDs that may read secrets.
        clock: Seconds since the epoch.
    """

    def __init__(self, *, signer: Signer, readers: set[str], clock: Callable[[], float]) -> None:
        self.url = ""
        self.authorization = ""
        self.readers = readers
        self._signer = signer
        self._clock = clock
        self._secrets: dict[str, _Secret] = {}

    def set_secret(self, name: str, value: str, *, ends_at: float | None = None) -> str:
        """Store a new version of a secret, enabled; returns the version's name.

        Args:
            name: The secret's name.
            value: Its value.
            ends_at: The end that the vault tells of it, in seconds since the epoch.
        """
        secret = self._secrets.setdefault(name.casefold(), _Secret())
        version = secrets.token_hex(16)
        stored = SecretVersion(
            version=version, value=value, created_at=self._clock(), ends_at=ends_at
        )
        secret.versions.append(stored)
        secret.state = "enabled"
        return version

    def disable(self, name: str) -> None:
        """Refuse to give a secret out until a new version is set.

        Raises:
            ValueError: There is no such secret.
        """
        secret = self._secrets.get(name.casefold())
        if secret is None:
            raise ValueError(f"the vault holds no secret {name!r}; it holds {list(self._secrets)}")
        secret.state = "disabled"

    def standing(self, name: str, value: str) -> Literal["current", "stale", "disabled"]:
        """Whether a secret is given out, and whether what is given out is this value."""
        secret = self._secrets[name.casefold()]
        if secret.state == "disabled":
            return "disabled"
        return "current" if secret.versions[-1].value == value else "stale"

    def handle(self, request: Request) -> Response:
        """Answer a request to the vault."""
        kind, _, text = request.headers.get("authorization", "").partition(" ")
        if kind.casefold() != "bearer" or not text:
            return self._challenge("AKV10000: Request is missing a Bearer or PoP token.")
        try:
            token = self._signer.verify(text.strip(), audiences={VAULT_RESOURCE}, now=self._clock())
        except InvalidToken as problem:
            return self._challenge(f"AKV10022: Invalid token: {problem}.")
        if token.app_id not in self.readers:
            words = f"Caller '{token.app_id}' is not authorized to perform secrets/get."
            return _error(403, "Forbidden", words, inner="ForbiddenByRbac")
        return self._route(request)

    def _challenge(self, words: str) -> Response:
        challenge = f'Bearer authorization="{self.authorization}", resource="{VAULT_RESOURCE}"'
        return _error(401, "Unauthorized", words, headers=(("www-authenticate", challenge),))

    def _route(self, request: Request) -> Response:
        api_version = dict(request.query).get("api-version", "")
        if not api_version.startswith(_API_VERSIONS):
            words = f"The api-version '{api_version}' is missing or not supported."
            return _error(400, "BadParameter", words)
        match request.segments:
            case (collection, name) if collection.casefold() == "secrets":
                version = None
            case (collection, name, version) if collection.casefold() == "secrets":
                pass
            case _:
                return _error(404, "NotFound", "There is nothing at this address.")
        if request.method != "GET":
            return _error(405, "MethodNotAllowed", "The emulated vault can only be read.")
        return self._read(name, version)

    def _read(self, name: str, version: str | None) -> Response:
        secret = self._secrets.get(name.casefold())
        found = _version(secret, version) if secret else None
        if secret is None or found is None:
            words = (
                f"A secret with (name/id) {name}{f'/{version}' if version else ''} was not found."
            )
            return _error(404, "SecretNotFound", words)
        if secret.state == "disabled":
            words = "Operation get is not allowed on a disabled secret."
            return _error(403, "Forbidden", words, inner="SecretDisabled")
        created_at = int(found.created_at)
        content = {
            "value": found.value,
            "id": f"{self.url}/secrets/{name}/{found.version}",
            "attributes": {
                "enabled": True,
                "created": created_at,
                "updated": created_at,
                **({} if found.ends_at is None else {"exp": int(found.ends_at)}),
                "recoveryLevel": "Recoverable+Purgeable",
            },
            "tags": {},
        }
        return json_response(200, content, headers=(("cache-control", "no-cache"),))


def _version(secret: _Secret, version: str | None) -> SecretVersion | None:
    if version is None:
        return secret.versions[-1]
    return next((each for each in secret.versions if each.version == version), None)


def _error(
    status: int,
    code: str,
    words: str,
    *,
    inner: str | None = None,
    headers: tuple[tuple[str, str], ...] = (),
) -> Response:
    error: dict[str, object] = {"code": code, "message": words}
    if inner is not None:
        error["innererror"] = {"code": inner}
    return json_response(status, {"error": error}, headers=headers)
