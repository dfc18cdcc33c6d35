"""What connections cost: over TLS, new ones, large answers, many that are idle, under uvloop."""

from __future__ import annotations

import asyncio
import json
import ssl
from contextlib import AsyncExitStack, contextmanager
from importlib import import_module
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from benchmarks.measuring import Result, Stopwatch, rounds_of
from benchmarks.rivals import AUTHORIZED, OURS, PATH, PATIENT, Token, home, installed
from benchmarks.serving import serving
from irclient import AsyncIRClient, Caching, IRClient
from irclient.emulator.http.certificates import make_contexts
from irclient.transports import AsyncTransport, BlockingTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from benchmarks.measuring import Extent, Sample
    from benchmarks.rivals import GetAsync, GetSync

__all__ = ["connections"]

_SUITE: Final = "connections"
_CALLERS: Final = 16
_IDLE: Final = 1_000
_NOT_KEPT: Final = PATIENT.model_copy(update={"caching": Caching(enabled=False)})
_items = count()


def connections(base: str, extent: Extent) -> list[Result]:
    """What a full call costs in each of these cases."""
    with _secured() as (secure, ca_file):
        results = _on_threads(secure, ca_file, extent)
        results += asyncio.run(_on_tasks(base, secure, ca_file, extent))
    uvloop = import_module("uvloop") if installed("uvloop") else None
    if uvloop is not None:
        results += uvloop.run(_calls(base, "16 callers under uvloop", extent))
    return results


@contextmanager
def _secured() -> Generator[tuple[str, Path]]:
    with TemporaryDirectory() as folder:
        ca_file = make_contexts(Path(folder)).ca_file
        with serving(folder) as secure:
            yield secure, ca_file


def _on_threads(secure: str, ca_file: Path, extent: Extent) -> list[Result]:
    transport = BlockingTransport(ca_file=ca_file)
    client = IRClient(home(secure), credential=Token(), settings=_NOT_KEPT, transport=transport)
    contestants: dict[str, GetSync] = {OURS: lambda item: client.similar(item, count=10)}
    if installed("urllib3"):
        pool = import_module("urllib3").PoolManager(headers=AUTHORIZED, ca_certs=str(ca_file))
        url = secure + PATH
        contestants["urllib3"] = lambda item: json.loads(
            pool.request("GET", f"{url}{item}?count=10").data
        )
    found = {who: Result(_SUITE, "a kept TLS connection, 1 thread", who) for who in contestants}
    times = 20 if extent.is_quick else 500
    for get in contestants.values():
        get(str(next(_items)))
    for who in rounds_of(list(contestants), extent):
        get = contestants[who]
        with Stopwatch() as watch:
            for _ in range(times):
                get(str(next(_items)))
        found[who].samples.append(watch.per(times))
    transport.close()
    return list(found.values())


async def _on_tasks(base: str, secure: str, ca_file: Path, extent: Extent) -> list[Result]:
    results = await _calls(secure, "a kept TLS connection, 16 callers", extent, ca_file=ca_file)
    results += await _calls(secure, "a new TLS connection", extent, ca_file=ca_file, is_kept=False)
    results += await _calls(f"{base}/1mib", "answers of 1 MiB, 16 callers", extent)
    idle = 20 if extent.is_quick else _IDLE
    return results + await _calls(
        base, f"{_IDLE:,} idle connections, 16 callers", extent, idle=idle
    )


async def _calls(
    base: str,
    case: str,
    extent: Extent,
    *,
    ca_file: Path | None = None,
    is_kept: bool = True,
    idle: int = 0,
) -> list[Result]:
    async with AsyncExitStack() as stack:
        contestants = {OURS: _ours(stack, base, ca_file, is_kept=is_kept)}
        if installed("aiohttp"):
            contestants["aiohttp"] = await _aiohttp(stack, base, ca_file, is_kept=is_kept)
        found = {who: Result(_SUITE, case, who) for who in contestants}
        for get in contestants.values():
            await asyncio.gather(*(get(str(next(_items))) for _ in range(max(idle, _CALLERS))))
        for who in rounds_of(list(contestants), extent):
            times = 20 if extent.is_quick or "1 MiB" in case or not is_kept else 1_000
            found[who].samples.append(await _block(contestants[who], times))
        return list(found.values())


async def _block(get: GetAsync, times: int) -> Sample:
    left = iter(range(times))

    async def caller() -> None:
        for _ in left:
            await get(str(next(_items)))

    with Stopwatch() as watch:
        await asyncio.gather(*(caller() for _ in range(_CALLERS)))
    return watch.per(times)


def _ours(
    stack: AsyncExitStack, base: str, ca_file: Path | None, *, is_kept: bool
) -> Callable[[str], Any]:
    transport = AsyncTransport(ca_file=ca_file)
    stack.push_async_callback(transport.aclose)
    client = AsyncIRClient(home(base), credential=Token(), settings=_NOT_KEPT, transport=transport)

    async def get(item: str) -> object:
        if not is_kept:
            await transport.aclose()
        return await client.similar(item, count=10)

    return get


async def _aiohttp(
    stack: AsyncExitStack, base: str, ca_file: Path | None, *, is_kept: bool
) -> GetAsync:
    aiohttp = import_module("aiohttp")
    context = ssl.create_default_context(cafile=ca_file) if ca_file else True
    connector = aiohttp.TCPConnector(ssl=context, limit=0, force_close=not is_kept)
    session = aiohttp.ClientSession(headers=AUTHORIZED, connector=connector)
    await stack.enter_async_context(session)

    async def get(item: str) -> object:
        async with session.get(f"{base}{PATH}{item}?count=10") as response:
            return await response.json()

    return get
