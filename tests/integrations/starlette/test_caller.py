"""A client for one request: it is the client, and its calls end when the sender goes."""

from __future__ import annotations

from contextlib import suppress

import anyio
import pytest

from irclient import AsyncIRClient, Caching, IRError, StaticToken, Unavailable
from irclient.integrations.starlette import SenderGone
from irclient.integrations.starlette.caller import client_for
from irclient.integrations.starlette.presence import Presence
from irclient.queries import Popular, Similar
from irclient.testing import ScriptedService, example_pair, quick_settings


class Sender:
    """Somebody who stays until told to go."""

    def __init__(self):
        self.left = anyio.Event()
        self.presence = Presence(self.receive, None)

    async def receive(self):
        await self.left.wait()
        return {"type": "http.disconnect"}


@pytest.fixture(params=["asyncio", "trio"])
def run(request):
    return lambda function: anyio.run(function, backend=request.param)


def world():
    service = ScriptedService(example_pair())
    client = AsyncIRClient(
        example_pair(),
        credential=StaticToken("token"),
        settings=quick_settings(),
        transport=service,
    )
    sender = Sender()
    return service, client, sender, client_for(sender.presence, client)


def test_it_answers_as_the_client_does(run) -> None:
    async def body():
        service, client, _, ir = world()
        service.on().answer(ids=["1", "2", "3"])
        assert isinstance(ir, AsyncIRClient)
        assert repr(ir) == repr(client)
        assert (await ir.similar("7", count=2)).ids == ["1", "2"]
        assert (await ir.with_options(deadline=1.0).popular()).ids == ["1", "2", "3"]
        assert [each.id async for each in ir.items(Popular(), page_size=2)] == ["1", "2", "3"]
        assert [len(await ir.fetch_many([Popular(), Similar("7")]))] == [2]
        assert {query async for query, _ in ir.fetch_each([Popular()])} == {Popular()}
        assert ir.stats() == client.stats()

    run(body)


def test_an_error_of_a_call_comes_as_itself(run) -> None:
    async def body():
        service, *_, ir = world()
        service.on().fail(503)
        with pytest.raises(Unavailable) as caught:
            await ir.popular()
        assert caught.value.attempts

    run(body)


def test_a_call_ends_when_the_sender_goes_and_the_handler_goes_on(run) -> None:
    async def body():
        service, client, sender, ir = world()
        service.on().hang()
        went_on = False

        async def handle():
            nonlocal went_on
            async with sender.presence.looked_after():
                with pytest.raises(SenderGone):
                    await ir.with_options(deadline=30.0).popular()
                await anyio.lowlevel.checkpoint()
                with pytest.raises(SenderGone):
                    await ir.trending()
                went_on = True

        with anyio.fail_after(5):
            async with anyio.create_task_group() as group:
                group.start_soon(handle)
                await anyio.sleep(0.02)
                sender.left.set()
        assert went_on
        assert {sent.operation for sent in service.requests} == {"popular"}
        assert client.stats().cancelled == 1

    run(body)


def test_an_iteration_ends_when_the_sender_goes(run) -> None:
    async def body():
        service, _, sender, ir = world()
        service.on().hang()
        sender.left.set()
        for each in (ir.items(Popular()), ir.fetch_each([Popular()])):
            async with sender.presence.looked_after():
                with pytest.raises(SenderGone):
                    await anext(each)

    run(body)


def test_a_cancelled_handler_is_cancelled_and_not_told_of_a_sender(run) -> None:
    async def body():
        service, _, sender, ir = world()
        service.on().hang()
        async with sender.presence.looked_after():
            with anyio.move_on_after(0.02) as scope, suppress(IRError, SenderGone):
                await ir.popular()
        assert scope.cancelled_caught

    run(body)


def test_an_answer_from_memory_does_not_look_for_the_sender(run) -> None:
    async def body():
        _, client, sender, _ = world()
        remembering = client.with_options(caching=Caching())
        await remembering.popular()
        sender.left.set()
        async with sender.presence.looked_after():
            ir = client_for(sender.presence, remembering)
            assert (await ir.popular()).served.source == "cache"
            assert not sender.presence._calls
            assert sender.presence._goodbye is None

    run(body)


def test_a_call_after_the_request_is_a_call_as_any_other(run) -> None:
    async def body():
        _, _, sender, ir = world()
        async with sender.presence.looked_after():
            await ir.popular()
        sender.left.set()
        assert (await ir.popular()).ids

    run(body)


def test_an_error_of_the_application_comes_as_itself(run) -> None:
    async def body():
        sender = Sender()
        with pytest.raises(LookupError, match="of the application"):
            async with sender.presence.looked_after():
                raise LookupError("of the application")

    run(body)
