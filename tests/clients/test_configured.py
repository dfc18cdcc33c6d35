"""Clients of a configuration: what is passed goes over it; and how a share may be written."""

from __future__ import annotations

import pytest

from irclient.configuration import Configuration
from irclient.errors import ConfigurationError
from irclient.settings import Caching, Fallback, Settings, Throttling, Timeouts
from irclient.stores import MemoryStore
from irclient.testing import ScriptedService
from tests.test_configuration import FILE, ONE, read_file, refusal
from tests.worlds import in_each_world

__all__ = ["read_file"]


CONFIGURED = (
    FILE
    + """
[settings.timeouts]
deadline = 2.5
attempt = 0.5
[settings.caching]
fresh_for = 7
"""
)


@in_each_world
@pytest.mark.parametrize("by", ["file", "environment", "configuration"])
def test_what_is_passed_to_a_client_goes_over_what_is_configured(
    world, by, tmp_path, monkeypatch
) -> None:
    path = tmp_path / "irclient.toml"
    path.write_text(CONFIGURED)
    monkeypatch.setenv("MY_TOKEN", "hush")
    monkeypatch.setenv("IRCLIENT_CONFIG", str(path))
    service, store, records = ScriptedService(), MemoryStore(max_entries=5), []
    given = {
        "settings": Settings(
            timeouts=Timeouts(deadline=9), throttling=Throttling(max_wait=0.1, adaptive=True)
        ),
        "fallback": Fallback(queries=(), items=["64702"]),
        "store": store,
        "transport": service,
        "observers": [records.append],
    }

    async def story() -> None:
        if by == "configuration":
            ir = world.kind.from_configuration(Configuration.from_file(path), **given)
        else:
            make = world.kind.from_file if by == "file" else world.kind.from_env
            ir = make(path, **given) if by == "file" else make(**given)
        assert ir._settings.timeouts == Timeouts(deadline=9, attempt=0.5)
        assert ir._settings.caching == Caching(fresh_for=7)
        assert ir._settings.throttling.max_wait == 0.1
        await world.ask(ir.popular())
        assert (len(service.requests), len(store)) == (1, 1)
        service.on().respond(503)
        assert (await world.ask(ir.trending())).ids == ["64702"]
        assert records
        await world.close(ir)

    world.play(story)


@in_each_world
def test_a_client_of_a_configuration_alone_is_as_configured(world, tmp_path, monkeypatch) -> None:
    (tmp_path / "irclient.toml").write_text(CONFIGURED)
    monkeypatch.setenv("MY_TOKEN", "hush")

    async def story() -> None:
        ir = world.kind.from_file(tmp_path / "irclient.toml")
        assert ir._settings.timeouts == Timeouts(deadline=2.5, attempt=0.5)
        await world.close(ir)

    world.play(story)


@in_each_world
def test_what_cannot_be_passed_is_refused_for_a_configured_client_too(
    world, tmp_path, monkeypatch
) -> None:
    path = tmp_path / "irclient.toml"
    path.write_text(CONFIGURED)
    monkeypatch.setenv("MY_TOKEN", "hush")
    for name in ("settings", "fallback", "store", "transport", "observers"):
        with pytest.raises(ConfigurationError, match=name.removesuffix("s")):
            world.kind.from_file(path, **{name: 3})


@pytest.mark.parametrize("share", ["1/4", " 1 / 4 ", "0.25", 0.25])
def test_a_share_is_a_part_or_a_number(share) -> None:
    assert Throttling(share=share).share == 0.25
    given = {"IRCLIENT_SETTINGS__THROTTLING__SHARE": str(share)}
    assert Configuration.from_env(ONE | given).settings.throttling.share == 0.25


def test_a_file_may_say_a_share_as_a_part(read_file) -> None:
    read = read_file(FILE + '[settings.throttling]\nshare = "1/8"\n')
    assert read.settings.throttling.share == 0.125


@pytest.mark.parametrize("share", ["1/0", "0/4", "5/4", "a/b", "1/4/2", "-1/4", "1/1e999", "/", ""])
def test_a_share_that_is_none_is_refused_by_its_name(share) -> None:
    with pytest.raises(ConfigurationError, match="share"):
        Throttling(share=share)
    if share:
        given = {"IRCLIENT_SETTINGS__THROTTLING__SHARE": share}
        words = refusal(Configuration.from_env, ONE | given)
        assert "IRCLIENT_SETTINGS__THROTTLING__SHARE" in words


WORKERS = {"WEB_CONCURRENCY": "4", "IRCLIENT_REPLICAS": "2"}


@pytest.mark.parametrize(
    ("variables", "share"),
    [
        ({}, 1.0),
        ({"WEB_CONCURRENCY": "4"}, 0.25),
        ({"IRCLIENT_REPLICAS": "3"}, 1 / 3),
        (WORKERS, 0.125),
        ({"WEB_CONCURRENCY": " 2 ", "IRCLIENT_REPLICAS": ""}, 0.5),
    ],
)
def test_a_share_works_itself_out_of_workers_and_replicas(variables, share, monkeypatch) -> None:
    for name in WORKERS:
        monkeypatch.delenv(name, raising=False)
    configured = Configuration.from_env(ONE | variables | {"IRCLIENT_SHARE": "auto"})
    assert configured.settings.throttling.share == share
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert Throttling(share="auto").share == share


def test_a_file_may_leave_its_share_to_the_environment(read_file, monkeypatch) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "5")
    monkeypatch.delenv("IRCLIENT_REPLICAS", raising=False)
    read = read_file(FILE + '[settings.throttling]\nshare = "auto"\n')
    assert read.settings.throttling.share == 0.2


@pytest.mark.parametrize("count", ["0", "-1", "four", "1.5", "²"])
@pytest.mark.parametrize("variable", WORKERS)
def test_a_number_of_workers_that_is_none_is_refused_by_its_name(
    variable, count, monkeypatch
) -> None:
    said = f"{variable} must be a whole number of at least 1"
    with pytest.raises(ConfigurationError, match=said):
        Configuration.from_env(ONE | {"IRCLIENT_SHARE": "auto", variable: count})
    monkeypatch.setenv(variable, count)
    with pytest.raises(ConfigurationError, match=said):
        Throttling(share="auto")


def test_the_replicas_are_no_key_and_a_misspelling_of_them_is_noticed() -> None:
    Configuration.from_env(ONE | {"IRCLIENT_REPLICAS": "2"})
    with pytest.raises(ConfigurationError, match="did you mean 'IRCLIENT_REPLICAS'"):
        Configuration.from_env(ONE | {"IRCLIENT_REPLICA": "2"})


def test_the_short_form_of_the_share_takes_a_part() -> None:
    configured = Configuration.from_env(ONE | {"IRCLIENT_SHARE": "1/8"})
    assert configured.settings.throttling.share == 0.125
