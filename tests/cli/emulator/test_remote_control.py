"""Changing a local service from another process."""

import json

import httpx
import pytest

from irclient.cli.emulator.remote_control import RemoteControl
from irclient.errors import ConfigurationError, QueryError, Unavailable, UnexpectedAnswer


@pytest.fixture
def control(service):
    service.answers["/"] = (200, {"accounts": {}})
    return RemoteControl(service.url)


@pytest.mark.parametrize(
    ("act", "sent", "body"),
    [
        (lambda it: it.state(), ("GET", "/state"), None),
        (lambda it: it.fail("a", "down"), ("POST", "/accounts/a/fault"), {"fault": "down"}),
        (lambda it: it.fail("key_vault", "down"), ("POST", "/key-vault/fault"), {"fault": "down"}),
        (lambda it: it.heal("entra"), ("DELETE", "/entra/fault"), None),
        (lambda it: it.heal("a/b"), ("DELETE", "/accounts/a%2Fb/fault"), None),
        (lambda it: it.cook("a", None), ("POST", "/accounts/a/cook"), {}),
        (lambda it: it.cook("a", "m"), ("POST", "/accounts/a/cook"), {"modeling": "m"}),
        (lambda it: it.cook("entra", None), ("POST", "/accounts/entra/cook"), {}),
        (lambda it: it.uncook("a", "m"), ("POST", "/accounts/a/uncook"), {"modeling": "m"}),
        (lambda it: it.deny("a", None), ("POST", "/accounts/a/deny"), {}),
        (lambda it: it.allow("a", "i"), ("POST", "/accounts/a/allow"), {"app_id": "i"}),
        (lambda it: it.expire_secret(), ("POST", "/entra/expire"), None),
        (lambda it: it.revoke_tokens(), ("POST", "/entra/revoke"), None),
        (lambda it: it.disable_secret(), ("POST", "/key-vault/disable"), None),
        (lambda it: it.update_vault(), ("POST", "/key-vault/update"), None),
        (lambda it: it.rotate_secret(vault="stale"), ("POST", "/entra/rotate"), {"vault": "stale"}),
    ],
)
def test_each_change_is_one_request(service, control, act, sent, body):
    assert act(control) == {"accounts": {}}

    assert service.requests == [sent]
    assert (json.loads(service.bodies[0]) if service.bodies[0] else None) == body


def test_a_refusal_says_what_the_service_said(service, control):
    service.answers["/"] = (400, {"error": "there is no account 'x'"})

    with pytest.raises(QueryError, match="there is no account 'x'"):
        control.heal("x")


def test_something_else_on_the_port_is_no_control_api(service, control):
    service.answers["/"] = (200, ["no state"])

    with pytest.raises(UnexpectedAnswer, match="is no control API"):
        control.state()


def test_nothing_on_the_port_says_how_to_start_one(service):
    control = RemoteControl("http://127.0.0.1:1")

    with pytest.raises(Unavailable, match="start one with `irclient emulator`"):
        control.state()


@pytest.mark.parametrize(
    "url",
    [
        "http://example.test:8410",
        "https://127.0.0.1:1",
        "8410",
        "",
        "http://[::1",
        "http://127.0.0.1:x",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:1/\0",
        "http://127.0.0.1:1\n",
    ],
)
def test_only_loopback_is_ever_changed(url, monkeypatch):
    monkeypatch.setattr(httpx, "Client", None)

    with pytest.raises(ConfigurationError, match="--control must be like"):
        RemoteControl(url)


@pytest.mark.parametrize(
    "url",
    ["http://me:hunter2@host", "http://me:hunter2@127.0.0.1:1", "http://127.0.0.1:1/hunter2@host"],
)
def test_a_password_in_the_url_is_refused_and_not_shown(url):
    with pytest.raises(ConfigurationError, match=r"--control must be like .*, got '…@") as caught:
        RemoteControl(url).state()
    assert "hunter2" not in str(caught.value)
