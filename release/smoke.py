"""What an installed irclient must do: both clients, the emulator, and aiohttp, without a warning.

Run by a Python that has the wheel and all of its extras, and outside of a clone.
"""

from __future__ import annotations

import asyncio
import sys

import irclient
from irclient import AsyncIRClient, IRClient
from irclient.emulator import Emulator
from irclient.transports import AiohttpTransport


def blocking(emulator: Emulator) -> None:
    with IRClient(
        emulator.home, credential=emulator.credential(), transport=emulator.transport()
    ) as ir:
        assert len(ir.similar("64702", count=3)) == 3
        emulator.account("contoso-a").fail("down")
        assert ir.popular(count=3).served.account == "contoso-b"
        emulator.account("contoso-a").heal()


async def tasks(emulator: Emulator) -> None:
    for transport in (
        emulator.async_transport(),
        AiohttpTransport(ca_file=emulator.ca_file),
    ):
        async with (
            transport,
            AsyncIRClient(
                emulator.home, credential=emulator.credential(), transport=transport
            ) as ir,
        ):
            assert len(await ir.new(count=3)) == 3


def main() -> None:
    assert "site-packages" in irclient.__file__, f"this is a clone's: {irclient.__file__}"
    with Emulator() as emulator:
        blocking(emulator)
        asyncio.run(tasks(emulator))
    sys.stdout.write(f"irclient {irclient.__version__} works\n")


if __name__ == "__main__":
    main()
