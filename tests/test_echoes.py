"""What a service or a proxy echoes is quoted nowhere: no token, no user, no session."""

from __future__ import annotations

import logging
import pickle

import httpx
import pytest

from irclient import Caching, IRClient, Pair, ServiceEndpoint, Settings, StaticToken, errors
from irclient.observe import LoggingObserver
from irclient.queries import Picks, Similar

TOKEN, USER, SESSION = "sekrit-token-0123456789", "alice@example.com", "session-4711-of-alice"
HOME = Pair(
    ServiceEndpoint("contoso-a", "web", tps=100), ServiceEndpoint("contoso-b", "web", tps=100)
)
ECHOES = {
    "a page of a proxy": lambda r: httpx.Response(502, text=f"<p>{r.headers['authorization']}"),
    "the service's words": lambda r: httpx.Response(
        400, json={"error": {"code": "BadRequest", "message": f"{TOKEN} {USER} {SESSION}"}}
    ),
    "no list": lambda r: httpx.Response(200, text=f"[{TOKEN}] {USER} {SESSION}"),
    "a token that is cut": lambda r: httpx.Response(500, text="x" * 70 + TOKEN),
    "waiting": lambda r: httpx.Response(
        200, json={"items": [], "status": "WaitingForData", "details": f"{TOKEN} for {USER}"}
    ),
    "denied": lambda r: httpx.Response(403, text=f"{USER} {SESSION} {TOKEN}"),
}


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES)
@pytest.mark.parametrize(
    "query",
    [
        Picks(USER, session_id=SESSION),
        Similar("1", params={"userId": USER, "SessionId": SESSION}),
    ],
    ids=["named", "raw"],
)
def test_nothing_private_is_told(echo, query, caplog) -> None:
    told: list[object] = []
    with (
        caplog.at_level(logging.DEBUG),
        IRClient(
            HOME,
            credential=StaticToken(TOKEN),
            transport=httpx.MockTransport(echo),
            settings=Settings(caching=Caching(enabled=False)),
            observers=[told.append, LoggingObserver()],
        ) as ir,
        pytest.raises(errors.IRError) as caught,
    ):
        ir.fetch(query)
    shown = [str(caught.value), repr(caught.value), repr(caught.value.attempts), repr(told)]
    # What httpx itself logs is the URL, which is the application's to set up.
    shown += [record.getMessage() for record in caplog.records if record.name == "irclient"]
    shown.append(pickle.dumps(caught.value).decode("latin-1"))
    for text in shown:
        for private in (TOKEN, TOKEN[:8], USER, SESSION):
            assert private not in text
