"""What is decided, without sending anything: a whole call, its token, its verdict, its list."""

from __future__ import annotations

import json
import time
from importlib import import_module
from itertools import cycle
from typing import TYPE_CHECKING, Any, Final

from benchmarks.measuring import gather, timed
from benchmarks.rivals import OURS, Token, home, installed
from benchmarks.server import BODY, body_of
from irclient._clients.assembly import assemble
from irclient._core.call import call
from irclient._core.protocol import Resumed, Send
from irclient._core.verdict import judge
from irclient._wire.reading import read_list
from irclient._wire.responses import Response
from irclient.auth.exchange import FetchedToken
from irclient.auth.tokens import TokenRecord
from irclient.queries import Similar
from irclient.settings import Caching, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.measuring import Extent, Result

__all__ = ["CASE", "decisions"]

CASE: Final = "decisions of an uncached call"
_JSON: Final = "json.loads"
_ANSWERED: Final = Response(200, {"content-type": "application/json"}, BODY, 0.0)


def decisions(base: str, extent: Extent) -> list[Result]:
    """What the core costs, as a whole and part by part."""
    parse = {f"a list of {items:,}": _parsing(body_of(items), extent) for items in (10, 100, 1_000)}
    cases: dict[str, Mapping[str, Any]] = {
        CASE: {
            OURS: timed(_whole_call(base), extent),
            "of which the list": timed(lambda: read_list(BODY), extent),
        },
        "verdict": {
            OURS: timed(lambda: judge(_SIMILAR, _ANSWERED), extent),
            _JSON: timed(lambda: json.loads(BODY), extent),
        },
        **parse,
        "token at hand": _tokens(extent),
    }
    return [
        result
        for case, contestants in cases.items()
        for result in gather("decisions", case, contestants, extent)
    ]


_SIMILAR: Final = Similar("64702", count=10)


def _whole_call(base: str) -> Callable[[], object]:
    settings = Settings(caching=Caching(max_entries=100))
    state = assemble(home(base), Token(), settings, None, ())
    # More than are remembered, so that each is asked anew.
    following = cycle([Similar(str(number), count=10) for number in range(1_000)]).__next__
    work = state.tokens.read(time.monotonic()).work
    assert work is not None
    work(lambda _: None)

    def decide() -> object:
        generator = call(following(), state, settings, time.monotonic())
        command = next(generator)
        assert isinstance(command, Send)
        try:
            generator.send(Resumed(time.monotonic(), _ANSWERED))
        except StopIteration as end:
            return end.value
        raise AssertionError("an uncached call asks once")

    return decide


def _parsing(body: bytes, extent: Extent) -> Mapping[str, Any]:
    return {
        OURS: timed(lambda: read_list(body), extent),
        _JSON: timed(lambda: json.loads(body), extent),
    }


def _tokens(extent: Extent) -> Mapping[str, Any]:
    contestants = {OURS: timed(_token_read(), extent)}
    if installed("msal"):
        contestants["msal"] = timed(_msal_read(), extent)
    return contestants


def _token_read() -> Callable[[], object]:
    record = TokenRecord(lambda *_: FetchedToken("token", 3_600.0, None))
    work = record.read(time.monotonic()).work
    assert work is not None
    work(lambda _: None)
    return lambda: record.read(time.monotonic()).token


class _Entra:
    """As much of Entra as msal asks for, in this process."""

    status_code = 200
    headers: Final[dict[str, str]] = {}

    def __init__(self) -> None:
        url = "https://login.microsoftonline.com/tenant"
        self.text = json.dumps({
            "authorization_endpoint": f"{url}/authorize", "token_endpoint": f"{url}/token",
            "issuer": f"{url}/v2.0", "access_token": "token", "expires_in": 3_600,
            "token_type": "Bearer",
        })  # fmt: skip

    def get(self, *_: object, **__: object) -> _Entra:
        return self

    post = get

    def raise_for_status(self) -> None:
        pass

    def close(self) -> None:
        pass


def _msal_read() -> Callable[[], object]:
    msal = import_module("msal")
    app: Any = msal.ConfidentialClientApplication(
        "client",
        client_credential="secret",
        authority="https://login.microsoftonline.com/tenant",
        http_client=_Entra(),
        instance_discovery=False,
    )
    scopes = ["api/.default"]
    assert app.acquire_token_for_client(scopes)["access_token"] == "token"
    return lambda: app.acquire_token_for_client(scopes)["access_token"]
