"""What clients are made of is imported with the first client, and not with their class."""

from __future__ import annotations

import subprocess
import sys

import pytest

from irclient._runtime.deferred import Deferred, load

_HEAVY = "{'pydantic', 'asyncio', 'anyio', 'ssl', 'httpx', 'irclient.results', 'irclient._core'}"


@pytest.mark.parametrize("client", ["IRClient", "AsyncIRClient"])
def test_a_program_that_names_the_client_loads_little(client: str) -> None:
    code = f"import sys; from irclient import {client}; print(sorted({_HEAVY} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout == "[]\n"


def test_no_call_that_is_answered_from_memory_imports_anything() -> None:
    code = (
        "import sys\n"
        "from irclient import IRClient, ServiceEndpoint, StaticToken\n"
        "from irclient._wire.reading import read_list\n"
        "from irclient.queries import Popular\n"
        "at = ServiceEndpoint('contoso', 'web', tps=1)\n"
        "client = IRClient(at, credential=StaticToken('a-token'))\n"
        "query, answer = Popular(), read_list(b'{\"items\": []}')\n"
        "before = set(sys.modules)\n"
        "from irclient._core.identity import identity\n"
        "import time\n"
        "client._state.memory.keep(identity(query), query, answer, at, time.monotonic())\n"
        "print(client.fetch(query).served.source, set(sys.modules) - before)\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout == "cache set()\n"


def test_a_deferred_module_is_the_module() -> None:
    import string  # noqa: PLC0415  (what it stands for)

    module = Deferred("string")
    load(module, string)
    assert module.ascii_letters is string.ascii_letters
    assert "ascii_letters" in vars(module)
    with pytest.raises(AttributeError, match="no_such"):
        _ = module.no_such


def test_nothing_is_left_to_load_after_preload() -> None:
    code = (
        "import sys, irclient\n"
        "irclient.preload()\n"
        "before = set(sys.modules)\n"
        "from irclient import IRClient, ServiceEndpoint, StaticToken, errors\n"
        "from irclient.queries import Popular\n"
        "at = ServiceEndpoint('contoso', 'web', tps=1, url='http://127.0.0.1:1')\n"
        "client = IRClient(at, credential=StaticToken('a-token'))\n"
        "for ask in (client.popular, lambda: list(client.pages(Popular()))):\n"
        "    try:\n"
        "        ask()\n"
        "    except errors.IRError:\n"
        "        pass\n"
        "print(sorted(each for each in set(sys.modules) - before if 'irclient' in each))\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout == "[]\n"


def test_what_reads_unusual_lists_is_built_by_preload() -> None:
    code = (
        "import irclient\n"
        "irclient.preload()\n"
        "from irclient._wire.reading import _LIST\n"
        "print(_LIST.kind.__pydantic_complete__)\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout == "True\n"
