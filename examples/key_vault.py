"""The whole chain, link by link: Key Vault, Entra, service; and a secret that is rotated."""

import time
from collections import Counter

from irclient import Caching, IRClient, Settings
from irclient.emulator import Emulator
from irclient.observe import AttemptEnded, Record, SecretRead, TokenRenewed

chain: Counter[str] = Counter()


def show(record: Record) -> None:
    """Print the links of the chain as they happen, and the first answers."""
    chain[type(record).__name__] += 1
    match record:
        case SecretRead(secret_name=name):
            print(f"  Key Vault  the secret {name!r} was read")
        case TokenRenewed(lifetime=lifetime):
            print(f"  Entra      a token that lives for {lifetime:.0f} s")
        case AttemptEnded(attempt=attempt) if chain["AttemptEnded"] <= 3:
            print(f"  service    {attempt}")


with (
    # Tokens that live two seconds, so that the example sees one renewed.
    Emulator(token_lifetime=2.0) as emulator,
    IRClient(
        emulator.home,
        credential=emulator.credential(),
        settings=Settings(caching=Caching(enabled=False)),
        transport=emulator.transport(),
        observers=[show],
    ) as ir,
):
    print("at the start:")
    ir.warm_up()
    print("the first calls, which only send the token:")
    for _ in range(2):
        ir.popular(count=1)
    print("while Entra and Key Vault are down:")
    emulator.entra.fail("down")
    emulator.key_vault.fail("down")
    ir.popular(count=1)
    emulator.entra.heal()
    emulator.key_vault.heal()

    print("the secret is rotated; calls go on, and nobody notices:")
    emulator.entra.rotate_secret()
    answered, ends_at = 0, time.monotonic() + 3.0
    while time.monotonic() < ends_at:
        answered += len(ir.popular(count=1))
        time.sleep(0.05)
    print(f"{answered} calls answered, with {chain['SecretRead']} reads of the secret")
    assert chain["SecretRead"] >= 2
