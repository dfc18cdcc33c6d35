"""The emulator's parts put together on one event loop: Entra, a vault, an identity, accounts."""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from irclient.emulator.accounts.account import Account
from irclient.emulator.http.certificates import make_contexts
from irclient.emulator.http.listener import Listener
from irclient.emulator.identity.entra_tenant import Application, Entra
from irclient.emulator.identity.key_vault import VAULT_RESOURCE, KeyVault
from irclient.emulator.identity.managed_identity import PATH, ManagedIdentity
from irclient.emulator.shop.folder import FolderCook
from irclient.emulator.state_folder import StateFolder

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient.contract.messages import Handler
    from irclient.cooking.cooked_data import CookedData
    from irclient.emulator.options import Options

__all__ = ["LocalCloud", "VaultAfterRotation"]

#: Whether the vault holds a new secret at once, or still the old one.
VaultAfterRotation: TypeAlias = Literal["updated", "stale"]

_SECRET_NAME: Final = "ir-web"  # noqa: S105  (a name)
#: The data of a fresh start looks this old, so that any later cooking has a newer name.
_COOKED_BEFORE: Final = 3600.0
#: What tokens for Azure's Redis are for; the emulator has no such server, only its tokens.
_REDIS_RESOURCE: Final = "https://redis.azure.com"
#: The same in each emulator: azure-keyvault-secrets keeps a vault's challenge, its tenant in it, by
#: host and port for as long as the process lives, and a free port may have been another vault's.
_TENANT_ID: Final = "8f1c5b2e-6d0a-4c57-9a3e-2b74f0d1c6e9"


class LocalCloud:
    """Everything that listens. Made, started and closed on one event loop.

    Args:
        options: What the emulator was asked to be.
        control: Makes the control API of this cloud.
    """

    def __init__(self, options: Options, *, control: Callable[[LocalCloud], Handler]) -> None:
        self.options = options
        self.secret_name = _SECRET_NAME
        self.application = Application()
        self.vault_reader = Application()
        self._identity_application = Application()
        self._folder = StateFolder(options.state_folder)
        # Two, so that both accounts of a pair can cook at once.
        self._executor = ThreadPoolExecutor(2, thread_name_prefix="irclient-emulator-cooking")
        self._contexts = make_contexts(self._folder.path)
        self.ca_file = self._contexts.ca_file
        self._make_identities()
        self._make_accounts()
        self._make_plain_listeners(control(self))

    async def start(self) -> None:
        """Take the ports, listen, and serve cooked data if that was asked for.

        Raises:
            OSError: A port is taken.
            DataContractError: The data cannot be read.
        """
        try:
            cooking = self._start_cooking()
            for listener in self._listeners():
                listener.bind()
            self._wire_addresses()
            for listener in self._listeners():
                listener.listen()
            if cooking is not None:
                data = await cooking
                for account in self.accounts.values():
                    for cycle in account.cycles.values():
                        cycle.serve(data)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Stop listening, end every connection and cooking, and remove what was written."""
        for listener in self._listeners():
            await listener.close()
        if isinstance(self._cook, FolderCook):
            self._cook.stop()
        await asyncio.to_thread(self._executor.shutdown, cancel_futures=True)
        self._folder.remove()

    def rotate_secret(self, *, vault: VaultAfterRotation = "updated") -> None:
        """Give the application a new secret; Entra refuses the old one from now on."""
        self.application.secret = secrets.token_urlsafe(30)
        self.application.standing = "valid"
        if vault == "updated":
            self.update_vault()

    def update_vault(self) -> None:
        """Store the application's present secret in the vault, as a new version."""
        self.vault.set_secret(self.secret_name, self.application.secret)

    def account(self, name: str) -> Account:
        """An account by its name.

        Raises:
            ValueError: There is none of that name.
        """
        try:
            return self.accounts[name]
        except KeyError:
            known = ", ".join(self.accounts)
            raise ValueError(f"there is no account {name!r}; there are {known}") from None

    def title(self, item_id: str) -> str | None:
        """An item's title in the data that is served, or None."""
        for account in self.accounts.values():
            data = account.cycle(None).data(self.options.clock())
            if data is not None:
                return data.title(item_id)
        return None

    def _listeners(self) -> tuple[Listener, ...]:
        accounts = [account.listener for account in self.accounts.values()]
        return (*accounts, self.entra_listener, self.vault_listener, *self._plain_listeners)

    def _make_identities(self) -> None:
        options = self.options
        self.entra = Entra(
            tenant_id=_TENANT_ID,
            audiences={each: each for each in (VAULT_RESOURCE, _REDIS_RESOURCE)},
            token_lifetime=options.token_lifetime,
            refresh_in=options.switches.token_refresh_in,
            clock=options.clock,
        )
        self.entra.register(self.application)
        self.entra.register(self.vault_reader)
        readers = {self.vault_reader.client_id, self._identity_application.client_id}
        self.vault = KeyVault(signer=self.entra.signer, readers=readers, clock=options.clock)
        self.update_vault()
        self.identity = ManagedIdentity(
            entra=self.entra, application=self._identity_application, clock=options.clock
        )
        self.entra_listener = self._listener("entra", self.entra.handle)
        self.vault_listener = self._listener("key_vault", self.vault.handle)

    def _listener(self, name: str, handle: Handler) -> Listener:
        options = self.options
        port = options.ports.get(name, 0)
        plain = name in {"managed_identity", "control"}
        contexts = None if plain else self._contexts
        return Listener(
            name,
            handle=handle,
            host=options.host,
            port=port,
            contexts=contexts,
            clock=options.clock,
        )

    def _make_accounts(self) -> None:
        options = self.options
        self.allowed = {self.application.client_id, self._identity_application.client_id}
        self._cook = options.cook or FolderCook(
            options.data,
            cache_folder=options.cache_folder,
            scratch=self._folder.path,
            switches=options.switches,
        )
        self.accounts = {
            name: Account(
                name,
                options=options,
                signer=self.entra.signer,
                allowed=set(self.allowed),
                cook=self._cook,
                executor=self._executor,
                contexts=self._contexts,
            )
            for name in options.all_accounts
        }

    def _make_plain_listeners(self, control: Handler) -> None:
        self.control_listener = self._listener("control", control)
        self.identity_listener = self._listener("managed_identity", self.identity.handle)
        self._plain_listeners = (self.control_listener, self.identity_listener)

    def _wire_addresses(self) -> None:
        self.entra.url = self.entra_listener.url
        self.vault.url = self.vault_listener.url
        self.vault.authorization = f"{self.entra.url}/{self.entra.tenant_id}"
        self.identity_endpoint = f"{self.identity_listener.url}{PATH}"
        for account in self.accounts.values():
            audiences = account.audiences()
            account.service.audiences = frozenset(audiences)
            self.entra.audiences |= audiences

    def _start_cooking(self) -> asyncio.Future[CookedData] | None:
        if self.options.starts == "never cooked":
            return None
        cooked_at = datetime.fromtimestamp(self.options.clock() - _COOKED_BEFORE, UTC)
        return asyncio.wrap_future(self._executor.submit(self._cook, cooked_at))
