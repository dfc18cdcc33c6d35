"""``settings.IRCLIENT``: the schema of the file, a file, the environment; and keys of its own."""

from __future__ import annotations

from unittest.mock import ANY

import pytest
from django.core import checks
from django.test import override_settings

from irclient import ConfigurationError, Fallback, ServiceEndpoint
from irclient.integrations.django.configured import as_environment, configured, warm_up_for
from tests.integrations.django.conftest import ACCOUNTS

FILE = """
[[regions]]
[regions.primary]
account = "contoso-f"
name = "web"
tps = 100
[credential]
kind = "token"
token_env = "SHOP_TOKEN"
"""
OBSERVED: list[object] = []


def observer(record: object) -> None:
    OBSERVED.append(record)


def messages():
    return [(type(each), each.id, each.msg) for each in checks.run_checks(tags=["irclient"])]


def refusal(given) -> str:
    with override_settings(IRCLIENT=given), pytest.raises(ConfigurationError) as caught:
        configured()
    return str(caught.value)


def test_the_settings_may_be_the_schema_of_the_file(project) -> None:
    assert configured().configuration.endpoints == ServiceEndpoint("contoso-a", "web", tps=100)
    assert messages() == []


def test_the_settings_may_name_a_file(project, tmp_path) -> None:
    (tmp_path / "irclient.toml").write_text(FILE)
    with override_settings(IRCLIENT={"config": tmp_path / "irclient.toml", "share": "1/4"}):
        read = configured()
    assert read.configuration.endpoints.account == "contoso-f"
    assert read.settings.throttling.share == 0.25
    assert refusal({"config": "x.toml", **ACCOUNTS}) == (
        "IRCLIENT: 'config' names a file, so 'regions', 'credential' must stand in it; "
        "move them there, or leave 'config' out"
    )


def test_without_either_the_environment_says_where_the_accounts_are(project, monkeypatch) -> None:
    monkeypatch.setenv("IRCLIENT_PRIMARY", "contoso-e/web")
    monkeypatch.setenv("IRCLIENT_TPS", "5")
    monkeypatch.setenv("IRCLIENT_TOKEN", "t")
    with override_settings(IRCLIENT={"share": 0.5}):
        assert configured().configuration.endpoints.account == "contoso-e"
        assert as_environment()["IRCLIENT_PRIMARY"] == "contoso-e/web"


def test_a_fallback_and_observers_are_objects_or_their_names(project) -> None:
    given = {
        "fallback": {"items": ["1"]},
        "observers": [f"{__name__}.observer", print],
    }
    with override_settings(IRCLIENT={**ACCOUNTS, **given}):
        read = configured()
    assert read.fallback.items == ("1",)
    assert read.observers == (ANY, print)
    read.observers[0]("seen")
    assert OBSERVED.pop() == "seen"
    with override_settings(IRCLIENT={**ACCOUNTS, "fallback": Fallback()}):
        assert configured().fallback == Fallback()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "IRCLIENT must be a dictionary, got a list"),
        ({**ACCOUNTS, "observers": "print"}, "observers must be a list of functions"),
        ({**ACCOUNTS, "observers": ["no.such.module"]}, "observers: No module named 'no'"),
        ({**ACCOUNTS, "observers": [1]}, "observers: 1 cannot be called"),
        ({**ACCOUNTS, "fallback": {"item": 1}}, "IRCLIENT: Fallback.item is not a setting"),
        ({**ACCOUNTS, "setings": {}}, "IRCLIENT: setings is not a key; did you mean 'settings'?"),
        ({**ACCOUNTS, "sahre": "auto"}, "IRCLIENT: sahre is not a key; did you mean 'share'?"),
        ({"sahre": "auto"}, "IRCLIENT: sahre is not a key; did you mean 'share'?"),
        (
            {**ACCOUNTS, "wallpaper": "blue"},
            "known are regions, credential, settings, fleet, ca_file, observers, config, fallback",
        ),
        ({**ACCOUNTS, "client_secret": "hunter2"}, "a secret does not belong here"),
        ({**ACCOUNTS, "fallback": 7}, "fallback must be a Fallback or a dictionary, got 7"),
        ({**ACCOUNTS, "share": 7}, "share"),
    ],
)
def test_what_cannot_be_used_is_named(project, given, words) -> None:
    assert words in refusal(given)


def test_a_check_says_what_is_wrong_in_the_configurations_own_words(project) -> None:
    with override_settings(IRCLIENT={**ACCOUNTS, "credential": {"kind": "tokn"}}):
        ((kind, code, words),) = messages()
    assert (kind, code) == (checks.Error, "irclient.E001")
    assert words.startswith("IRCLIENT: credential.kind: 'tokn' is not a kind of credential")


def test_an_environment_that_is_not_set_is_only_warned_of(project) -> None:
    with override_settings(IRCLIENT={}):
        ((kind, code, words),) = messages()
    assert (kind, code) == (checks.Warning, "irclient.W002")
    assert "IRCLIENT_PRIMARY" in words


def test_what_the_configuration_warns_of_is_a_warning_of_the_check(project, monkeypatch) -> None:
    monkeypatch.setenv("IRCLIENT_PRIMARY", "contoso-e/web")
    monkeypatch.setenv("IRCLIENT_TPS", "5")
    monkeypatch.setenv("IRCLIENT_TOKEN", "t")
    monkeypatch.setenv("IRCLIENT_WALLPAPER", "blue")
    with override_settings(IRCLIENT={}):
        ((kind, code, words),) = messages()
    assert (kind, code) == (checks.Warning, "irclient.W001")
    assert "IRCLIENT_WALLPAPER" in words


def test_a_command_in_another_process_gets_the_same_accounts(project, monkeypatch) -> None:
    monkeypatch.setenv("IRCLIENT_PRIMARY", "another/web")
    with override_settings(IRCLIENT={**ACCOUNTS, "share": "1/4", "raise": True}):
        ours = {name: value for name, value in as_environment().items() if "IRCLIENT" in name}
    assert ours == {
        "IRCLIENT_REGIONS__0__PRIMARY__ACCOUNT": "contoso-a",
        "IRCLIENT_REGIONS__0__PRIMARY__NAME": "web",
        "IRCLIENT_REGIONS__0__PRIMARY__TPS": "100",
        "IRCLIENT_CREDENTIAL__KIND": "token",
        "IRCLIENT_CREDENTIAL__TOKEN_ENV": "SHOP_TOKEN",
        "IRCLIENT_SHARE": "1/4",
    }
    assert as_environment()["SHOP_TOKEN"] == "t"


@pytest.mark.parametrize(
    ("given", "seconds"), [({}, 0), ({"warm_up": True}, 10), ({"warm_up": 2.5}, 2.5)]
)
def test_a_warm_up_is_asked_for(project, given, seconds) -> None:
    with override_settings(IRCLIENT={**ACCOUNTS, **given}):
        assert warm_up_for() == seconds
