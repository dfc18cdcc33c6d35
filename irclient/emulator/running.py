"""What a program can do to a running emulator: to an account, to Entra, to Key Vault."""

from __future__ import annotations

from typing import TYPE_CHECKING

from irclient.emulator import faults

if TYPE_CHECKING:
    from irclient.emulator.accounts.account import Account
    from irclient.emulator.accounts.cooking_cycle import CookingReport
    from irclient.emulator.cloud import LocalCloud, VaultAfterRotation
    from irclient.emulator.faults import Fault
    from irclient.emulator.http.arrivals import Requests
    from irclient.emulator.http.listener import Listener
    from irclient.emulator.http.loop_thread import LoopThread

__all__ = ["RunningAccount", "RunningEntra", "RunningKeyVault", "RunningListener"]


class RunningListener:
    """Something that listens, can fail, and counts its requests. Any thread may use it."""

    def __init__(self, listener: Listener, *, thread: LoopThread) -> None:
        self._listener = listener
        self._thread = thread

    @property
    def url(self) -> str:
        """Its base URL."""
        return self._listener.url

    @property
    def fault(self) -> Fault | None:
        """The fault in force, or None."""
        return self._listener.faults.fault

    @property
    def requests(self) -> Requests:
        """What arrived so far."""
        return self._thread.call(self._listener.requests)

    def fail(self, fault: Fault | str) -> None:
        """Put a fault in force; it holds when this returns.

        Args:
            fault: A value of `irclient.emulator.faults`, or its text, such as ``slow:2.5``.
        """
        value = faults.parse(fault) if isinstance(fault, str) else fault
        self._thread.run(self._listener.put_fault(value))

    def heal(self) -> None:
        """End the fault."""
        self._thread.run(self._listener.put_fault(None))


class RunningAccount(RunningListener):
    """An account of a running emulator."""

    def __init__(self, account: Account, *, cloud: LocalCloud, thread: LoopThread) -> None:
        super().__init__(account.listener, thread=thread)
        self._account = account
        self._cloud = cloud

    @property
    def cooking(self) -> CookingReport:
        """Where the default modeling component stands."""
        return self._thread.call(self._account.cooking)[0]

    def cook(self, modeling: str | None = None) -> None:
        """Start a cooking, whatever the trigger's limits say."""
        cycle, clock = self._account.cycle(modeling), self._cloud.options.clock
        self._thread.call(lambda: cycle.start(clock()))

    def uncook(self, modeling: str | None = None) -> None:
        """Go back to the state before the first cooking."""
        cycle = self._account.cycle(modeling)
        self._thread.call(lambda: cycle.serve(None))

    def allow(self, app_id: str) -> None:
        """Put an App ID on the account's allow-list."""
        self._thread.call(lambda: self._account.service.allowed.add(app_id))

    def deny(self, app_id: str) -> None:
        """Take an App ID off the account's allow-list."""
        self._thread.call(lambda: self._account.service.allowed.discard(app_id))


class RunningEntra(RunningListener):
    """The Entra of a running emulator."""

    def __init__(self, cloud: LocalCloud, *, thread: LoopThread) -> None:
        super().__init__(cloud.entra_listener, thread=thread)
        self._cloud = cloud

    def rotate_secret(self, *, vault: VaultAfterRotation = "updated") -> None:
        """Give the application a new secret and refuse the old one.

        Args:
            vault: Whether the vault holds the new secret at once, or still the old one.
        """
        self._thread.call(lambda: self._cloud.rotate_secret(vault=vault))

    def expire_secret(self) -> None:
        """Let the application's present secret expire."""
        self._thread.call(lambda: setattr(self._cloud.application, "standing", "expired"))

    def revoke_tokens(self) -> None:
        """Make the service refuse every token issued so far.

        Key Vault goes on accepting its own: azure-identity would serve a revoked one from its
        cache until it expires.
        """
        self._thread.call(self._cloud.entra.signer.revoke)


class RunningKeyVault(RunningListener):
    """The Key Vault of a running emulator."""

    def __init__(self, cloud: LocalCloud, *, thread: LoopThread) -> None:
        super().__init__(cloud.vault_listener, thread=thread)
        self._cloud = cloud

    def set_secret(
        self, value: str, *, name: str | None = None, ends_at: float | None = None
    ) -> str:
        """Store a new version of a secret; returns its version.

        Args:
            value: The secret.
            name: Its name; None is the application's.
            ends_at: The end that the vault tells of it, in seconds since the epoch.
        """
        cloud = self._cloud
        return self._thread.call(
            lambda: cloud.vault.set_secret(name or cloud.secret_name, value, ends_at=ends_at)
        )

    def update(self) -> None:
        """Store the application's present secret, as after a late rotation."""
        self._thread.call(self._cloud.update_vault)

    def disable(self, name: str | None = None) -> None:
        """Refuse to give a secret out until it is set again."""
        cloud = self._cloud
        self._thread.call(lambda: cloud.vault.disable(name or cloud.secret_name))

    def deny_everybody(self) -> None:
        """Refuse to let any identity read secrets: 403."""
        self._thread.call(self._cloud.vault.readers.clear)
