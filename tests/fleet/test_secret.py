"""What the server of a fleet can learn of users, with a secret and without."""

from __future__ import annotations

import pickle
import secrets
from contextlib import closing
from hashlib import blake2b
from typing import TYPE_CHECKING

import pytest

from irclient import IRClient, ServiceEndpoint, Settings, StaticToken, Throttling
from irclient._core.shared_memory import Finding
from irclient.configuration import Configuration
from irclient.errors import ConfigurationError
from irclient.fleet import RedisFleet
from irclient.queries import Picks, Similar
from irclient.testing import ScriptedService
from tests.fleet.gates import RecordingGate
from tests.fleet.processes import Process, until

if TYPE_CHECKING:
    from tests.fleet.servers import Server

SECRET = "a secret that all processes have"
QUERY = Picks("user-4711")
SETTINGS = Settings(throttling=Throttling(max_wait=2.0))


def guessed(user: str, name: str = "test") -> str:
    """What somebody makes of a guess who knows the fleet's name and reads this library."""
    key = blake2b(f"irclient {name}".encode()).digest()
    return blake2b(user.encode(), key=key, digest_size=16, person=b"user").hexdigest()


@pytest.mark.parametrize("secret", [None, SECRET])
def test_a_guess_can_be_checked_on_the_server_only_without_a_secret(
    server: Server, secret: str | None
) -> None:
    with closing(Process(server, secret=secret)) as one:
        one.ask(QUERY)
        keys = " ".join(server.client().keys("*"))
        assert (guessed("user-4711") in keys) is (secret is None)


def test_processes_with_one_secret_share_and_with_another_do_not(server: Server) -> None:
    with (
        closing(Process(server, secret=SECRET)) as one,
        closing(Process(server, secret=SECRET)) as other,
        closing(Process(server, secret=SECRET + "!")) as stranger,
    ):
        one.ask(QUERY)
        assert other.recall(QUERY).finding is Finding.FRESH
        assert stranger.recall(QUERY).finding is Finding.ASK
        other.shared.forget_user("user-4711")
        until(lambda: one.recall(QUERY).finding is Finding.ASK)


def test_a_secret_is_in_no_repr_no_pickle_and_no_error() -> None:
    fleet = RedisFleet("redis://127.0.0.1", name="shop", workers=1, secret=SECRET)
    assert SECRET not in repr(fleet) + repr(vars(fleet))
    with pytest.raises(TypeError):
        pickle.dumps(fleet)
    for wrong in ("too short", "", 7):
        with pytest.raises(ConfigurationError, match="at least 16 characters") as caught:
            RedisFleet("redis://127.0.0.1", name="shop", workers=1, secret=wrong)
        assert "too short" not in str(caught.value)
        assert "too short" not in str(caught.getrepr(showlocals=True, funcargs=True).reprcrash)


def test_a_configured_secret_stays_in_the_environment() -> None:
    environment = {
        "IRCLIENT_PRIMARY": "contoso-a/web",
        "IRCLIENT_TPS": "100",
        "IRCLIENT_TOKEN": "token",
        "IRCLIENT_FLEET__URL": "redis://127.0.0.1",
        "IRCLIENT_FLEET__NAME": "shop",
        "IRCLIENT_FLEET__WORKERS": "4",
        "IRCLIENT_FLEET__SECRET_ENV": "SHOP_FLEET_SECRET",
    }
    with pytest.raises(ConfigurationError, match="IRCLIENT_FLEET__SECRET_ENV names: secret must"):
        Configuration.from_env(environment)
    configured = Configuration.from_env({**environment, "SHOP_FLEET_SECRET": SECRET})
    assert isinstance(configured.fleet, RedisFleet)
    assert SECRET not in repr(configured)


@pytest.mark.parametrize("secret", [None, SECRET])
def test_nothing_of_a_user_passes_the_wire_in_clear(server: Server, secret: str | None) -> None:
    token = secrets.token_urlsafe(24)
    service = ScriptedService()
    service.on().answer(["1", "2"])
    private = ["user-4711", "seed-4712", "session-4713", token, SECRET]
    with (
        RecordingGate("127.0.0.1", server.port) as gate,
        RedisFleet(gate.url, name="test", workers=1, secret=secret) as fleet,
        IRClient(
            ServiceEndpoint("a", "web", tps=100),
            credential=StaticToken(token),
            settings=SETTINGS,
            fleet=fleet,
            transport=service,
        ) as client,
    ):
        client.fetch(QUERY)
        client.fetch(Similar("seed-4712", user_id="user-4711", session_id="session-4713"))
        client.fetch(Similar("seed-4712", user_id="user-4711"))
        until(lambda: fleet.stats().memory_kept >= 2)
        client.cache.forget_user("user-4711")
        client.cache.forget_item("seed-4712")
        until(lambda: not fleet.shared_memory({"": "x"})._fleet.has_to_send)
        client.fetch(QUERY)
        until(lambda: fleet.stats().memory_kept >= 3)
        recorded = gate.recorded
    assert b"irclient:{test}:u:" in recorded
    assert [each for each in private if each.encode() in recorded] == []


@pytest.mark.parametrize("password", ["hunter2/", "hunter2[", "hunter2#"])
def test_a_url_that_cannot_be_read_is_refused_without_its_password(password: str) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be read.*; percent-encode") as caught:
        RedisFleet(f"redis://:{password}x@redis.test", name="shop", workers=1)
    assert "hunter2" not in str(caught.value)
