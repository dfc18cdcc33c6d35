"""What is loaded when: no HTTP library before the first transport is made."""

from __future__ import annotations

import subprocess
import sys

import pytest

import irclient.transports

LIBRARIES = ("aiohttp", "anyio", "h11", "httpcore", "httptools", "httpx", "requests", "trio")


def loaded_after(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=50, check=True
    )
    return set(done.stdout.split()) & set(LIBRARIES)


def test_an_exchange_and_the_blocking_driver_load_no_http_library() -> None:
    assert loaded_after("import irclient.transports.exchange, irclient._drivers.blocking") == set()
    assert loaded_after("import irclient._drivers.tasks") <= {"anyio"}


def test_a_transport_is_loaded_with_the_first_use_of_its_name() -> None:
    assert loaded_after("from irclient.transports import default_transport") == set()
    made = "import irclient.transports as t; t.{}()".format
    assert loaded_after(made("default_transport")) == {"httptools"}
    assert loaded_after(made("default_async_transport")) == {"anyio"}


def test_a_call_loads_no_more_than_its_client() -> None:
    call = """
from irclient import IRClient, ServiceEndpoint, StaticToken, errors
endpoint = ServiceEndpoint("a", "web", tps=1, url="http://127.0.0.1:1")
with IRClient(endpoint, credential=StaticToken("token")) as ir:
    try:
        ir.popular()
    except errors.Unavailable:
        pass
"""
    assert loaded_after(call) == {"httptools"}


@pytest.mark.parametrize("name", ["AsyncTransport", "BlockingTransport", "ssl_context"])
def test_a_name_of_the_package_is_what_its_module_holds(name) -> None:
    found = getattr(irclient.transports, name)
    assert found.__name__ == name
    assert getattr(irclient.transports, name) is found
