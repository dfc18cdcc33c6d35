"""The credential of an application whose secret lives in Key Vault."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from irclient._runtime.authorities import check_variables
from irclient.auth.arguments import (
    PUBLIC_AUTHORITY,
    SCOPE,
    check_blocking_credential,
    check_scope,
    unquoted,
)
from irclient.errors import ConfigurationError
from irclient.topology import base_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient._core.protocol import TokenReading, TokenStatus
    from irclient._values.secret import Secret
    from irclient.auth.entra import ClientCredentials
    from irclient.auth.secret import SecretPlace
    from irclient.auth.tokens import TokenRecord

__all__ = ["KeyVaultCredential", "client_credentials", "secret_place"]

#: As Key Vault restricts object names (documented).
_SECRET_NAME: Final = re.compile(r"[0-9A-Za-z-]{1,127}")
_PLAIN: Final = re.compile(r"[0-9A-Za-z._-]+")
_NO_TENANTS: Final = frozenset({"common", "organizations", "consumers"})


@dataclass(frozen=True, kw_only=True, eq=False)
class KeyVaultCredential:
    """Tokens for an application (App ID) whose secret is read from Key Vault at run time.

    The secret stays in memory; it is read again when Entra or the service no longer accepts
    what was made of it, so a rotation needs no restart. One credential serves any number of
    clients, and makes one request for all of them. Can be pickled, without anything secret,
    as long as it has no `vault_credential`.

    Attributes:
        vault_url: The vault, for example ``https://contoso.vault.azure.net``.
        secret_name: The secret's name in the vault.
        tenant_id: The tenant of the application.
        client_id: The application's id (App ID), which is on the allow-list of the IR account.
        secret_version: A version to keep to; None for the newest, without which no rotation
            is noticed.
        vault_credential: Who reads the vault: any blocking credential of azure-identity; None
            for its ``DefaultAzureCredential``. It stays yours to close.
        authority: Entra's URL, without the tenant.
        scope: What the tokens are for; IR's application by default.
        ca_file: A PEM file of the only authorities to trust, for Entra and the vault. None
            trusts for Entra what clients trust (``SSL_CERT_FILE``, else certifi's list), and
            for the vault what the Azure SDK trusts (``REQUESTS_CA_BUNDLE``, else the same).

    Raises:
        ConfigurationError: One of them cannot be used, or a variable names authorities that are
            not there.
    """

    vault_url: str
    secret_name: str
    tenant_id: str
    client_id: str
    secret_version: str | None = None
    vault_credential: Any = field(default=None, repr=False)
    authority: str = PUBLIC_AUTHORITY
    scope: str = SCOPE
    ca_file: str | os.PathLike[str] | None = None
    _record: TokenRecord = field(init=False, repr=False)

    def __post_init__(self) -> None:
        vault_url = _bare_url("vault_url", self.vault_url, "the secret's name in secret_name")
        authority = _bare_url("authority", self.authority, "the tenant in tenant_id")
        _check_names(self)
        check_scope("KeyVaultCredential: scope", self.scope)
        ca_file = _readable(self.ca_file)
        if ca_file is None:
            check_variables("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
        if self.vault_credential is not None:
            check_blocking_credential("KeyVaultCredential: vault_credential", self.vault_credential)
        object.__setattr__(self, "vault_url", vault_url)
        object.__setattr__(self, "authority", authority)
        object.__setattr__(self, "ca_file", ca_file)
        object.__setattr__(self, "_record", self._new_record())

    def _new_record(self) -> TokenRecord:
        # Loaded here: a program that only imports a credential does not pay for fetching.
        from irclient.auth.rotation import SecretExchange  # noqa: PLC0415
        from irclient.auth.tokens import TokenRecord  # noqa: PLC0415

        return TokenRecord(SecretExchange(secret_place(self), client_credentials(self)))

    def read(self, now: float) -> TokenReading:
        """Return the token that is held, or the fetch to wait for, or why there is none."""
        return self._record.read(now)

    def reject(self, token: Secret, now: float) -> bool:
        """Learn that the service answered 401 to a token; True if another may be fetched."""
        return self._record.reject(token, now)

    def status(self, now: float) -> TokenStatus:
        """Say how the token is doing, without asking for one."""
        return self._record.status(now)

    def hasten(self, now: float) -> None:
        """Let the next reader fetch, though the pause after a failure is not over."""
        self._record.hasten(now)

    def __reduce__(self) -> tuple[Callable[[], KeyVaultCredential], tuple[()]]:
        if self.vault_credential is not None:
            # Several of azure-identity's would be pickled with their own secret inside.
            raise ConfigurationError(
                "a KeyVaultCredential with a vault_credential cannot be pickled: that may hold a "
                "secret; leave it out to use DefaultAzureCredential, or build the "
                "KeyVaultCredential in each process"
            )
        shown = {each.name: getattr(self, each.name) for each in fields(self) if each.repr}
        return partial(KeyVaultCredential, **shown), ()


def secret_place(credential: KeyVaultCredential) -> SecretPlace:
    """Where a credential reads its secret."""
    from irclient.auth.secret import SecretPlace  # noqa: PLC0415  (as above)

    return SecretPlace(
        vault_url=credential.vault_url,
        secret_name=credential.secret_name,
        secret_version=credential.secret_version,
        vault_credential=credential.vault_credential,
        authority=credential.authority,
        ca_file=_path(credential.ca_file),
    )


def client_credentials(credential: KeyVaultCredential) -> ClientCredentials:
    """Where a credential turns its secret into tokens."""
    from irclient.auth.entra import ClientCredentials  # noqa: PLC0415  (as above)

    return ClientCredentials(
        authority=credential.authority,
        tenant_id=credential.tenant_id,
        client_id=credential.client_id,
        scope=credential.scope,
        ca_file=_path(credential.ca_file),
    )


def _path(ca_file: str | os.PathLike[str] | None) -> str | None:
    return None if ca_file is None else os.fspath(ca_file)


def _check_names(credential: KeyVaultCredential) -> None:
    name, version = credential.secret_name, credential.secret_version
    if not isinstance(name, str) or not _SECRET_NAME.fullmatch(name):
        raise ConfigurationError(
            "KeyVaultCredential: secret_name must be the name of a Key Vault secret, 1 to 127 "
            f"letters, digits and '-', got {unquoted(name)}"
        )
    ids = {"tenant_id": credential.tenant_id, "client_id": credential.client_id}
    if version is not None:
        ids["secret_version"] = version
    for what, value in ids.items():
        # A token has the same letters, and would be sent to Entra and told of in its words.
        if not isinstance(value, str) or not _PLAIN.fullmatch(value) or value.startswith("eyJ"):
            raise ConfigurationError(
                f"KeyVaultCredential: {what} must be a str of letters, digits, '-', '_' and '.', "
                f"and no token, got {unquoted(value)}"
            )
    if credential.tenant_id.lower() in _NO_TENANTS:
        raise ConfigurationError(
            f"KeyVaultCredential: tenant_id {credential.tenant_id!r} is no tenant; an "
            "application needs its own one, by GUID or domain name"
        )


def _bare_url(name: str, url: object, other: str) -> str:
    if not isinstance(url, str) or not re.match(r"https?://", url, re.IGNORECASE):
        raise ConfigurationError(
            f"KeyVaultCredential: {name} must be a str like 'https://host', got {unquoted(url)}"
        )
    checked = base_url(f"KeyVaultCredential: {name}", url)
    if not checked.lower().startswith("https://"):
        raise ConfigurationError(
            f"KeyVaultCredential: {name} must use https, got {url!r}; msal and the Azure SDK "
            "send secrets and tokens over nothing else, on loopback as well"
        )
    if "/" in checked[len("https://") :]:
        raise ConfigurationError(
            f"KeyVaultCredential: {name} must end with its host, got {url!r}; put {other}"
        )
    return checked


def _readable(ca_file: object) -> str | None:
    if ca_file is None:
        return None
    try:
        path = Path(os.fspath(ca_file))  # type: ignore[call-overload]
        with path.open("rb"):
            return str(path)
    except (TypeError, OSError) as problem:
        raise ConfigurationError(
            f"KeyVaultCredential: ca_file {ca_file!r} cannot be read: {problem}; give a PEM file"
        ) from None
