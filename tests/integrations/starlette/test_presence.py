"""Presence: messages reach the application in their order, and a sender who goes is noticed."""

from __future__ import annotations

import anyio
import pytest

from irclient.integrations.starlette.presence import Presence

GOODBYE = {"type": "http.disconnect"}
WHOLE = {"type": "http.request", "body": b"", "more_body": False}
PART = {"type": "http.request", "body": b"part", "more_body": True}
ANSWERED = {"type": "http.response.body", "body": b"", "more_body": False}


class Server:
    """Says what it is told to; waits when there is nothing left."""

    def __init__(self, *messages):
        self.messages = list(messages)
        self.sent = []
        self.more = anyio.Event()

    async def receive(self):
        while not self.messages:
            await self.more.wait()
        return self.messages.pop(0)

    async def send(self, message):
        self.sent.append(message)

    def say(self, message):
        self.messages.append(message)
        self.more.set()


def presence_of(server):
    return Presence(server.receive, server.send)


async def notices(presence) -> bool:
    with anyio.move_on_after(0.05):
        await presence.gone()
        return True
    return False


@pytest.fixture(params=["asyncio", "trio"])
def run(request):
    return lambda function: anyio.run(function, backend=request.param)


def test_a_sender_who_stays_is_not_said_to_be_gone(run) -> None:
    async def body():
        presence = presence_of(Server(WHOLE))
        assert not await notices(presence)
        assert await presence.receive() == WHOLE

    run(body)


def test_a_sender_who_goes_is_noticed_and_the_application_still_gets_everything(run) -> None:
    async def body():
        presence = presence_of(Server(WHOLE, GOODBYE))
        assert await notices(presence)
        assert await notices(presence)
        assert [await presence.receive() for _ in range(3)] == [WHOLE, GOODBYE, GOODBYE]

    run(body)


def test_a_sender_who_goes_while_somebody_waits_is_noticed(run) -> None:
    async def body():
        server = Server(WHOLE)
        presence = presence_of(server)
        async with anyio.create_task_group() as group:
            group.start_soon(presence.gone)
            await anyio.wait_all_tasks_blocked()
            server.say(GOODBYE)

    run(body)


def test_no_more_than_one_part_of_a_body_is_read_ahead(run) -> None:
    async def body():
        server = Server(PART, PART, WHOLE)
        presence = presence_of(server)
        assert not await notices(presence)
        assert len(server.messages) == 2
        assert [await presence.receive() for _ in range(3)] == [PART, PART, WHOLE]

    run(body)


def test_what_was_read_ahead_is_handed_out_while_somebody_waits(run) -> None:
    async def body():
        presence = presence_of(Server(WHOLE))
        async with anyio.create_task_group() as group:
            group.start_soon(presence.gone)
            await anyio.wait_all_tasks_blocked()
            with anyio.fail_after(1):
                assert await presence.receive() == WHOLE
            group.cancel_scope.cancel()

    run(body)


def test_after_the_answer_a_goodbye_says_nothing_about_the_sender(run) -> None:
    async def body():
        server = Server(WHOLE)
        presence = presence_of(server)
        await presence.send({**ANSWERED, "more_body": True})
        await presence.send(ANSWERED)
        server.say(GOODBYE)
        assert not await notices(presence)
        assert server.sent[-1] == ANSWERED

    run(body)
