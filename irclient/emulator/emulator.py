"""The emulator as a program uses it: a context manager with addresses, credentials and faults."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from irclient.emulator.accounts.account import SERVICE_APP_ID
from irclient.emulator.cloud import LocalCloud
from irclient.emulator.control import control_of
from irclient.emulator.http.loop_thread import LoopThread
from irclient.emulator.options import Options
from irclient.emulator.running import RunningAccount, RunningEntra, RunningKeyVault
from irclient.emulator.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Self

    from azure.core.credentials import TokenCredential

    from irclient import KeyVaultCredential
    from irclient.emulator.options import Cook
    from irclient.topology import Pair, ServiceEndpoint
    from irclient.transports import AsyncTransport, BlockingTransport

__all__ = ["Emulator"]

_REGIONS: Final = ("home", "dr")


class Emulator:
    """A local Intelligent Recommendations with all that it stands on.

    Starts when entered, and stops when left. Several can run at a time.

    Args:
        accounts: The names of the two accounts of the home region.
        dr_accounts: The names of up to two accounts of the disaster recovery region.
        endpoint_name: The service endpoint's name, the same in each account.
        modelings: The names of each account's modeling components; the first is the default.
        tps: Each endpoint's provisioned transactions per second, enforced.
        data: A folder in IR's data contract; None is a made-up shop.
        cook: Computes lists in another way; then ``data`` is not read.
        starts: Whether lists are there from the start, or wait for a first cooking.
        switches: What the contract leaves open.
        token_lifetime: Seconds that tokens live.
        cooking_takes: Seconds that a cooking lasts at least.
        clock: Seconds since the epoch, for tokens, cookings and the ``Date`` of answers. TPS is
            counted in real time.
        host: The IPv4 loopback address to listen on.
        ports: Fixed ports, by account name or ``entra``, ``key_vault``, ``managed_identity`` and
            ``control``; any other port is chosen by the system.
        state_folder: Where the CA and keys are written, and the CA is found again; None is a
            folder that is removed at the end.
        cache_folder: Where the shop and its cooked lists are kept between runs; None is the
            user's cache folder.

    Raises:
        ValueError: An argument cannot be used.
    """

    def __init__(
        self,
        *,
        accounts: Sequence[str] = ("contoso-a", "contoso-b"),
        dr_accounts: Sequence[str] = (),
        endpoint_name: str = "web",
        modelings: Sequence[str] = ("shop",),
        tps: float = 100.0,
        data: str | os.PathLike[str] | None = None,
        cook: Cook | None = None,
        starts: Literal["cooked", "never cooked"] = "cooked",
        switches: Switches | None = None,
        token_lifetime: float = 3600.0,
        cooking_takes: float = 10.0,
        clock: Callable[[], float] = time.time,
        host: str = "127.0.0.1",
        ports: Mapping[str, int] | None = None,
        state_folder: str | os.PathLike[str] | None = None,
        cache_folder: str | os.PathLike[str] | None = None,
    ) -> None:
        self._options = Options(
            accounts=tuple(accounts),
            dr_accounts=tuple(dr_accounts),
            endpoint_name=endpoint_name,
            modelings=tuple(modelings),
            tps=tps,
            data=None if data is None else Path(data),
            cook=cook,
            starts=starts,
            switches=switches or Switches(),
            token_lifetime=token_lifetime,
            cooking_takes=cooking_takes,
            clock=clock,
            host=host,
            ports=dict(ports or {}),
            state_folder=None if state_folder is None else Path(state_folder),
            cache_folder=None if cache_folder is None else Path(cache_folder),
        )
        self._thread: LoopThread | None = None
        self._cloud: LocalCloud | None = None
        # What was made for clients and holds connections.
        self._made = ExitStack()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        state = "running" if self._cloud else "stopped"
        return f"<Emulator {', '.join(self._options.all_accounts)}: {state}>"

    def start(self) -> None:
        """Listen; returns when everything answers.

        Raises:
            RuntimeError: It runs already.
            OSError: A port is taken.
            DataContractError: The data cannot be read.
        """
        if self._thread is not None:
            raise RuntimeError("the emulator runs already")
        try:
            self._thread = LoopThread(name="irclient-emulator")
            self._thread.call(self._make_cloud)
            self._thread.run(self._running.start())
        except BaseException:
            # A Ctrl-C as well: a cooking may have minutes to go.
            self.stop()
            raise

    def stop(self) -> None:
        """Stop listening and clean up; does nothing when it does not run."""
        self._made.close()
        thread, self._thread = self._thread, None
        if thread is not None:
            try:
                # Asked on that thread, which first finishes what an interrupted start began.
                cloud = thread.call(lambda: self._cloud)
                self._cloud = None
                if cloud is not None:
                    thread.run(cloud.close())
            finally:
                thread.close()

    def _make_cloud(self) -> None:
        self._cloud = LocalCloud(self._options, control=control_of)

    # ── addresses ────────────────────────────────────────────────────────────────────────────

    @property
    def home(self) -> Pair:
        """The two accounts of the home region."""
        from irclient.topology import Pair  # noqa: PLC0415  (only clients need it)

        primary, secondary = (self._endpoint(name, "home") for name in self._options.accounts)
        return Pair(primary, secondary)

    @property
    def regions(self) -> list[Pair | ServiceEndpoint]:
        """What a client takes as endpoints: the home region, then the other one if there is one."""
        from irclient.topology import Pair  # noqa: PLC0415

        others = [self._endpoint(name, "dr") for name in self._options.dr_accounts]
        if len(others) == 2:
            primary, secondary = others
            return [self.home, Pair(primary, secondary)]
        return [self.home, *others]

    @property
    def ca_file(self) -> str:
        """The PEM file of the CA that clients must trust."""
        return str(self._running.ca_file)

    @property
    def vault_url(self) -> str:
        """The Key Vault's URL."""
        return self._running.vault_listener.url

    @property
    def authority(self) -> str:
        """Entra's URL, without the tenant."""
        return self._running.entra_listener.url

    @property
    def control_url(self) -> str:
        """The control API's URL; `irclient.emulator.control` describes it."""
        return self._running.control_listener.url

    @property
    def tenant_id(self) -> str:
        """The tenant."""
        return self._running.entra.tenant_id

    @property
    def client_id(self) -> str:
        """The App ID that the accounts allow."""
        return self._running.application.client_id

    @property
    def secret_name(self) -> str:
        """The name of that application's secret in the vault."""
        return self._running.secret_name

    @property
    def scope(self) -> str:
        """The scope of tokens for every service endpoint."""
        return f"{SERVICE_APP_ID}/.default"

    def environment(self) -> dict[str, str]:
        """What a subprocess needs: ``IRClient.from_env()`` and `DefaultAzureCredential` work."""
        return {
            "IDENTITY_ENDPOINT": self._running.identity_endpoint,
            "IDENTITY_HEADER": self._running.identity.header,
            "SSL_CERT_FILE": self.ca_file,
            # What requests, and so msal and azure-core, read instead.
            "REQUESTS_CA_BUNDLE": self.ca_file,
            # A proxy cannot reach this machine's loopback addresses. The small letters are what
            # most programs look at first.
            "NO_PROXY": self._unproxied(),
            "no_proxy": self._unproxied(),
            # So that `irclient emulator fault` finds this one, and not another that runs.
            "IR_EMULATOR_CONTROL": self.control_url,
            **self._client_environment(),
        }

    def _unproxied(self) -> str:
        present = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
        hosts = ["localhost", "127.0.0.1", "::1", self._options.host]
        return ",".join(dict.fromkeys([*filter(None, present.split(",")), *hosts]))

    def _client_environment(self) -> dict[str, str]:
        """The keys of `irclient.configuration`, and nothing else."""
        keys = {
            "CA_FILE": self.ca_file,
            "CREDENTIAL__KIND": "key_vault",
            "CREDENTIAL__VAULT_URL": self.vault_url,
            "CREDENTIAL__SECRET_NAME": self.secret_name,
            "CREDENTIAL__TENANT_ID": self.tenant_id,
            "CREDENTIAL__CLIENT_ID": self.client_id,
            "CREDENTIAL__AUTHORITY": self.authority,
        }
        options = self._options
        for at, names in enumerate((options.accounts, options.dr_accounts)):
            for role, name in zip(("PRIMARY", "SECONDARY"), names, strict=False):
                endpoint = self._endpoint(name, _REGIONS[at])
                keys |= {
                    f"REGIONS__{at}__{role}__ACCOUNT": endpoint.account,
                    f"REGIONS__{at}__{role}__NAME": endpoint.name,
                    f"REGIONS__{at}__{role}__TPS": f"{endpoint.tps:g}",
                    f"REGIONS__{at}__{role}__URL": endpoint.url,
                }
        return {f"IRCLIENT_{key}": value for key, value in keys.items()}

    # ── what clients are made with ───────────────────────────────────────────────────────────

    def credential(self) -> KeyVaultCredential:
        """A credential that walks the whole chain: vault, secret, Entra, token."""
        from irclient import KeyVaultCredential  # noqa: PLC0415

        return KeyVaultCredential(
            vault_url=self.vault_url,
            secret_name=self.secret_name,
            tenant_id=self.tenant_id,
            client_id=self.client_id,
            vault_credential=self.vault_credential(),
            authority=self.authority,
            ca_file=self.ca_file,
        )

    def vault_credential(self) -> TokenCredential:
        """azure-identity's credential of an identity that may read the vault.

        Not the application whose secret it reads: that one's secret can be rotated. It is closed
        when the emulator stops.
        """
        from azure.identity import ClientSecretCredential  # noqa: PLC0415

        reader = self._running.vault_reader
        credential = ClientSecretCredential(
            self.tenant_id,
            reader.client_id,
            reader.secret,
            authority=self.authority,
            disable_instance_discovery=True,
            connection_verify=self.ca_file,
            # No proxy of the environment: it could not reach this machine's loopback addresses.
            use_env_settings=False,
        )
        self._made.callback(credential.close)
        return credential

    def transport(self) -> BlockingTransport:
        """irclient's default transport for threads, trusting this emulator, closed with it."""
        from irclient.transports import default_transport  # noqa: PLC0415

        transport = default_transport(ca_file=self.ca_file)
        self._made.callback(transport.close)
        return transport

    def async_transport(self) -> AsyncTransport:
        """irclient's default transport for tasks, trusting this emulator; yours to close."""
        from irclient.transports import default_async_transport  # noqa: PLC0415

        return default_async_transport(ca_file=self.ca_file)

    # ── what can be done to it ───────────────────────────────────────────────────────────────

    def account(self, name: str) -> RunningAccount:
        """An account, to let it fail, cook, or be counted.

        Raises:
            ValueError: There is none of that name.
        """
        cloud = self._running
        return RunningAccount(cloud.account(name), cloud=cloud, thread=self._loop_thread)

    @property
    def entra(self) -> RunningEntra:
        """Entra, to let it fail, or to rotate the application's secret."""
        return RunningEntra(self._running, thread=self._loop_thread)

    @property
    def key_vault(self) -> RunningKeyVault:
        """The vault, to let it fail, or to change what it holds."""
        return RunningKeyVault(self._running, thread=self._loop_thread)

    def title(self, item_id: str) -> str | None:
        """An item's title in the data that is served, or None."""
        cloud = self._running
        return self._loop_thread.call(lambda: cloud.title(item_id))

    @property
    def _running(self) -> LocalCloud:
        if self._cloud is None:
            raise RuntimeError("the emulator does not run; use it in a with block")
        return self._cloud

    @property
    def _loop_thread(self) -> LoopThread:
        if self._thread is None:
            raise RuntimeError("the emulator does not run; use it in a with block")
        return self._thread

    def _endpoint(self, name: str, region: str) -> ServiceEndpoint:
        from irclient.topology import ServiceEndpoint  # noqa: PLC0415

        account = self._running.account(name)
        return ServiceEndpoint(
            account.name,
            account.endpoint_name,
            tps=account.tps,
            url=account.listener.url,
            region=region,
        )
