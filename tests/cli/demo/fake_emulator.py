"""A stand-in for the emulator without sockets: a pair that fails when it is told to."""

import json
import threading
from typing import Self

import httpx

from irclient import Pair, ServiceEndpoint, StaticToken
from tests.cli.conftest import LIST, TOKEN

HOME = Pair(
    ServiceEndpoint("contoso-a", "web", tps=100, url="https://a.localhost"),
    ServiceEndpoint("contoso-b", "web", tps=100, url="https://b.localhost"),
)


class FakeAccount:
    def __init__(self) -> None:
        self.fault: str | None = None
        self.faults: list[str] = []
        self.healed = threading.Event()

    def fail(self, fault: str) -> None:
        self.healed.clear()
        self.fault = fault
        self.faults.append(fault)

    def heal(self) -> None:
        self.fault = None
        self.healed.set()


class FakeEmulator:
    """Answers like `irclient.emulator.Emulator`, as far as the demo asks."""

    authority = "https://localhost:1"
    vault_url = "https://localhost:2"
    home = HOME

    def __init__(self, *, both_fail: bool = False) -> None:
        self.accounts = {"contoso-a": FakeAccount(), "contoso-b": FakeAccount()}
        self._both_fail = both_fail

    def account(self, name: str) -> FakeAccount:
        return self.accounts[name]

    def credential(self) -> StaticToken:
        return StaticToken(TOKEN)

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def async_transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def title(self, item_id: str) -> str | None:
        return {"64703": "Green jacket"}.get(item_id)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        is_primary = request.url.host.startswith("a.")
        account = self.accounts["contoso-a" if is_primary or self._both_fail else "contoso-b"]
        match account.fault:
            case "down":
                raise httpx.ConnectError("refused")
            case "black-hole":
                account.healed.wait(request.extensions["timeout"]["read"])
                raise httpx.ReadTimeout("no answer")
            case _:
                return httpx.Response(200, content=json.dumps(LIST).encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass
