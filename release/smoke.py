"""What an installed irclient must do: both clients, the emulator, every extra, and no warning.

Run by a Python that has the wheel and all of its extras, and outside of a clone.
"""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module

import irclient
from irclient import AsyncIRClient, IRClient
from irclient.emulator import Emulator

#: What stands on each extra; `cli` is tried by its command.
OF_EXTRAS = (
    "irclient.analysis",
    "irclient.cooking.pipeline",
    "irclient.fleet",
    "irclient.integrations.fastapi",
    "irclient.integrations.flask",
    "irclient.integrations.gunicorn",
    "irclient.integrations.opentelemetry",
    "irclient.integrations.prometheus",
    "irclient.integrations.shopify",
    "irclient.integrations.starlette",
    "irclient.server.worker",
)


def blocking(emulator: Emulator) -> None:
    with IRClient(
        emulator.home, credential=emulator.credential(), transport=emulator.transport()
    ) as ir:
        assert len(ir.similar("64702", count=3)) == 3
        emulator.account("contoso-a").fail("down")
        assert ir.popular(count=3).served.account == "contoso-b"
        emulator.account("contoso-a").heal()


async def tasks(emulator: Emulator) -> None:
    async with (
        emulator.async_transport() as transport,
        AsyncIRClient(emulator.home, credential=emulator.credential(), transport=transport) as ir,
    ):
        assert len(await ir.new(count=3)) == 3


def main() -> None:
    assert "site-packages" in irclient.__file__, f"this is a clone's: {irclient.__file__}"
    with Emulator() as emulator:
        blocking(emulator)
        asyncio.run(tasks(emulator))
    for name in OF_EXTRAS:
        import_module(name)
    sys.stdout.write(f"irclient {irclient.__version__} works\n")


if __name__ == "__main__":
    main()
