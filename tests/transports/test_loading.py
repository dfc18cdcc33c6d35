"""What is loaded when: no HTTP library before the first transport is made."""

from __future__ import annotations

import subprocess
import sys

import pytest

import irclient.transports

LIBRARIES = ("aiohttp", "anyio", "h11", "httpcore", "httpx", "trio")


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
    assert "httpcore" in loaded_after("import irclient.transports as t; t.default_transport()")
    assert "httpcore" in loaded_after(
        "import irclient.transports as t; t.default_async_transport()"
    )


@pytest.mark.parametrize("name", ["Lanes", "Pooled", "ssl_context"])
def test_a_name_of_the_package_is_what_its_module_holds(name) -> None:
    found = getattr(irclient.transports, name)
    assert found.__name__ == name
    assert getattr(irclient.transports, name) is found
