"""Credentials: what a user hands to a client, and the token source that the client reads.

Loads nothing that fetches tokens: that comes with the first credential that is made, and msal,
azure and requests with the thread of its first fetch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from irclient.auth.arguments import SCOPE, TokenCredential
from irclient.auth.keyvault import KeyVaultCredential
from irclient.auth.static import StaticToken
from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from irclient._core.protocol import TokenSource

__all__ = ["Credential", "KeyVaultCredential", "StaticToken", "TokenCredential", "token_source"]

Credential: TypeAlias = KeyVaultCredential | StaticToken | TokenCredential


def token_source(credential: Credential, *, scope: str = SCOPE) -> TokenSource:
    """Return where a client reads its tokens.

    Args:
        credential: What fetches them.
        scope: What they are for, if the credential does not know that itself; by default the
            scope of the service, as the contract has it.

    Raises:
        ConfigurationError: This is no credential, or one that must be awaited.
    """
    if isinstance(credential, KeyVaultCredential | StaticToken):
        return credential
    if isinstance(credential, str):
        # Not quoted: it may be a token.
        raise ConfigurationError("credential must not be a str; for a token use StaticToken(…)")
    # Loaded here: whoever only imports a credential does not pay for fetching tokens.
    from irclient.auth.azure import CredentialExchange  # noqa: PLC0415
    from irclient.auth.tokens import TokenRecord  # noqa: PLC0415

    return TokenRecord(CredentialExchange(credential, scope=scope))
