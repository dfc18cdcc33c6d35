"""The emulator in a process of its own, so that it shares no interpreter lock with the clients.

Run as a program it serves until its input ends; each line that it is sent asks for the secrets of
the moment, which nobody may find in a log.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import httpx
from azure.identity import ClientSecretCredential

from irclient import KeyVaultCredential, ServiceEndpoint
from irclient.emulator import Emulator
from irclient.topology import Pair

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["ACCOUNTS", "Order", "Served", "serving", "shop_in"]

#: The pair of the home region, then that for disaster recovery.
ACCOUNTS = ("contoso-a", "contoso-b", "contoso-c", "contoso-d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be served."""

    shop: str
    cache: str
    tps: float
    token_lifetime: float


class Served:
    """A running emulator, seen from outside."""

    def __init__(self, process: subprocess.Popen[str], facts: dict[str, Any]) -> None:
        self._process = process
        self._facts = facts
        self._to_close = ExitStack()
        self._control = httpx.Client(
            base_url=facts["control_url"],
            headers={"X-Emulator-Control": "chaos"},
            trust_env=False,
            timeout=10,
        )

    @property
    def ca_file(self) -> str:
        return self._facts["ca_file"]

    def endpoint(self, account: str) -> ServiceEndpoint:
        return ServiceEndpoint(**self._facts["endpoints"][account])

    def pairs(self) -> tuple[Pair, Pair]:
        """The home region, then the other one."""
        a, b, c, d = (self.endpoint(name) for name in ACCOUNTS)
        return Pair(a, b), Pair(c, d)

    def credential(self) -> KeyVaultCredential:
        """The whole chain: an identity that may read the vault, the secret, Entra, the token."""
        facts = self._facts["credential"]
        reader = ClientSecretCredential(
            facts["tenant_id"],
            *self._facts["vault_reader"],
            authority=facts["authority"],
            disable_instance_discovery=True,
            connection_verify=self.ca_file,
        )
        self._to_close.callback(reader.close)
        return KeyVaultCredential(**facts, vault_credential=reader)

    def change(self, method: str, path: str, body: dict[str, str] | None = None) -> None:
        """Change something over the control API."""
        self._control.request(method, path, json=body or {}).raise_for_status()

    def state(self) -> dict[str, Any]:
        """Everything that the control API tells."""
        return self._control.get("/state").raise_for_status().json()

    def secrets(self) -> list[str]:
        """The secrets that are in use now."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("secrets\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """Close what was opened on this side."""
        self._to_close.close()
        self._control.close()


@contextmanager
def serving(order: Order) -> Iterator[Served]:
    """Serve for the length of a block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.chaos.serving", json.dumps(asdict(order))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        first = process.stdout.readline()
        if not first:
            raise RuntimeError(f"the emulator did not start; it ended in {process.wait(10)}")
        served = Served(process, json.loads(first))
        try:
            yield served
        finally:
            served.close()
    finally:
        process.stdin.close()
        process.wait(20)
        process.stdout.close()


def shop_in(folder: Path, *, tps: float, token_lifetime: float) -> Order:
    """An order for the made-up shop in a folder."""
    return Order(
        shop=str(folder / "shop"),
        cache=str(folder / "cooked"),
        tps=tps,
        token_lifetime=token_lifetime,
    )


def _facts(emulator: Emulator) -> dict[str, Any]:
    reader = emulator._running.vault_reader
    regions = dict(zip(ACCOUNTS, ("home", "home", "dr", "dr"), strict=True))
    return {
        "control_url": emulator.control_url,
        "ca_file": emulator.ca_file,
        "endpoints": {
            name: asdict(emulator._endpoint(name, region)) for name, region in regions.items()
        },
        "credential": {
            "vault_url": emulator.vault_url,
            "secret_name": emulator.secret_name,
            "tenant_id": emulator.tenant_id,
            "client_id": emulator.client_id,
            "authority": emulator.authority,
            "ca_file": emulator.ca_file,
        },
        "vault_reader": [reader.client_id, reader.secret],
    }


def _main() -> None:
    order = Order(**json.loads(sys.argv[1]))
    with Emulator(
        accounts=ACCOUNTS[:2],
        dr_accounts=ACCOUNTS[2:],
        tps=order.tps,
        token_lifetime=order.token_lifetime,
        cooking_takes=0.3,
        data=order.shop,
        cache_folder=order.cache,
    ) as emulator:
        sys.stdout.write(json.dumps(_facts(emulator)) + "\n")
        sys.stdout.flush()
        for _ in sys.stdin:
            running = emulator._running
            secrets = [running.application.secret, running.vault_reader.secret]
            sys.stdout.write(json.dumps(secrets) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    _main()
