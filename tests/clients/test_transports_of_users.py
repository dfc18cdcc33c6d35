"""Both clients over transports that raise anything at all: one error, and never the token."""

from __future__ import annotations

import logging
import pickle
import traceback
from typing import TYPE_CHECKING

import httpx
import pytest

from irclient import Pair, ServiceEndpoint
from irclient.settings import Retries
from tests.weather import listed
from tests.worlds import TOKEN, Records, in_each_world, options

if TYPE_CHECKING:
    from irclient import errors

A = ServiceEndpoint("a", "web", tps=10_000)
B = ServiceEndpoint("b", "web", tps=10_000)


def last_segment(request: httpx.Request) -> str:
    return request.url.path.rpartition("/")[2]


def echo(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=listed(last_segment(request)))


class UnprintableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def chained() -> Exception:
    error = RuntimeError("innocent")
    error.__cause__ = ValueError(f"Bearer {TOKEN}")
    return error


def noted() -> Exception:
    error = RuntimeError("innocent")
    error.add_note(f"sent {TOKEN}")
    return error


RAISED = {
    "with the token": lambda: RuntimeError(f"cannot send Bearer {TOKEN}"),
    "token in the chain": chained,
    "token in a note": noted,
    "token in a group": lambda: ExceptionGroup("group", [ValueError(TOKEN)]),
    "token in an httpx error": lambda: httpx.LocalProtocolError(f"Illegal header {TOKEN!r}"),
    "unprintable": UnprintableError,
    "stop": StopIteration,
    "not HTTP": lambda: KeyError("surprise"),
    "OSError": lambda: OSError(5, "I/O"),
}


@in_each_world
@pytest.mark.parametrize("name", RAISED)
def test_whatever_a_transport_raises_ends_in_one_error_without_the_token(
    world, name, caplog
) -> None:
    caplog.set_level(logging.DEBUG)
    told = Records()

    def fail(request: httpx.Request) -> httpx.Response:
        assert TOKEN in request.headers["authorization"]
        error = RAISED[name]()
        raise error

    async def story() -> errors.IRError:
        settings = options(retries=Retries(max_attempts=2))
        async with world.client(
            Pair(A, B), settings=settings, transport=world.transport(fail), observers=[told]
        ) as ir:
            return await world.error(ir.popular)

    error = world.play(story)
    assert [each.endpoint for each in error.attempts] == ["a/web", "b/web"]
    shown = "".join(traceback.format_exception(error)) + repr(error) + repr(error.attempts)
    assert TOKEN not in shown + caplog.text + repr(told.all)
    assert TOKEN.encode() not in pickle.dumps(error)
    assert repr(pickle.loads(pickle.dumps(error)).attempts) == repr(error.attempts)
    if name == "not HTTP":
        assert isinstance(error.__cause__, KeyError)


@in_each_world
def test_a_transport_that_returns_no_response_ends_in_one_error(world) -> None:
    async def story() -> None:
        async with world.client(A, transport=world.transport(lambda request: None)) as ir:
            error = await world.error(ir.popular)
        assert "NoneType" in str(error)

    world.play(story)
