"""What an emulator is asked to be, checked before anything starts."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from irclient.cooking.cooked_data import CookedData
    from irclient.emulator.switches import Switches

__all__ = ["Cook", "Options"]

#: Computes the lists; the instant names the result.
Cook: TypeAlias = "Callable[[datetime], CookedData]"
#: Requests in a second, and seconds of a token: no clock or calendar holds much more.
_MOST: Final = 1_000_000_000
#: The listeners beside those of the accounts, by the names that ``ports`` takes.
_OTHER_LISTENERS: Final = ("entra", "key_vault", "managed_identity", "control")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The arguments of `irclient.emulator.Emulator`, which explains them and has the defaults.

    Raises:
        ValueError: An argument cannot be used.
    """

    accounts: tuple[str, ...]
    dr_accounts: tuple[str, ...]
    endpoint_name: str
    modelings: tuple[str, ...]
    tps: float
    data: Path | None
    cook: Cook | None
    starts: Literal["cooked", "never cooked"]
    switches: Switches
    token_lifetime: float
    cooking_takes: float
    clock: Callable[[], float]
    host: str
    ports: Mapping[str, int]
    state_folder: Path | None
    cache_folder: Path | None

    def __post_init__(self) -> None:
        names = [name.casefold() for name in self.all_accounts]
        if len(self.accounts) != 2 or len(self.dr_accounts) > 2:
            raise ValueError("accounts must be two names, and dr_accounts at most two")
        if len(set(names)) != len(names):
            raise ValueError(f"each account needs a name of its own, got {self.all_accounts}")
        if not self.modelings:
            raise ValueError("modelings must hold at least one name")
        if not _is_loopback(self.host):
            # Certificates and addresses say localhost, and other machines must not get in.
            raise ValueError(f"host must be an IPv4 loopback address, got {self.host!r}")
        unknown = set(self.ports) - {*self.all_accounts, *_OTHER_LISTENERS}
        if unknown:
            known = (*self.all_accounts, *_OTHER_LISTENERS)
            raise ValueError(f"ports: no listener is called {sorted(unknown)}; there are {known}")
        for name, value in (("tps", self.tps), ("token_lifetime", self.token_lifetime)):
            if not 0 < value <= _MOST:
                raise ValueError(f"{name} must be above 0, and {_MOST:,} at most, got {value!r}")

    @property
    def all_accounts(self) -> tuple[str, ...]:
        """The home accounts, then those for disaster recovery."""
        return (*self.accounts, *self.dr_accounts)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        return False
