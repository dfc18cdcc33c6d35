"""The three worlds of a client, threads, asyncio and trio, told as one: a test is written once."""

from __future__ import annotations

import inspect
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest

from irclient import AsyncIRClient, IRClient, StaticToken
from irclient.errors import IRError
from irclient.settings import Caching, Failover, Settings, Timeouts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["ASYNC", "SYNC", "TOKEN", "WORLDS", "World", "in_each_world", "options"]

TOKEN = "token-that-nobody-may-see"
#: Generous, so that a busy machine does not decide a test that is not about time.
PATIENT = Timeouts(deadline=15, attempt=5, connect=5)


def options(**groups: Any) -> Settings:
    """Settings without memory: here every call must reach the server."""
    return Settings(**{"timeouts": PATIENT, "caching": Caching(enabled=False), **groups})


def quick_failover(**values: Any) -> Failover:
    """An endpoint is ejected at once, probed soon, and back soon."""
    given = {"consecutive_failures": 1, "eject_for": 0.1, "max_eject_for": 0.2, "ramp_for": 0.3}
    return Failover(**{**given, **values})


@dataclass(frozen=True)
class World:
    """Where a client runs."""

    name: str

    @property
    def is_sync(self) -> bool:
        return self.name == "threads"

    @property
    def kind(self) -> type[Any]:
        return IRClient if self.is_sync else AsyncIRClient

    def play(self, story: Callable[[], Any]) -> Any:
        """Run a test that is written with await; in the world of threads it never suspends."""
        if not self.is_sync:
            return anyio.run(story, backend=self.name)
        coroutine = story()
        try:
            coroutine.send(None)
        except StopIteration as end:
            return end.value
        finally:
            coroutine.close()
        raise AssertionError("a blocking client suspended")

    def make(self, endpoints: Any, **arguments: Any) -> Any:
        """A client with a token and without memory."""
        arguments.setdefault("credential", StaticToken(TOKEN))
        arguments.setdefault("settings", options())
        return self.kind(endpoints, **arguments)

    @asynccontextmanager
    async def client(self, endpoints: Any, **arguments: Any) -> AsyncIterator[Any]:
        """A client for the length of a block."""
        ir = self.make(endpoints, **arguments)
        try:
            yield ir
        finally:
            with anyio.CancelScope(shield=True) if not self.is_sync else _nothing():
                await self.close(ir)

    async def close(self, ir: Any) -> None:
        await self.ask(ir.close() if self.is_sync else ir.aclose())

    async def ask(self, outcome: Any) -> Any:
        """The value of what a client's method returned."""
        return await outcome if inspect.isawaitable(outcome) else outcome

    async def error(self, method: Callable[..., Any], *arguments: Any, **more: Any) -> IRError:
        """The error that a call must end in."""
        with pytest.raises(IRError) as caught:
            await self.ask(method(*arguments, **more))
        return caught.value

    async def everything(self, iterator: Any, each: Callable[[Any], object] = id) -> list[Any]:
        """What an iterator yields; `each` is told at once."""
        found = []
        if self.is_sync:
            for one in iterator:
                found.append(one)
                each(one)
        else:
            async for one in iterator:
                found.append(one)
                each(one)
        return found

    async def pause(self, seconds: float) -> None:
        if self.is_sync:
            time.sleep(seconds)  # noqa: ASYNC251  (in the world of threads nothing else runs)
        else:
            await anyio.sleep(seconds)

    def transport(self, handler: Callable[[httpx.Request], httpx.Response]) -> Any:
        """A user's own transport: this handler."""
        return (BlockingHandler if self.is_sync else TaskHandler)(handler)


@dataclass
class BlockingHandler(httpx.BaseTransport):
    handler: Callable[[httpx.Request], httpx.Response]
    closed: int = 0

    def handle_request(self, request):
        return self.handler(request)

    def close(self):
        self.closed += 1


@dataclass
class TaskHandler(httpx.AsyncBaseTransport):
    handler: Callable[[httpx.Request], httpx.Response]
    closed: int = 0

    async def handle_async_request(self, request):
        return self.handler(request)

    async def aclose(self):
        self.closed += 1


@dataclass
class Records:
    """An observer that remembers."""

    all: list[Any] = field(default_factory=list)

    def __call__(self, record: Any) -> None:
        self.all.append(record)

    def of(self, kind: type[Any]) -> list[Any]:
        return [each for each in self.all if isinstance(each, kind)]


class _nothing:  # noqa: N801  (used as a function)
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


SYNC = World("threads")
ASYNC = (World("asyncio"), World("trio"))
WORLDS = (SYNC, *ASYNC)

in_each_world = pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)

CallState = Callable[[], Awaitable[Any]]
