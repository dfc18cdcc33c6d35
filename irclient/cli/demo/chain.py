"""The demo's first chapter: the chain from secret to list, told from what really happened."""

import asyncio
from typing import TYPE_CHECKING

from irclient.aclient import AsyncIRClient
from irclient.auth import KeyVaultCredential
from irclient.cli.demo.chronicle import Chronicle
from irclient.cli.demo.screen import Screen
from irclient.cli.output import duration
from irclient.client import IRClient
from irclient.observe import AttemptEnded, SecretRead, TokenRenewed
from irclient.queries import ListQuery
from irclient.results import RecommendationList
from irclient.settings import Settings

if TYPE_CHECKING:
    from irclient.emulator import Emulator

__all__ = ["ask_once_async", "tell_chain", "tell_places"]


def tell_places(emulator: "Emulator", screen: Screen, *, elapsed: float) -> None:
    """Tell what the emulator started, and where it listens."""
    screen.step(f"Entra listens at {emulator.authority}")
    screen.step(f"Key Vault listens at {emulator.vault_url}")
    for endpoint in (emulator.home.primary, emulator.home.secondary):
        screen.step(f"{endpoint.label} listens at {endpoint.url}, {endpoint.tps:g} TPS")
    screen.step(f"all over TLS, on this machine alone, ready after {duration(elapsed)}")


def tell_chain(
    ir: IRClient, query: ListQuery, *, chronicle: Chronicle, screen: Screen
) -> RecommendationList:
    """Make the first call on a cold client and tell each link of the chain as it was observed."""
    answer = ir.fetch(query)
    for secret in chronicle.of(SecretRead):
        screen.step(f"Key Vault gave the secret {secret.secret_name!r} (not shown)")
    for token in chronicle.of(TokenRenewed):
        screen.step(f"Entra gave a token for it that lives {token.lifetime:.0f} s (not shown)")
    for ended in chronicle.of(AttemptEnded):
        attempt = ended.attempt
        screen.step(
            f"{attempt.endpoint} answered {attempt.status} after {duration(attempt.elapsed)}"
        )
    total = "" if answer.total_items is None else f" of {answer.total_items}"
    screen.step(
        f"the list {answer.title or query.operation!r} has {len(answer)}{total} items, "
        f"{duration(answer.served.elapsed)} after the call, cold start included"
    )
    return answer


def ask_once_async(
    emulator: "Emulator", credential: KeyVaultCredential, query: ListQuery, settings: Settings
) -> RecommendationList:
    """Make one call with the async client."""

    async def ask() -> RecommendationList:
        transport = emulator.async_transport()
        try:
            async with AsyncIRClient(
                emulator.home, credential=credential, settings=settings, transport=transport
            ) as ir:
                return await ir.fetch(query)
        finally:
            await transport.aclose()

    return asyncio.run(ask())
