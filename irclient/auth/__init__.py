"""Credentials: what a user hands to a client, and the token source that the client reads.

Loads none of msal, azure and requests: they are imported by the thread of the first fetch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from irclient.auth.azure import CredentialExchange, TokenCredential
from irclient.auth.keyvault import KeyVaultCredential
from irclient.auth.static import StaticToken
from irclient.auth.tokens import TokenRecord
from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from irclient._core.protocol import TokenSource

__all__ = ["Credential", "KeyVaultCredential", "StaticToken", "TokenCredential", "token_source"]

Credential: TypeAlias = KeyVaultCredential | StaticToken | TokenCredential


def token_source(credential: Credential) -> TokenSource:
    """Return where a client reads its tokens.

    Raises:
        ConfigurationError: This is no credential, or one that must be awaited.
    """
    if isinstance(credential, KeyVaultCredential | StaticToken):
        return credential
    if isinstance(credential, str):
        # Not quoted: it may be a token.
        raise ConfigurationError("credential must not be a str; for a token use StaticToken(…)")
    return TokenRecord(CredentialExchange(credential))
