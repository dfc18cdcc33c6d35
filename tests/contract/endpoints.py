"""One service endpoint of the emulator and one of the server, asked in the same way."""

import asyncio
import json
from pathlib import Path

from irclient.contract.choices import Choices
from irclient.contract.messages import read_request
from irclient.emulator.accounts.cooking_cycle import CookingCycle
from irclient.emulator.accounts.service import Service
from irclient.emulator.identity.signing import AccessToken, Signer
from irclient.emulator.switches import Switches
from irclient.server.configuration import Account, Configuration, Endpoint
from irclient.server.endpoint_service import EndpointService
from irclient.server.identity.callers import Callers
from irclient.server.identity.static_keys import StaticKeys
from irclient.server.local_state import LocalCapacity, LocalSessions
from irclient.server.outputs import Edition, ServedOutput
from irclient.server.served import served_endpoints
from irclient.server.trigger import Trigger
from tests.emulator.accounts.test_cooking_cycle import AtOnce
from tests.emulator.fake_data import Clock, FakeCooked

SIGNER = Signer()
KEY = "a-static-key"


class _Asked:
    """What is common: a target goes in, a status and the parsed body come out."""

    def send(self, target, *, method="GET", body=b"", token=None):
        response = self.respond(target, method=method, body=body, token=token or self.token())
        return response.status, json.loads(response.body or b"null")

    def ids(self, target, **options):
        status, content = self.send(target, **options)
        assert status == 200, content
        return [item["id"] for item in content["items"]]

    @property
    def request(self):
        return self.data.requests[-1]


class EmulatedEndpoint(_Asked):
    """A service of the emulator."""

    def __init__(self, *, tps=1000.0, data=None, cooked=True, struck=False, **switches):
        self.clock = Clock()
        self.data = data or FakeCooked()
        cycles = {
            name: CookingCycle(name, cook=FakeCooked, takes=10.0, executor=AtOnce())
            for name in ("shop", "other")
        }
        if cooked:
            cycles["shop"].serve(self.data)
        self.service = Service(
            account="contoso-a",
            tps=tps,
            signer=SIGNER,
            audiences=frozenset({"guid", "https://localhost:1"}),
            allowed={"app"},
            cycles=cycles,
            switches=Switches(**switches),
            is_struck=lambda: struck,
            clock=self.clock,
        )

    def token(self, app_id="app", audience="guid", lives_for=60.0):
        claims = AccessToken(app_id=app_id, audience=audience, expires_at=self.clock() + lives_for)
        return SIGNER.issue(claims, issuer="i", tenant_id="t", issued_at=self.clock())

    def respond(self, target, *, method="GET", body=b"", token):
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return self.service.handle(read_request(method, target, headers=headers, body=body))


class ServedEndpoint(_Asked):
    """An endpoint of the server, with one static key and two modelings."""

    def __init__(self, *, tps=1000.0, data=None, cooked=True, folder=None, cook=None, **choices):
        self.clock = Clock()
        self.data = data or FakeCooked()
        account = Account(
            name="contoso-a",
            keys_env="TEST_KEYS",
            endpoints=(Endpoint(name="web", tps=tps),),
            modelings=(
                {"name": "shop", "output": "/nowhere/shop", "cook": cook},
                {"name": "other", "output": "/nowhere/other"},
            ),
        )
        configuration = Configuration(accounts=(account,))
        (served,) = served_endpoints(configuration, Path("/nowhere"))
        outputs = {each.output: ServedOutput(each.output, None) for each in served.modelings}
        self.output = outputs[served.modelings[0].output]
        if cooked:
            self.output.edition = Edition("1", self.data, lambda now: now + 60.0)
        self.service = EndpointService(
            served,
            outputs=outputs,
            callers=Callers(account, _keys(account), None),
            capacity=LocalCapacity([served]),
            sessions=LocalSessions(["contoso-a"], configuration.limits),
            trigger=Trigger(folder or Path("/nowhere")),
            limits=configuration.limits,
            choices=Choices(most_count=configuration.limits.count, **choices),
            clock=self.clock,
        )

    def token(self):
        return KEY

    def respond(self, target, *, method="GET", body=b"", token):
        async def read():
            return body

        async def ask():
            authorization = f"Bearer {token}" if token else None
            response, self.noted = await self.service.answer(
                method, target, authorization=authorization, body=read
            )
            return response

        return asyncio.run(ask())


def _keys(account):
    import os  # noqa: PLC0415

    os.environ["TEST_KEYS"] = KEY
    try:
        return StaticKeys(account)
    finally:
        del os.environ["TEST_KEYS"]
