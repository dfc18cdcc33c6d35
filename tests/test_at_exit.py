"""A client that is used while the interpreter ends: an answer or an IRError, and an end."""

from __future__ import annotations

import subprocess
import sys

import pytest

COMMON = """
import asyncio, atexit, sys
from irclient import AsyncIRClient, IRClient, IRError, ServiceEndpoint
from irclient import StaticToken
from irclient.queries import Popular

endpoint = ServiceEndpoint("a", "web", tps=10, url="http://localhost:1")


class Fetched:
    def get_token(self, *scopes):
        raise OSError("nobody is there")


client = IRClient(endpoint, credential=StaticToken("token"))
fetching = IRClient(endpoint, credential=Fetched())
of_tasks = AsyncIRClient(endpoint, credential=StaticToken("token"))


def use(client):
    try:
        client.popular()
    except IRError as error:
        print("an IRError", flush=True)


def use_many():
    try:
        client.fetch_many([Popular()] * 3)
    except IRError as error:
        print("an IRError", flush=True)


async def use_async():
    try:
        await of_tasks.popular()
    except IRError as error:
        print("an IRError", flush=True)


class Last:
    def __init__(self, use):
        self.use = use

    def __del__(self):
        self.use()
"""


@pytest.mark.parametrize(
    "program",
    [
        "atexit.register(use, client)",
        "atexit.register(use, fetching)",
        "atexit.register(use_many)",
        "atexit.register(lambda: asyncio.run(use_async()))",
        "sys.modules['last'] = Last(lambda: use(client))",
        "sys.modules['last'] = Last(lambda: use(fetching))",
        "sys.modules['last'] = Last(use_many)",
    ],
)
def test_a_call_at_exit_ends_in_an_irerror(program):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", COMMON + program],
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("an IRError\n", "", 0)
