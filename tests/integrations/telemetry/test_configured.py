"""Observers that a file or a variable names."""

from __future__ import annotations

import sys

import pytest

from irclient import AsyncIRClient, IRClient
from irclient.configuration import Configuration
from irclient.errors import ConfigurationError
from irclient.integrations.opentelemetry import OpenTelemetry
from irclient.integrations.prometheus import PrometheusObserver
from irclient.observe import LoggingObserver

ONE = {"IRCLIENT_PRIMARY": "a/web", "IRCLIENT_TPS": "10", "IRCLIENT_TOKEN": "t"}


@pytest.mark.parametrize(
    ("names", "kinds"),
    [
        ("opentelemetry", [OpenTelemetry]),
        ("prometheus, logging", [PrometheusObserver, LoggingObserver]),
        ("logging,logging,", [LoggingObserver]),
    ],
)
def test_a_variable_names_observers(names, kinds) -> None:
    read = Configuration.from_env({**ONE, "IRCLIENT_OBSERVERS": names})
    assert [type(each) for each in read.observers] == kinds


def test_there_are_none_unless_they_are_named() -> None:
    assert Configuration.from_env(ONE).observers == ()


@pytest.mark.parametrize("kind", [IRClient, AsyncIRClient])
def test_those_of_the_program_come_after_those_that_are_named(kind, monkeypatch) -> None:
    for name, value in {**ONE, "IRCLIENT_OBSERVERS": "logging"}.items():
        monkeypatch.setenv(name, value)
    own = [print]
    ir = kind.from_env(observers=own)
    assert [type(each) for each in ir._parts.observers] == [LoggingObserver, type(print)]
    with pytest.raises(ConfigurationError, match="observers must be a list"):
        kind.from_env(observers=print)


def test_an_observer_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ConfigurationError) as refused:
        Configuration.from_env({**ONE, "IRCLIENT_OBSERVERS": "opentelemtry"})
    message = str(refused.value)
    assert message.startswith("IRCLIENT_OBSERVERS: there is no observer 'opentelemtry'")
    assert "logging, opentelemetry, prometheus" in message


@pytest.mark.parametrize(
    ("name", "package", "module"),
    [
        ("opentelemetry", "opentelemetry-api", "opentelemetry"),
        ("prometheus", "prometheus-client", "prometheus_client"),
    ],
)
def test_one_that_is_not_installed_says_how_to_install_it(
    name, package, module, monkeypatch
) -> None:
    for loaded in list(sys.modules):
        if loaded.startswith((f"irclient.integrations.{name}", f"{module}.")):
            monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigurationError) as refused:
        Configuration.from_env({**ONE, "IRCLIENT_OBSERVERS": name})
    assert f"needs {package}: pip install 'irclient[{name}]'" in str(refused.value)
