"""The whole chain as real clients walk it: vault, secret, Entra, token, list."""

import os
import ssl
import subprocess
import sys
from urllib.parse import urlsplit

import httpx
import msal
import pytest
import requests
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
)
from azure.identity import ClientSecretCredential
from azure.keyvault.secrets import SecretClient

from irclient.emulator import Emulator

VAULT = "https://vault.azure.net/.default"


def vault_client(emulator):
    return SecretClient(
        emulator.vault_url,
        emulator.vault_credential(),
        # The resource is Azure's own name, the vault is on this machine.
        verify_challenge_resource=False,
        connection_verify=emulator.ca_file,
        retry_total=0,
    )


@pytest.fixture
def vault(emulator):
    with vault_client(emulator) as client:
        yield client
    emulator.key_vault.update()


@pytest.fixture
def session(emulator):
    with requests.Session() as session:
        session.verify = emulator.ca_file
        session.trust_env = False
        yield session


def application(emulator, session, secret, **changes):
    return msal.ConfidentialClientApplication(
        changes.get("client_id", emulator.client_id),
        client_credential=secret,
        authority=f"{emulator.authority}/{emulator.tenant_id}",
        instance_discovery=False,
        http_client=session,
    )


def lists(emulator, token):
    trust = ssl.create_default_context(cafile=emulator.ca_file)
    headers = {"authorization": f"Bearer {token}"}
    url = f"{emulator.home.primary.url}/reco/v1.0/popular?count=3"
    return httpx.get(url, headers=headers, verify=trust, trust_env=False)


def test_the_vault_s_secret_gets_a_token_that_gets_a_list(emulator, vault, session):
    secret = vault.get_secret(emulator.secret_name)
    answer = application(emulator, session, secret.value).acquire_token_for_client([emulator.scope])
    assert answer["expires_in"] == 3600
    response = lists(emulator, answer["access_token"])
    assert [item["id"] for item in response.json()["items"]] == ["item-0", "item-1", "item-2"]


def test_a_token_for_the_endpoint_s_own_address_works_as_well(emulator, vault, session):
    secret = vault.get_secret(emulator.secret_name).value
    scope = f"{emulator.home.primary.url}/.default"
    answer = application(emulator, session, secret).acquire_token_for_client([scope])
    assert lists(emulator, answer["access_token"]).status_code == 200


def test_msal_accepts_the_tenant_as_an_oidc_authority(emulator, vault, session):
    app = msal.ConfidentialClientApplication(
        emulator.client_id,
        client_credential=vault.get_secret(emulator.secret_name).value,
        oidc_authority=f"{emulator.authority}/{emulator.tenant_id}/v2.0",
        http_client=session,
    )
    assert "access_token" in app.acquire_token_for_client([emulator.scope])


def test_a_rotated_secret_is_a_new_version_and_ends_the_old_one(emulator, vault, session):
    old = vault.get_secret(emulator.secret_name)
    emulator.entra.rotate_secret(vault="stale")
    refused = application(emulator, session, old.value).acquire_token_for_client([emulator.scope])
    assert (refused["error"], refused["error_codes"]) == ("invalid_client", [7000215])
    assert vault.get_secret(emulator.secret_name).value == old.value
    emulator.key_vault.update()
    new = vault.get_secret(emulator.secret_name)
    assert new.properties.version != old.properties.version
    assert vault.get_secret(emulator.secret_name, old.properties.version).value == old.value
    answer = application(emulator, session, new.value).acquire_token_for_client([emulator.scope])
    assert "access_token" in answer


def test_msal_reads_the_code_of_an_unknown_app(emulator, session):
    app = application(emulator, session, "secret", client_id="unknown")
    assert app.acquire_token_for_client([emulator.scope])["error_codes"] == [700016]


def test_msal_says_that_an_unknown_tenant_is_unknown(emulator, session):
    with pytest.raises(ValueError, match=r"AADSTS90002|tenant name"):
        msal.ConfidentialClientApplication(
            emulator.client_id,
            client_credential="secret",
            authority=f"{emulator.authority}/unknown",
            instance_discovery=False,
            http_client=session,
        ).acquire_token_for_client([emulator.scope])


def test_azure_raises_its_own_errors_for_the_vault_s_refusals(emulator, vault):
    with pytest.raises(ResourceNotFoundError, match="SecretNotFound"):
        vault.get_secret("unknown")
    emulator.key_vault.disable()
    with pytest.raises(HttpResponseError, match="disabled") as caught:
        vault.get_secret(emulator.secret_name)
    assert caught.value.status_code == 403
    emulator.key_vault.fail("too-many-requests:7")
    with pytest.raises(HttpResponseError) as caught:
        vault.get_secret(emulator.secret_name)
    emulator.key_vault.heal()
    assert caught.value.status_code == 429
    assert caught.value.response.headers["retry-after"] == "7"


def test_azure_identity_reports_a_wrong_secret(emulator):
    with (
        ClientSecretCredential(
            emulator.tenant_id,
            emulator.client_id,
            "wrong",
            authority=emulator.authority,
            disable_instance_discovery=True,
            connection_verify=emulator.ca_file,
        ) as credential,
        pytest.raises(ClientAuthenticationError, match="AADSTS7000215"),
    ):
        credential.get_token(VAULT)


def test_default_azure_credential_needs_the_environment_alone(emulator):
    program = """
import os
from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient

from irclient.emulator import Emulator
with DefaultAzureCredential() as credential, SecretClient(
    os.environ["IRCLIENT_CREDENTIAL__VAULT_URL"], credential, verify_challenge_resource=False
) as client:
    print(len(client.get_secret(os.environ["IRCLIENT_CREDENTIAL__SECRET_NAME"]).value))
"""
    environment = {"PATH": os.environ["PATH"], **emulator.environment()}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment, capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip
    assert done.stdout.strip() == "40", done.stderr


def test_revoked_tokens_are_refused_by_the_service(emulator, vault, session):
    secret = vault.get_secret(emulator.secret_name).value
    answer = application(emulator, session, secret).acquire_token_for_client([emulator.scope])
    emulator.entra.revoke_tokens()
    response = lists(emulator, answer["access_token"])
    assert (response.status_code, response.content) == (401, b"")


def test_a_vault_on_a_port_that_was_another_vaults_is_read():
    with Emulator() as first, vault_client(first) as client:
        assert client.get_secret("ir-web").value
        port = urlsplit(first.vault_url).port
    with Emulator(ports={"key_vault": port}) as second, vault_client(second) as client:
        assert client.get_secret("ir-web").value
