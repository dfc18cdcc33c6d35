"""`override`: it finds an application's client, and takes what its own client is given."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from irclient import Caching, ConfigurationError, Fallback, IRClient, ServiceEndpoint
from irclient.testing import override, quick_settings


class Holder:
    """What an integration keeps a client in."""

    client = None

    @contextmanager
    def replaced(self, make):
        self.client = make(IRClient)
        try:
            yield
        finally:
            self.client = None


@pytest.mark.parametrize(
    "application",
    [
        lambda holder: holder,
        lambda holder: SimpleNamespace(state=SimpleNamespace(irclient=holder)),
        lambda holder: SimpleNamespace(extensions={"irclient": holder}),
    ],
    ids=["the holder", "state", "extensions"],
)
def test_the_client_is_replaced_within_the_block(application) -> None:
    holder = Holder()
    with override(application(holder)) as service:
        service.on("contoso-b").answer(ids=["1"])
        assert holder.client.popular().served.account == "contoso-a"
        assert len(service.requests) == 1
    assert holder.client is None


def test_endpoints_settings_and_a_fallback_can_be_given() -> None:
    holder = Holder()
    with override(
        holder,
        endpoints=ServiceEndpoint("fabrikam", "web", tps=100),
        settings=quick_settings().model_copy(update={"caching": Caching()}),
        fallback=Fallback(queries=(), items=["9"]),
    ) as service:
        assert holder.client.popular().served.endpoint == "fabrikam/web"
        assert holder.client.popular().served.source == "cache"
        service.on().fail(503)
        assert holder.client.trending().ids == ["9"]


@pytest.mark.parametrize("app", [object(), SimpleNamespace(state=None, extensions=[])])
def test_an_application_without_a_client_says_what_to_install(app) -> None:
    with pytest.raises(ConfigurationError, match="install an integration first"), override(app):
        pass
