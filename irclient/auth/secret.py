"""Where the application's secret is kept: one read from Key Vault, and what its failures mean."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from irclient._runtime.proxies import proxy_for
from irclient._values.secret import Secret
from irclient.auth.arguments import PUBLIC_AUTHORITY
from irclient.auth.exchange import TokenRefused, TokenUnanswered, provider_code
from irclient.auth.failures import finding_of
from irclient.errors import ConfigurationError
from irclient.topology import is_loopback

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from azure.core.exceptions import HttpResponseError
    from azure.keyvault.secrets import SecretClient

__all__ = ["KeptSecret", "SecretPlace"]

_TIMEOUT: Final = 5.0
_FIX_NO_IDENTITY: Final = (
    "give this process an identity (a managed identity, the AZURE_* variables, 'az login'), or "
    "name one with vault_credential"
)
_FIX_IDENTITY: Final = (
    "check the identity that reads the vault: its AZURE_* variables, or vault_credential"
)
_LOOK_AT_VAULT_URL: Final = "check vault_url"


@dataclass(frozen=True, slots=True)
class KeptSecret:
    """A secret as the vault keeps it.

    Attributes:
        value: The secret.
        ends_at: When it ends, in seconds since the epoch, as whoever put it there noted; None
            where nothing was noted. Entra decides, and knows nothing of the note.
    """

    value: Secret
    ends_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretPlace:
    """A secret in a vault, and who may read it.

    Attributes:
        vault_url: The vault.
        secret_name: The secret.
        secret_version: The version; None for the newest.
        vault_credential: The identity that may read it; None for ``DefaultAzureCredential``.
        authority: Entra's URL, where that identity signs in if it is none of the user's.
        ca_file: A PEM file of the only authorities to trust; None trusts the process's usual.
    """

    vault_url: str
    secret_name: str
    secret_version: str | None
    vault_credential: Any = field(repr=False)
    authority: str
    ca_file: str | None

    def read(self) -> Secret:
        """Read the secret's value; raises as `look` does."""
        return self.look().value

    def look(self) -> KeptSecret:
        """Read the secret, and what the vault says about it.

        Raises:
            TokenRefused: It is not there, disabled, empty, or not ours to read.
            TokenUnanswered: The vault did not answer, or not as a vault.
        """
        # Loaded here: on the fetching thread, at the first read.
        from azure.core.exceptions import HttpResponseError  # noqa: PLC0415

        try:
            value, ends_at = self._read()
        except HttpResponseError as error:
            raise self._finding(error) from None
        except ConfigurationError as problem:
            raise TokenRefused.by(problem) from None
        except Exception as error:  # noqa: BLE001  (whatever an SDK raises is a finding)
            raise finding_of(error, doing=f"reading {self}", fix=_LOOK_AT_VAULT_URL) from None
        if value is None:
            raise TokenUnanswered(f"reading {self} failed: the answer is none of a vault's")
        if not value.strip():
            raise TokenRefused(f"{self} is empty", fix="set the application's secret there")
        # Entra's secrets hold no white space: it came with a file or a copied line.
        return KeptSecret(Secret(value.strip()), ends_at)

    def _read(self) -> tuple[str | None, float | None]:
        with self._credential() as credential, self._client(credential) as client:
            found = client.get_secret(self.secret_name, self.secret_version)
            ends_on = found.properties.expires_on
            return found.value, None if ends_on is None else ends_on.timestamp()

    def _credential(self) -> AbstractContextManager[Any]:
        if self.vault_credential is not None:
            # Not ours, so not ours to close.
            return nullcontext(self.vault_credential)
        from azure.identity import DefaultAzureCredential  # noqa: PLC0415

        # A new one for each of the rare reads: it holds no connection that a fork could share.
        public = self.authority.lower() == PUBLIC_AUTHORITY
        return DefaultAzureCredential(**{} if public else {"authority": self.authority})

    def _client(self, credential: Any) -> SecretClient:  # noqa: ANN401
        from azure.keyvault.secrets import SecretClient  # noqa: PLC0415

        # Trust is passed with each request, where no environment variable overrules it.
        options: dict[str, Any] = (
            {} if self.ca_file is None else {"connection_verify": self.ca_file}
        )
        host = urlsplit(self.vault_url).hostname or ""
        is_here = is_loopback(host)
        proxy = proxy_for(host)
        # Empty, they keep the SDK from looking for proxies by a rule of its own.
        options["proxies"] = dict.fromkeys(("http", "https"), "" if proxy is None else proxy.url)
        return SecretClient(
            self.vault_url,
            credential,
            connection_timeout=_TIMEOUT,
            read_timeout=_TIMEOUT,
            # One layer tries again, and it is ours.
            retry_total=0,
            # The SDK wants the host to end with the challenge's resource, vault.azure.net. That
            # keeps tokens from going to strangers, and a loopback vault can never comply.
            verify_challenge_resource=not is_here,
            **options,
        )

    def __str__(self) -> str:
        return f"the secret {self.secret_name!r} in {self.vault_url}"

    def _finding(self, error: HttpResponseError) -> TokenRefused | TokenUnanswered:
        return finding_of(error, doing=f"reading {self}", fix=_fix(error))


def _fix(error: HttpResponseError) -> str:
    # An error without a response never reached the vault: it is about who asked.
    if error.response is None:
        return _FIX_NO_IDENTITY if provider_code(str(error)) is None else _FIX_IDENTITY
    match error.status_code:
        case 404:
            return "check secret_name, secret_version and vault_url"
        case 403 if "disabled" in str(error).lower():
            return "enable the secret, or set a new version of it"
        case 403:
            return (
                "give the vault's reader the role 'Key Vault Secrets User', and let the vault's "
                "firewall pass this machine"
            )
        case 401:
            return "check that the vault's reader belongs to the vault's tenant"
        case _:
            return _LOOK_AT_VAULT_URL
