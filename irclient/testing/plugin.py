"""Fixtures for pytest: a scripted service, and both clients on it.

pytest finds them by itself where irclient is installed. Override `irclient_endpoints` or
`irclient_settings` with a fixture of your own to have the clients made of other things.

```python
def test_the_shop_shows_recommendations(irclient_service, irclient_client):
    irclient_service.on(operation="popular").answer(ids=["1", "2"])
    assert front_page(irclient_client) == ["1", "2"]
```
"""

# Every test run of every project with irclient installed imports this module: what it needs is
# imported by the fixtures that need it.
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from irclient import AsyncIRClient, IRClient, Settings
    from irclient.testing import ScriptedService
    from irclient.topology import Endpoints

__all__ = [
    "irclient_async_client",
    "irclient_client",
    "irclient_endpoints",
    "irclient_service",
    "irclient_settings",
]


@pytest.fixture
def irclient_endpoints() -> Endpoints:
    """The endpoints of the clients: the pair ``contoso-a/web`` and ``contoso-b/web``."""
    from irclient.testing import example_pair  # noqa: PLC0415

    return example_pair()


@pytest.fixture
def irclient_settings() -> Settings:
    """The settings of the clients: nothing is remembered, no retry waits, hangs end soon."""
    from irclient.testing import quick_settings  # noqa: PLC0415

    return quick_settings()


@pytest.fixture
def irclient_service(irclient_endpoints: Endpoints) -> ScriptedService:
    """The service behind the clients; it answers everything well until a script says otherwise."""
    from irclient.testing import ScriptedService  # noqa: PLC0415

    return ScriptedService(irclient_endpoints)


@pytest.fixture
def irclient_client(
    irclient_endpoints: Endpoints,
    irclient_settings: Settings,
    irclient_service: ScriptedService,
) -> Iterator[IRClient]:
    """An `IRClient` on the scripted service."""
    from irclient import IRClient, StaticToken  # noqa: PLC0415

    with IRClient(
        irclient_endpoints,
        credential=StaticToken("token"),
        settings=irclient_settings,
        transport=irclient_service,
    ) as client:
        yield client


@pytest.fixture
def irclient_async_client(
    irclient_endpoints: Endpoints,
    irclient_settings: Settings,
    irclient_service: ScriptedService,
) -> AsyncIRClient:
    """An `AsyncIRClient` on the scripted service, for tests under asyncio or trio.

    It holds nothing open, so whichever plugin runs the tests' coroutines, nothing has to
    close it.
    """
    from irclient import AsyncIRClient, StaticToken  # noqa: PLC0415

    return AsyncIRClient(
        irclient_endpoints,
        credential=StaticToken("token"),
        settings=irclient_settings,
        transport=irclient_service,
    )
