"""Errors say who must act, and list every attempt of the call."""

import logging

from irclient import (
    AccessDenied,
    AuthenticationError,
    IRClient,
    IRError,
    NotReady,
    QueryError,
    StaticToken,
    Throttled,
    Unavailable,
)
from irclient.testing import ScriptedService, example_pair, quick_settings

# The made-up 429s below would make the client warn that others use the endpoint's TPS.
logging.getLogger("irclient").addHandler(logging.NullHandler())

SITUATIONS = (
    ("both accounts are down", lambda script: script.refuse(), Unavailable),
    ("both are at their TPS", lambda script: script.throttle(retry_after=30), Throttled),
    ("neither has cooked yet", lambda script: script.not_cooked(), NotReady),
    ("the App ID is not allowed", lambda script: script.fail(403), AccessDenied),
    ("the token is not accepted", lambda script: script.fail(401), AuthenticationError),
    ("the service refuses the query", lambda script: script.fail(400), QueryError),
)


def client(service: ScriptedService) -> IRClient:
    """A client on a service without a network."""
    return IRClient(
        example_pair(),
        credential=StaticToken("token"),
        settings=quick_settings(),
        transport=service,
    )


for situation, happens, kind in SITUATIONS:
    service = ScriptedService(example_pair())
    happens(service.on())
    with client(service) as ir:
        try:
            ir.popular(count=1)
        except IRError as error:
            if type(error) is not kind:
                raise
            print(f"{situation}: {kind.__name__}\n  {error}")
            for attempt in error.attempts:
                print(f"  - {attempt}")
        else:
            raise AssertionError(f"{situation}, and yet a list came")

service = ScriptedService(example_pair())
with client(service) as ir:
    for wrong in ({"count": 0}, {"filters": {"count": "5"}}, {"user_id": ""}):
        try:
            ir.popular(**wrong)
        except QueryError as error:
            print(f"refused before anything is sent: {error}")
    assert not service.requests
