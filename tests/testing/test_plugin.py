"""The fixtures work without any set-up, and cost a test run nothing that it does not use."""

import subprocess
import sys

import pytest

import irclient.testing
from irclient import AsyncIRClient, IRClient, ServiceEndpoint, Settings
from irclient.testing import ScriptedService
from irclient.testing.plugin import *  # noqa: F403  (the fixtures, where irclient is not installed)


def test_the_client_speaks_to_the_service(irclient_service, irclient_client):
    assert isinstance(irclient_client, IRClient)
    irclient_service.on("contoso-a").refuse()
    irclient_service.on("contoso-b").answer(ids=["1", "2"])
    reco = irclient_client.popular()
    assert (reco.ids, reco.served.account) == (["1", "2"], "contoso-b")
    assert len(irclient_service.requests_to("contoso-a")) == 1


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_so_does_the_async_client(irclient_service, irclient_async_client, anyio_backend):
    assert isinstance(irclient_async_client, AsyncIRClient)
    irclient_service.on().answer(ids=["1"])
    assert (await irclient_async_client.similar("64702")).ids == ["1"]
    assert irclient_service.requests[0].item_ids == ("64702",)


class TestOverriding:
    @pytest.fixture
    def irclient_endpoints(self):
        return ServiceEndpoint("mine", "web", tps=10)

    @pytest.fixture
    def irclient_settings(self):
        return Settings()

    def test_the_clients_are_made_of_the_overriding_fixtures(
        self, irclient_client, irclient_service
    ):
        assert isinstance(irclient_service, ScriptedService)
        assert irclient_client.popular().served.endpoint == "mine/web"


def test_the_plugin_imports_nothing_heavy():
    code = (
        "import pytest, sys; before = set(sys.modules); import irclient.testing.plugin; "
        "print([m for m in ('httpx', 'pydantic', 'anyio', 'msal', 'azure', 'irclient.client') "
        "if m in sys.modules and m not in before])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", irclient.testing.__all__)
def test_every_public_name_of_testing_can_be_had(name):
    assert getattr(irclient.testing, name).__doc__
    assert name in dir(irclient.testing)


def test_a_name_that_testing_lacks_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        irclient.testing.nothing  # noqa: B018
