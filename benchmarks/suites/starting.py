"""Starting: importing, the first call of a process, and a client more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from benchmarks.measuring import Result, rounds_of
from benchmarks.rivals import OURS, installed
from benchmarks.serving import ROOT

if TYPE_CHECKING:
    from benchmarks.measuring import Extent

__all__ = ["CLIENT", "FRONT_DOOR", "clients", "imports"]

FRONT_DOOR: Final = "irclient, its front door"
CLIENT: Final = "irclient, IRClient"
_IMPORTS: Final = {
    "httpx": "import httpx",
    OURS: "import irclient",
    CLIENT: "from irclient import IRClient",
    FRONT_DOOR: (
        "from irclient import "
        "IRClient, AsyncIRClient, Pair, ServiceEndpoint, KeyVaultCredential, Settings"
    ),
    "httpx2": "import httpx2",
    "aiohttp": "import aiohttp",
    "elastic-transport": "import elastic_transport",
    "algoliasearch": "from algoliasearch.http.transporter_sync import TransporterSync",
    "openai": "import openai",
    "azure-core": "from azure.core import PipelineClient",
}
_MEASURE: Final = """
import json, sys, time
sys.path.insert(0, {root!r})
sys.modules["click"] = None  # Where it is installed, httpx loads its own command line with it.
began_at, cpu = time.perf_counter(), time.process_time()
{statement}
took = {{"cpu": time.process_time() - cpu, "wall": time.perf_counter() - began_at}}
print(json.dumps(took | {{"modules": len(sys.modules)}}))
"""
_MAKERS: Final = {
    OURS: """
from irclient import IRClient, Pair, ServiceEndpoint, StaticToken
home = Pair(
    ServiceEndpoint("contoso-a", "web", tps=100, url=base + "/a"),
    ServiceEndpoint("contoso-b", "web", tps=100, url=base + "/b"),
)
def make(ask):
    client = IRClient(home, credential=StaticToken("token"))
    if ask:
        client.similar("64702", count=10)
    return client
""",
    "httpx": """
import httpx
def make(ask):
    client = httpx.Client(headers={"Authorization": "Bearer token"})
    if ask:
        client.get(base + "/reco/v1.0/similar/64702?count=10").json()
    return client
""",
}
_CLIENTS: Final = """
import json, resource, sys, time, tracemalloc
sys.path.insert(0, {root!r})
base = {base!r}
cpu = time.process_time()
{make}
def took(times, what):
    began_at = time.perf_counter()
    for _ in range(times):
        what()
    return (time.perf_counter() - began_at) / times
def resident():
    with open("/proc/self/statm") as lines:
        return int(lines.read().split()[1]) * resource.getpagesize()
kept = []
first = took(1, lambda: kept.append(make(ask=True)))
cpu = time.process_time() - cpu
wall = took(20, lambda: kept.append(make(ask=False)))
before = resident()
took(40, lambda: kept.append(make(ask=False)))
weight = (resident() - before) / 40
asked = took(20, lambda: kept.append(make(ask=True)))
print(json.dumps({{
    "import and first call": {{"cpu": cpu}}, "first call": {{"wall": first}},
    "another client": {{"wall": wall, "bytes": weight}},
    "another client and its first call": {{"wall": asked}},
}}))
"""


def imports(_: str, extent: Extent) -> list[Result]:
    """What importing costs, in a process of its own each time."""
    found = {who: Result("starting", "import", who) for who in _IMPORTS}
    present = [who for who in _IMPORTS if who in {CLIENT, FRONT_DOOR} or installed(who)]
    codes = {who: _MEASURE.format(root=str(ROOT), statement=_IMPORTS[who]) for who in present}
    with TemporaryDirectory() as bytecode:
        for code in codes.values():
            _run(code, bytecode)  # Compiles what is compiled once in the life of an installation.
        for who in rounds_of(present, extent):
            found[who].samples.append(_run(codes[who], bytecode))
    for who in found.keys() - present:
        found[who].reason = "not installed"
    return list(found.values())


def clients(base: str, extent: Extent) -> list[Result]:
    """What the first call of a process costs, and what each further client does."""
    found: dict[tuple[str, str], Result] = {}
    codes = {
        who: _CLIENTS.format(root=str(ROOT), make=make, base=base) for who, make in _MAKERS.items()
    }
    with TemporaryDirectory() as bytecode:
        for code in codes.values():
            _run(code, bytecode)
        for who in rounds_of(list(codes), extent):
            for case, sample in _run(codes[who], bytecode).items():
                result = found.setdefault((case, who), Result("starting", case, who))
                result.samples.append(sample)
    return sorted(found.values(), key=lambda result: result.case)


def _run(code: str, bytecode: str) -> Any:  # JSON of two shapes
    # Wherever packages come from, and whatever this environment says about writing bytecode.
    settings = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode, "PYTHONDONTWRITEBYTECODE": ""}
    # What it says on stderr is left alone: it belongs in front of whoever runs this.
    done = subprocess.run(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        env=settings,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout)
