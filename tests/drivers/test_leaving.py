"""Callers that go away: the call is told, gives back what it holds, and its caller goes on."""

from __future__ import annotations

import time

import anyio
import httpx
import pytest

from irclient import errors
from irclient._core.protocol import GivenUp, Send, Wait
from irclient._drivers.blocking import BlockingDriver
from irclient._drivers.leaving import give_up
from irclient._drivers.tasks import TaskDriver
from irclient._values.secret import Secret
from irclient._wire.requests import request_for
from irclient.queries import Popular
from irclient.topology import ServiceEndpoint
from tests.worlds import ASYNC, in_each_world

SEND = Send(
    ServiceEndpoint("a", "web", tps=9), request_for(Popular(), modeling=None), Secret("t"), 5.0, 5.0
)
in_each_world_of_tasks = pytest.mark.parametrize("world", ASYNC, ids=lambda world: world.name)


class Interrupted(BaseException):
    """As Ctrl-C: no error of the call."""


class Interrupts(httpx.BaseTransport, httpx.AsyncBaseTransport):
    def handle_request(self, request):
        raise Interrupted

    async def handle_async_request(self, request):
        raise Interrupted


def driver(world, transport=None):
    transport = transport or httpx.MockTransport(lambda request: httpx.Response(200))
    return (BlockingDriver if world.is_sync else TaskDriver)(transport, ())


class Told:
    """A call that notes how it ends."""

    def __init__(self, command, instead=None) -> None:
        self._command = command
        self._instead = instead
        self.at: list[float] = []
        self.ended: list[bool] = []

    def __call__(self, now):
        try:
            yield self._command(now)
        except GivenUp as gone:
            self.at.append(gone.now)
            if self._instead is not None:
                raise self._instead from None
            raise
        finally:
            self.ended.append(True)


@in_each_world
@pytest.mark.parametrize("instead", [None, errors.Unavailable("as the core may say")])
def test_an_interrupted_call_is_told_and_the_interrupt_goes_on(world, instead) -> None:
    call = Told(lambda now: SEND, instead)
    began_at = time.monotonic()

    async def story() -> None:
        with pytest.raises(Interrupted):
            await world.ask(driver(world, Interrupts()).run(call))

    world.play(story)
    assert len(call.at) == 1
    assert call.at[0] >= began_at
    assert call.ended == [True]


@in_each_world_of_tasks
def test_a_cancelled_call_is_told(world) -> None:
    call = Told(lambda now: Wait(now + 30))

    async def story() -> None:
        with anyio.move_on_after(0.02) as scope:
            await driver(world).run(call)
        assert scope.cancelled_caught

    world.play(story)
    assert len(call.at) == 1
    assert call.ended == [True]


@in_each_world
def test_a_call_that_ends_by_itself_is_told_nothing(world) -> None:
    def fails(now):
        try:
            yield Wait(now)
        except GivenUp:
            told.append(True)
        raise errors.Unavailable("as it is")

    told: list[bool] = []

    async def story() -> None:
        with pytest.raises(errors.Unavailable, match="as it is"):
            await world.ask(driver(world).run(fails))

    world.play(story)
    assert told == []


def test_a_call_that_has_not_begun_just_ends() -> None:
    def call(now):
        began.append(True)
        yield Wait(now)

    began: list[bool] = []
    generator = call(0.0)
    give_up(generator)
    assert began == []
    assert list(generator) == []
