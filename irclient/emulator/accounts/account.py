"""One IR account of the emulator: its service endpoint's port and its modeling components."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from irclient.emulator.accounts.cooking_cycle import CookingCycle
from irclient.emulator.accounts.service import Service
from irclient.emulator.http.listener import Listener

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from irclient.emulator.accounts.cooking_cycle import CookingReport
    from irclient.emulator.http.certificates import ServerContexts
    from irclient.emulator.identity.signing import Signer
    from irclient.emulator.options import Cook, Options

__all__ = ["SERVICE_APP_ID", "Account"]

#: The App ID of the service itself, which is the audience of most tokens (contract section 3: C).
SERVICE_APP_ID: Final = "c5b731db-1b0a-43f6-bcf6-757667d9cdc6"
_PUBLIC_URL: Final = "https://{account}-{endpoint}.mir.prod.reco.microsoft.com"


class Account:
    """An account with one service endpoint.

    Args:
        name: The account's name.
        options: What the emulator was asked to be.
        signer: Who signs the tokens that it accepts.
        allowed: The App IDs on its allow-list.
        cook: What computes lists.
        executor: Where lists are computed.
        contexts: The TLS contexts.
    """

    def __init__(
        self,
        name: str,
        *,
        options: Options,
        signer: Signer,
        allowed: set[str],
        cook: Cook,
        executor: Executor,
        contexts: ServerContexts,
    ) -> None:
        self.name = name
        self.endpoint_name = options.endpoint_name
        self.tps = options.tps
        self._clock = options.clock
        self.cycles = {
            modeling.casefold(): CookingCycle(
                modeling,
                cook=cook,
                takes=options.cooking_takes,
                executor=executor,
                refused_triggers=options.switches.refused_triggers,
            )
            for modeling in options.modelings
        }
        self.service = Service(
            account=name,
            tps=options.tps,
            signer=signer,
            audiences=frozenset(),
            allowed=allowed,
            cycles=self.cycles,
            switches=options.switches,
            is_struck=lambda: self.listener.faults.draw("service") is not None,
            clock=options.clock,
        )
        self.listener = Listener(
            name,
            handle=self.service.handle,
            host=options.host,
            port=options.ports.get(name, 0),
            contexts=contexts,
            clock=options.clock,
        )

    def audiences(self) -> dict[str, str]:
        """What tokens for this endpoint can be asked for, as Entra's registrations.

        The service's App ID, and the endpoint's own address, public and local (section 3: C).
        """
        public = _PUBLIC_URL.format(account=self.name, endpoint=self.endpoint_name)
        return {each.casefold(): each for each in (SERVICE_APP_ID, public, self.listener.url)}

    def cooking(self) -> tuple[CookingReport, ...]:
        """Where its modeling components stand."""
        return tuple(cycle.report(self._clock()) for cycle in self.cycles.values())

    def cycle(self, modeling: str | None) -> CookingCycle:
        """A modeling component by its name; None is the default one.

        Raises:
            ValueError: There is none of that name.
        """
        if modeling is None:
            return next(iter(self.cycles.values()))
        try:
            return self.cycles[modeling.casefold()]
        except KeyError:
            known = ", ".join(self.cycles)
            raise ValueError(f"{self.name} has no modeling {modeling!r}; it has {known}") from None
