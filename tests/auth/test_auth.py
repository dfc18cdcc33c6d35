"""What a client takes as a credential, and what importing it costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from irclient.auth import KeyVaultCredential, StaticToken, token_source
from irclient.auth.tokens import TokenRecord
from irclient.errors import ConfigurationError

KEY_VAULT = """irclient.auth.KeyVaultCredential(
    vault_url="https://contoso.vault.azure.net", secret_name="s", tenant_id="t", client_id="c"
)"""


class Blocking:
    def get_token(self, *scopes):
        raise NotImplementedError


def test_our_own_credentials_are_their_own_source_shared_by_all_clients():
    static = StaticToken("abc")
    vault = KeyVaultCredential(
        vault_url="https://contoso.vault.azure.net",
        secret_name="ir-web",
        tenant_id="t",
        client_id="c",
    )
    assert token_source(static) is static
    assert token_source(vault) is vault


def test_any_get_token_gets_a_record():
    assert isinstance(token_source(Blocking()), TokenRecord)


@pytest.mark.parametrize("given", ["tok-en", None, 7, object(), Blocking])
def test_anything_else_is_refused_unquoted(given):
    with pytest.raises(ConfigurationError, match="credential") as refused:
        token_source(given)
    assert "tok-en" not in str(refused.value)


@pytest.mark.parametrize(
    ("statement", "unloaded"),
    [
        ("import irclient.auth", ("irclient._core", "irclient.auth.tokens", "httpx", "ssl")),
        ("irclient.auth.StaticToken('t')", ("msal", "azure", "requests", "tenacity")),
        (KEY_VAULT, ("msal", "azure", "requests", "cryptography", "tenacity")),
    ],
)
def test_each_step_loads_what_it_needs_and_no_more(statement, unloaded):
    code = (
        f"import sys, irclient.auth; {statement}; "
        f"print([m for m in {unloaded!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
