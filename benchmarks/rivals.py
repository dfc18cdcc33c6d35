"""Everybody who is measured: one way each to get a list of a loopback service, for
tasks and for threads.

Every rival sends the same GET with the same bearer token and hands back parsed JSON, by its own
documented way of doing so and with its own defaults; only limits that would refuse or repeat
requests at these rates are lifted. irclient is what users make of it: a pair, default settings,
a credential whose token goes through the token record, a typed list as the answer.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import urlsplit

from irclient import AsyncIRClient, IRClient, Pair, ServiceEndpoint, Settings, Timeouts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

__all__ = [
    "AUTHORIZED", "OURS", "PACKAGES", "PATH", "PATIENT", "TASKS", "THREADS", "GetAsync", "GetSync",
    "Token", "home", "installed",
]  # fmt: skip

GetAsync: TypeAlias = Callable[[str], Awaitable[object]]
GetSync: TypeAlias = Callable[[str], object]

OURS: Final = "irclient"
#: What each contestant needs; all are in the dependency group `bench`.
PACKAGES: Final = {
    OURS: "httptools",
    "httpx": "httpx",
    "httpx2": "httpx2",
    "aiohttp": "aiohttp",
    "urllib3": "urllib3",
    "pyreqwest": "pyreqwest",
    "uvloop": "uvloop",
    "elastic-transport": "elastic-transport",
    "algoliasearch": "algoliasearch",
    "openai": "openai",
    "azure-core": "azure-core",
    "cachetools": "cachetools",
    "msal": "msal",
}
_TOKEN: Final = "x" * 1_200  # as long as Entra's are
AUTHORIZED: Final = {"Authorization": f"Bearer {_TOKEN}"}
PATH: Final = "/reco/v1.0/similar/"
#: More than one process can send, so that nothing is paced.
_TPS: Final = 50_000.0
PATIENT: Final = Settings(timeouts=Timeouts(deadline=60, attempt=60, connect=60))


def installed(who: str) -> str | None:
    """The version of what a contestant needs, or None where it is not installed."""
    try:
        return version(PACKAGES[who])
    except PackageNotFoundError:
        return None


@dataclass(frozen=True, slots=True)
class Token:
    """What azure-core calls an access token, and the credential that hands it out."""

    token: str = _TOKEN
    expires_on: int = int(time.time()) + 3_600

    def get_token(self, *_: str) -> Token:
        """The token."""
        return self


def home(base: str, *, tps: float = _TPS) -> Pair:
    """The pair of accounts that irclient asks."""
    return Pair(
        primary=ServiceEndpoint("contoso-a", "web", tps=tps, url=f"{base}/a"),
        secondary=ServiceEndpoint("contoso-b", "web", tps=tps, url=f"{base}/b"),
    )


@asynccontextmanager
async def _irclient_tasks(base: str) -> AsyncIterator[GetAsync]:
    async with AsyncIRClient(home(base), credential=Token(), settings=PATIENT) as client:
        yield lambda item: client.similar(item, count=10)


@contextmanager
def _irclient_threads(base: str) -> Iterator[GetSync]:
    with IRClient(home(base), credential=Token(), settings=PATIENT) as client:
        yield lambda item: client.similar(item, count=10)


def _httpx_tasks(package: str) -> Callable[[str], AbstractAsyncContextManager[GetAsync]]:
    @asynccontextmanager
    async def made(base: str) -> AsyncIterator[GetAsync]:
        client = import_module(package).AsyncClient(headers=AUTHORIZED, timeout=60)
        url = base + PATH

        async def get(item: str) -> object:
            return (await client.get(f"{url}{item}?count=10")).json()

        async with client:
            yield get

    return made


def _httpx_threads(package: str) -> Callable[[str], AbstractContextManager[GetSync]]:
    @contextmanager
    def made(base: str) -> Iterator[GetSync]:
        url = base + PATH
        with import_module(package).Client(headers=AUTHORIZED, timeout=60) as client:
            yield lambda item: client.get(f"{url}{item}?count=10").json()

    return made


@asynccontextmanager
async def _aiohttp(base: str) -> AsyncIterator[GetAsync]:
    url = base + PATH

    async def get(item: str) -> object:
        async with session.get(f"{url}{item}?count=10") as response:
            return await response.json()

    async with import_module("aiohttp").ClientSession(headers=AUTHORIZED) as session:
        yield get


@contextmanager
def _urllib3(base: str) -> Iterator[GetSync]:
    url = base + PATH
    with import_module("urllib3").PoolManager(maxsize=64, headers=AUTHORIZED) as pool:
        yield lambda item: json.loads(pool.request("GET", f"{url}{item}?count=10").data)


@asynccontextmanager
async def _pyreqwest_tasks(base: str) -> AsyncIterator[GetAsync]:
    url = base + PATH

    async def get(item: str) -> object:
        return await (await client.get(f"{url}{item}?count=10").build().send()).json()

    builder = import_module("pyreqwest.client").ClientBuilder()
    async with builder.default_headers(AUTHORIZED).build() as client:
        yield get


@contextmanager
def _pyreqwest_threads(base: str) -> Iterator[GetSync]:
    url = base + PATH
    builder = import_module("pyreqwest.client").SyncClientBuilder()
    with builder.default_headers(AUTHORIZED).build() as client:
        yield lambda item: client.get(f"{url}{item}?count=10").build().send().json()


def _nodes(elastic: Any, base: str) -> list[Any]:
    url = urlsplit(base)
    return [
        elastic.NodeConfig("http", url.hostname, url.port, path_prefix=f"{url.path}/{account}")
        for account in "ab"
    ]


@asynccontextmanager
async def _elastic_tasks(base: str) -> AsyncIterator[GetAsync]:
    elastic = import_module("elastic_transport")
    transport = elastic.AsyncTransport(_nodes(elastic, base))

    async def get(item: str) -> object:
        target = f"{PATH}{item}?count=10"
        return (await transport.perform_request("GET", target, headers=AUTHORIZED)).body

    try:
        yield get
    finally:
        await transport.close()


@contextmanager
def _elastic_threads(base: str) -> Iterator[GetSync]:
    elastic = import_module("elastic_transport")
    transport = elastic.Transport(_nodes(elastic, base))

    def get(item: str) -> object:
        target = f"{PATH}{item}?count=10"
        return transport.perform_request("GET", target, headers=AUTHORIZED).body

    try:
        yield get
    finally:
        transport.close()


def _algolia(base: str) -> tuple[Any, Callable[[str], tuple[Any, ...]]]:
    """Its configuration, and the arguments of a request."""
    hosts = import_module("algoliasearch.http.hosts")
    options = import_module("algoliasearch.http.request_options").RequestOptions
    verb = import_module("algoliasearch.http.verb").Verb.GET
    config = import_module("algoliasearch.http.base_config").BaseConfig("app", "key")
    url = urlsplit(base)
    config.hosts = hosts.HostsCollection(
        [hosts.Host(url.hostname, "http", url.port) for _ in range(2)]
    )
    timeouts = {"read": 60_000, "write": 60_000, "connect": 60_000}

    def arguments(item: str) -> tuple[Any, ...]:
        asked = options(
            config, headers=dict(AUTHORIZED), query_parameters={"count": 10}, timeouts=timeouts
        )
        return verb, f"{url.path}{PATH}{item}", asked, True

    return config, arguments


@asynccontextmanager
async def _algolia_tasks(base: str) -> AsyncIterator[GetAsync]:
    config, arguments = _algolia(base)
    transporter = import_module("algoliasearch.http.transporter").Transporter(config)

    async def get(item: str) -> object:
        return json.loads((await transporter.request(*arguments(item))).data)

    try:
        yield get
    finally:
        await transporter.close()


@contextmanager
def _algolia_threads(base: str) -> Iterator[GetSync]:
    config, arguments = _algolia(base)
    with import_module("algoliasearch.http.transporter_sync").TransporterSync(config) as made:
        yield lambda item: json.loads(made.request(*arguments(item)).data)


@asynccontextmanager
async def _openai_tasks(base: str) -> AsyncIterator[GetAsync]:
    async with import_module("openai").AsyncOpenAI(base_url=base, api_key=_TOKEN) as client:
        yield lambda item: client.get(f"{PATH}{item}?count=10", cast_to=object)


@contextmanager
def _openai_threads(base: str) -> Iterator[GetSync]:
    with import_module("openai").OpenAI(base_url=base, api_key=_TOKEN) as client:
        yield lambda item: client.get(f"{PATH}{item}?count=10", cast_to=object)


@asynccontextmanager
async def _azure_tasks(base: str) -> AsyncIterator[GetAsync]:
    request = import_module("azure.core.rest").HttpRequest

    async def get(item: str) -> object:
        asked = request("GET", f"{base}{PATH}{item}?count=10", headers=AUTHORIZED)
        return (await client.send_request(asked)).json()

    async with import_module("azure.core").AsyncPipelineClient(base) as client:
        yield get


@contextmanager
def _azure_threads(base: str) -> Iterator[GetSync]:
    request = import_module("azure.core.rest").HttpRequest

    def get(item: str) -> object:
        asked = request("GET", f"{base}{PATH}{item}?count=10", headers=AUTHORIZED)
        return client.send_request(asked).json()

    with import_module("azure.core").PipelineClient(base) as client:
        yield get


TASKS: Final[dict[str, Callable[[str], AbstractAsyncContextManager[GetAsync]]]] = {
    OURS: _irclient_tasks,
    "httpx": _httpx_tasks("httpx"),
    "httpx2": _httpx_tasks("httpx2"),
    "aiohttp": _aiohttp,
    "pyreqwest": _pyreqwest_tasks,
    "elastic-transport": _elastic_tasks,
    "algoliasearch": _algolia_tasks,
    "openai": _openai_tasks,
    "azure-core": _azure_tasks,
}
THREADS: Final[dict[str, Callable[[str], AbstractContextManager[GetSync]]]] = {
    OURS: _irclient_threads,
    "httpx": _httpx_threads("httpx"),
    "httpx2": _httpx_threads("httpx2"),
    "urllib3": _urllib3,
    "pyreqwest": _pyreqwest_threads,
    "elastic-transport": _elastic_threads,
    "algoliasearch": _algolia_threads,
    "openai": _openai_threads,
    "azure-core": _azure_threads,
}
