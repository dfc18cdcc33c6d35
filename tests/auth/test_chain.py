"""The whole chain, vault to Entra to service, with the real packages against the emulator."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from traceback import TracebackException

import anyio
import pytest
from azure.identity import ClientSecretCredential

from irclient import AsyncIRClient, IRClient, KeyVaultCredential
from irclient.emulator import Emulator
from irclient.errors import AuthenticationError
from irclient.observe import SecretRead, TokenRejected, TokenRenewalFailed, TokenRenewed
from irclient.settings import Caching, Settings, Timeouts
from tests.emulator.fake_data import FakeCooked
from tests.stopwatch import Stopwatch

#: Fifty handshakes at once take seconds where other programs use the processors as well.
SETTINGS = Settings(
    timeouts=Timeouts(deadline=30, attempt=15, connect=15), caching=Caching(enabled=False)
)


@pytest.fixture(scope="module")
def tls_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("emulator")


@pytest.fixture
def start(tls_folder):
    """Start an emulator that lasts as long as the test."""
    running = []

    def start(**options):
        emulator = Emulator(cook=FakeCooked, state_folder=tls_folder, tps=1000, **options)
        emulator.start()
        running.append(emulator)
        return emulator

    yield start
    for emulator in running:
        emulator.stop()


@pytest.fixture
def emulator(start):
    return start()


class Told(list):
    """An observer that keeps the records."""

    def __call__(self, record):
        self.append(record)

    def count(self, kind):
        return sum(isinstance(record, kind) for record in self)


@contextmanager
def client_of(emulator, told=None, *, credential=None):
    """A client of the emulator; what it does not own is closed as well."""
    mine = emulator.credential() if credential is None else None
    transport = emulator.transport()
    with IRClient(
        emulator.home,
        credential=mine or credential,
        transport=transport,
        settings=SETTINGS,
        observers=() if told is None else (told,),
    ) as client:
        yield client
    transport.close()
    if mine is not None:
        mine.vault_credential.close()


@pytest.fixture
def credential(emulator):
    made = emulator.credential()
    yield made
    made.vault_credential.close()


@pytest.fixture
def identity(emulator, monkeypatch):
    """A credential whose vault is read by the identity of this process."""
    for name, value in emulator.environment().items():
        monkeypatch.setenv(name, value)
    return KeyVaultCredential(
        vault_url=emulator.vault_url,
        secret_name=emulator.secret_name,
        tenant_id=emulator.tenant_id,
        client_id=emulator.client_id,
        authority=emulator.authority,
    )


def secret_of(emulator):
    return emulator._running.application.secret


def test_fifty_cold_threads_make_one_secret_read_and_one_token_request(emulator):
    told, start = Told(), threading.Barrier(50)

    def call(_):
        start.wait()
        return len(client.popular(count=3))

    with client_of(emulator, told) as client, ThreadPoolExecutor(50) as pool:
        assert list(pool.map(call, range(50))) == [3] * 50
    assert (told.count(SecretRead), told.count(TokenRenewed)) == (1, 1)
    assert emulator.key_vault.requests.by_status[200] == 1
    # The vault's reader and the application: the tenant's endpoints and a token for each.
    assert emulator.entra.requests.total <= 5


def test_fifty_cold_tasks_make_one_secret_read_and_one_token_request(emulator, credential):
    told = Told()

    async def main():
        async with (
            emulator.async_transport() as transport,
            AsyncIRClient(
                emulator.home,
                credential=credential,
                transport=transport,
                settings=SETTINGS,
                observers=(told,),
            ) as client,
            anyio.create_task_group() as group,
        ):
            for _ in range(50):
                group.start_soon(client.popular)

    anyio.run(main)
    assert (told.count(SecretRead), told.count(TokenRenewed)) == (1, 1)
    assert emulator.key_vault.requests.by_status[200] == 1


def test_two_clients_of_one_credential_share_its_token(emulator, credential):
    told = Told()
    with client_of(emulator, told, credential=credential) as first:
        first.popular()
    with client_of(emulator, told, credential=credential) as second:
        second.popular()
    assert told.count(TokenRenewed) == 1


def test_a_rotation_with_all_tokens_revoked_costs_no_caller_an_error(emulator, identity):
    told = Told()
    with client_of(emulator, told, credential=identity) as client:
        client.popular()
        emulator.entra.rotate_secret()
        emulator.entra.revoke_tokens()
        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(lambda _: len(client.popular()), range(16)))
    assert (told.count(SecretRead), told.count(TokenRenewed)) == (2, 2)
    assert told.count(TokenRejected) >= 1


def test_a_revocation_leaves_the_way_to_the_vault_open(emulator):
    told = Told()
    with client_of(emulator, told) as client:
        client.popular()
        emulator.entra.rotate_secret()
        emulator.entra.revoke_tokens()
        assert len(client.popular()) > 0
    assert told.count(TokenRejected) == 1
    assert (told.count(SecretRead), told.count(TokenRenewed)) == (2, 2)


@pytest.mark.timing
def test_a_rotation_is_noticed_at_the_next_renewal_without_a_slow_call(start):
    emulator, told = start(token_lifetime=2.0), Told()
    with client_of(emulator, told) as client:
        client.popular()
        emulator.entra.rotate_secret()
        ends_at = time.monotonic() + 2.5
        while time.monotonic() < ends_at:
            client.popular()
            time.sleep(0.02)
    assert told.count(SecretRead) == 2
    assert told.count(TokenRenewalFailed) == 0
    assert told.count(TokenRejected) == 0


@pytest.mark.timing
def test_entra_and_the_vault_may_be_down_while_the_token_lives(start):
    emulator, told, slowest = start(token_lifetime=3.0), Told(), 0.0
    with client_of(emulator, told) as client:
        # The token's life counts from here, though the first fetch may have modules to load.
        ends_at = time.monotonic() + 2.55
        client.popular()
        emulator.entra.fail("down")
        emulator.key_vault.fail("down")
        while time.monotonic() < ends_at:
            with Stopwatch() as watch:
                client.popular()
            slowest = max(slowest, watch.took)
            time.sleep(0.02)
        emulator.entra.heal()
        time.sleep(0.6)
        client.popular()
    assert slowest < 0.25
    # Only the vault is down now, and the secret at hand still works.
    assert (told.count(SecretRead), told.count(TokenRenewed)) == (1, 2)


def test_a_secret_that_is_wrong_for_good_is_an_error_after_a_few_requests(emulator):
    emulator.entra.rotate_secret(vault="stale")
    with client_of(emulator) as client:
        for _ in range(20):
            with pytest.raises(AuthenticationError, match="AADSTS7000215") as refused:
                client.popular()
            assert refused.value.code == "AADSTS7000215"
    assert emulator.entra.requests.by_status[401] == 1
    assert emulator.key_vault.requests.by_status[200] == 1


def test_an_expired_secret_is_told_with_its_own_code(emulator):
    emulator.entra.expire_secret()
    with client_of(emulator) as client, pytest.raises(AuthenticationError, match="AADSTS7000222"):
        client.popular()


@pytest.mark.parametrize("service", ["entra", "key_vault"])
def test_a_blip_on_a_cold_client_is_no_error(emulator, service):
    getattr(emulator, service).fail("status:503,limit=2")
    with client_of(emulator) as client:
        assert client.popular()


def test_the_vaults_refusals_name_the_secret_and_the_fix(emulator):
    emulator.key_vault.disable()
    with client_of(emulator) as client, pytest.raises(AuthenticationError, match="enable the sec"):
        client.popular()


def test_an_explicit_ca_file_wins_over_the_environment(emulator, credential, tmp_path, monkeypatch):
    other = tmp_path / "other.pem"
    other.write_text("")
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(other))
    with client_of(emulator, credential=credential) as client:
        assert client.popular()


def test_without_a_vault_credential_the_process_identity_reads_the_vault(emulator, identity):
    with client_of(emulator, credential=identity) as client:
        assert client.popular()


def test_a_credential_of_azure_identity_works_as_it_is(emulator):
    with (
        ClientSecretCredential(
            emulator.tenant_id,
            emulator.client_id,
            secret_of(emulator),
            authority=emulator.authority,
            disable_instance_discovery=True,
            connection_verify=emulator.ca_file,
        ) as credential,
        client_of(emulator, credential=credential) as client,
    ):
        assert client.popular()


def refusal_of(client) -> AuthenticationError:
    """An error with no frame of a test: what a test holds is its own."""
    with pytest.raises(AuthenticationError) as refused:
        client.popular()
    return refused.value


def test_no_secret_or_token_reaches_a_log_a_repr_or_an_error(emulator, identity, caplog):
    caplog.set_level(logging.DEBUG)
    credential, told = identity, Told()
    old = secret_of(emulator)
    with client_of(emulator, told, credential=credential) as client:
        client.popular()
        token = credential.read(time.monotonic()).token.reveal()
        emulator.entra.rotate_secret(vault="stale")
        emulator.entra.revoke_tokens()
        refused = refusal_of(client)
        locals_and_all = TracebackException.from_exception(refused, capture_locals=True)
        shown = [
            repr(client),
            repr(credential),
            repr(refused),
            repr(told),
            *locals_and_all.format(),
        ]
    shown += [record.getMessage() for record in caplog.records]
    assert {"msal", "azure", "httpcore"} <= {r.name.partition(".")[0] for r in caplog.records}
    for secret in (old, secret_of(emulator), token):
        assert not any(secret in each for each in shown)
