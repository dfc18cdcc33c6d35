"""Whether a caller may use an account: what the `Authorization` header is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from irclient.server.identity.claims import InvalidToken
from irclient.server.identity.key_set import KeysUnavailable

if TYPE_CHECKING:
    from irclient.server.configuration import Account
    from irclient.server.identity.claims import TokenCaller
    from irclient.server.identity.static_keys import StaticKeys
    from irclient.server.identity.tokens import Tokens

__all__ = ["Callers", "Verdict"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known about a caller.

    Attributes:
        status: 200 for one who may call; 401, 403 or 503.
        label: How logs call the caller; why not, for one who may not.
    """

    status: int
    label: str


_ANYONE = Verdict(200, "anyone")
_NO_TOKEN = Verdict(401, "no bearer token")


class Callers:
    """Tells who may use one account; used on one event loop.

    Args:
        account: The account's table.
        keys: The account's static keys.
        tokens: The issuers' tokens; None without issuers.
    """

    def __init__(self, account: Account, keys: StaticKeys, tokens: Tokens | None) -> None:
        self._account = account
        self._allowed = frozenset(each.casefold() for each in account.allowed)
        self._tokens = tokens if account.allowed else None
        self._keys = keys

    def known(self, authorization: str | None, now: float) -> Verdict | None:
        """The verdict on a header, if it needs no waiting; None if `prove` must be asked.

        Args:
            authorization: The header's value.
            now: Seconds since the epoch.
        """
        if self._account.callers == "anyone":
            return _ANYONE
        kind, _, text = (authorization or "").partition(" ")
        text = text.strip()
        if kind.casefold() != "bearer" or not text:
            return _NO_TOKEN
        label = self._keys.find(text)
        if label is not None:
            return Verdict(200, label)
        if self._tokens is None:
            return Verdict(401, "no key of this account")
        try:
            caller = self._tokens.remembered(text, now)
        except InvalidToken as problem:
            return Verdict(401, str(problem))
        return None if caller is None else self._of(caller)

    async def prove(self, authorization: str, now: float) -> Verdict:
        """The verdict on a header that holds a token which was not seen before."""
        assert self._tokens is not None  # noqa: S101  (`known` has said so)
        try:
            caller = await self._tokens.prove(authorization.partition(" ")[2].strip(), now)
        except InvalidToken as problem:
            return Verdict(401, str(problem))
        except KeysUnavailable as problem:
            return Verdict(503, str(problem))
        return self._of(caller)

    def _of(self, caller: TokenCaller) -> Verdict:
        if self._allowed.isdisjoint(each.casefold() for each in caller.ids):
            return Verdict(403, f"{caller.label} is not on the allow-list")
        if not caller.has_role:
            return Verdict(403, f"{caller.label} has none of the roles")
        return Verdict(200, caller.label)
