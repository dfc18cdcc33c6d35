"""Logging in with Entra's tokens, at a server that asks for a user and a password."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest
from azure.core.exceptions import ClientAuthenticationError

from irclient import ServiceEndpoint, StaticToken
from irclient._values.secret import Secret
from irclient.configuration import Configuration
from irclient.emulator import Emulator
from irclient.errors import AuthenticationError, ConfigurationError
from irclient.fleet import RedisFleet
from irclient.fleet.entra import REDIS_SCOPE, EntraLogin, object_id
from tests.fleet.gates import RecordingGate
from tests.fleet.test_weathers import mode, until, use

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fleet.servers import Server

OID = "6ad1e2ee-0000-4000-8000-5f7f6a1c0001"
AT = ServiceEndpoint("a", "web", tps=100, url="http://127.0.0.1:1")


def jwt(**claims: object) -> str:
    parts = [json.dumps({"alg": "none"}), json.dumps(claims)]
    encoded = [base64.urlsafe_b64encode(each.encode()).decode().rstrip("=") for each in parts]
    return ".".join([*encoded, "signature"])


class Token(NamedTuple):
    token: str
    expires_on: float
    refresh_on: float


class Identity:
    """A credential of azure-identity's kind, whose tokens the server knows as soon as it does.

    Args:
        server: Where its user's password is the last token.
        lives_for: Seconds that its tokens live.
    """

    def __init__(self, server: Server, *, lives_for: float = 3600.0) -> None:
        self._server, self._lives_for = server, lives_for
        self.tokens = list[str]()
        self.scopes = list[str]()
        self.is_out = False

    def get_token(self, scope: str) -> Token:
        return self.get_token_info(scope)

    def get_token_info(self, scope: str) -> Token:
        if self.is_out:
            raise ClientAuthenticationError("no")
        self.scopes.append(scope)
        token = jwt(oid=OID, number=len(self.tokens))
        self.tokens.append(token)
        self.admit()
        now = time.time()
        return Token(token, now + self._lives_for, now + self._lives_for / 8)

    def admit(self) -> None:
        self._server.client().acl_setuser(
            OID, enabled=True, reset_passwords=True, passwords=[f"+{self.tokens[-1]}"],
            keys=["*"], commands=["+@all"],
        )  # fmt: skip


@pytest.fixture
def identity(server: Server) -> Identity:
    return Identity(server, lives_for=4.0)


def test_a_token_logs_in_and_the_next_one_on_the_same_connection(
    server: Server, identity: Identity
) -> None:
    with (
        RecordingGate("127.0.0.1", server.port) as gate,
        RedisFleet(gate.url, name="test", workers=2, credential=identity) as fleet,
    ):
        allowance = fleet.allowance(AT, adaptive=True)
        use(allowance)
        until(lambda: mode(allowance) == "shared")
        connections, lost = gate.connections, fleet.stats().lost
        modes = set[str | None]()

        def watch() -> bool:
            modes.add(mode(allowance))
            return len(identity.tokens) >= 4

        until(watch, within=8.0)
        until(lambda: identity.tokens[2].encode() in gate.recorded)
        assert gate.connections == connections
        assert (fleet.stats().lost, modes) == (lost, {"shared"})
        assert not any(each in repr(fleet) for each in identity.tokens)
    assert set(identity.scopes) == {REDIS_SCOPE}
    assert gate.recorded.count(OID.encode()) >= 3


def test_a_token_that_the_server_no_longer_accepts_is_put_aside(server: Server) -> None:
    identity = Identity(server)
    with RedisFleet(server.url, name="test", workers=2, credential=identity) as fleet:
        allowance = fleet.allowance(AT, adaptive=True)
        use(allowance)
        until(lambda: mode(allowance) == "shared")
        own = server.client()
        own.acl_setuser(OID, enabled=True, reset_passwords=True, passwords=["+revoked"])
        own.client_kill_filter(_type="normal", skipme=True)
        until(lambda: len(identity.tokens) == 2)
        until(lambda: mode(allowance) == "shared")


def test_a_token_that_cannot_be_had_leaves_the_process_alone(server: Server) -> None:
    identity = Identity(server)
    identity.is_out = True
    with RedisFleet(server.url, name="test", workers=2, credential=identity) as fleet:
        allowance = fleet.allowance(AT, adaptive=True)
        began_at = time.monotonic()
        use(allowance)
        assert time.monotonic() - began_at < 1.0
        assert mode(allowance) == "alone"


@pytest.mark.emulator
def test_the_tokens_of_the_clients_credential_are_asked_for_redis(
    server: Server, tmp_path: Path
) -> None:
    with Emulator(cache_folder=tmp_path) as emulator:
        credential = emulator.credential()
        login = EntraLogin(credential, url=server.url, patience=10.0)
        user, token = login.get_credentials()
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        assert claims["aud"] == REDIS_SCOPE.removesuffix("/.default")
        assert user == claims["oid"]
        # Any token of this user: what Azure's server checks, this one cannot.
        server.client().acl_setuser(user, enabled=True, nopass=True, keys=["*"], commands=["+@all"])
        server.client().acl_setuser("default", enabled=True, nopass=True, commands=["-eval"])
        with RedisFleet(server.url, name="test", workers=1, credential=credential) as fleet:
            allowance = fleet.allowance(AT, adaptive=True)
            use(allowance)
            until(lambda: mode(allowance) == "shared")


def test_what_is_configured_logs_in_with_the_credential_of_the_calls() -> None:
    environment = {
        "IRCLIENT_PRIMARY": "contoso-a/web",
        "IRCLIENT_TPS": "100",
        "IRCLIENT_CREDENTIAL__KIND": "key_vault",
        "IRCLIENT_CREDENTIAL__VAULT_URL": "https://contoso.vault.azure.net",
        "IRCLIENT_CREDENTIAL__SECRET_NAME": "ir-web",
        "IRCLIENT_CREDENTIAL__TENANT_ID": "contoso.example",
        "IRCLIENT_CREDENTIAL__CLIENT_ID": "app",
        "IRCLIENT_FLEET__URL": "rediss://contoso.redis.example:6380/0",
        "IRCLIENT_FLEET__NAME": "shop",
        "IRCLIENT_FLEET__WORKERS": "4",
        "IRCLIENT_FLEET__LOGIN": "entra",
    }
    fleet = Configuration.from_env(environment).fleet
    assert isinstance(fleet, RedisFleet)
    environment["IRCLIENT_FLEET__URL"] = "redis://contoso.redis.example:6379/0"
    with pytest.raises(ConfigurationError, match=r"IRCLIENT_FLEET__URL: .*rediss://"):
        Configuration.from_env(environment)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"url": "redis://contoso.example:6380"}, "must begin with rediss://"),
        ({"url": "rediss://me:hush@contoso.example:6380"}, "holds a password"),
        ({"url": "rediss://me:hush[@contoso.example:6380"}, "percent-encode"),
        ({"connect": lambda: None}, "goes with a url"),
    ],
)
def test_what_does_not_go_with_a_credential_is_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        RedisFleet(**given, name="x", workers=1, credential=StaticToken("a.b.c"))
    assert "hush" not in str(caught.value)


def test_a_user_in_the_url_wins_over_the_token_and_one_must_be_known() -> None:
    login = EntraLogin(StaticToken("opaque"), url="rediss://me@contoso.example", patience=0.1)
    assert login.get_credentials() == ("me", "opaque")
    assert "opaque" not in repr(login)
    for token in ("opaque", jwt(sub="x"), "a.b.c", jwt(oid=7)):
        with pytest.raises(AuthenticationError, match="rediss://OBJECT-ID@HOST:PORT") as caught:
            object_id(Secret(token))
        assert token not in str(caught.value)
