"""The demo as a command: the real chain over real sockets, with acts that last a moment."""

from dataclasses import replace

import pytest

from irclient.cli.demo.plot import Plot
from tests.cli.conftest import run
from tests.cli.demo.quick_plot import QUICK

pytest.importorskip("irclient.emulator")

pytestmark = pytest.mark.emulator


@pytest.fixture
def environment(cache, monkeypatch):
    # Room for a busy machine: an attempt that is late for no reason would count as a failure.
    timeouts = QUICK.settings.timeouts.model_copy(update={"attempt": 0.3})
    settings = QUICK.settings.model_copy(update={"timeouts": timeouts})
    monkeypatch.setattr(Plot, "usual", lambda: replace(QUICK, settings=settings, rate=80.0))
    return {"XDG_CACHE_HOME": str(cache)}


def test_no_call_fails_and_the_figures_are_one_json_document(environment):
    result = run("demo", "--json", env=environment)

    assert result.code == 0, result.out + result.err
    figures = result.json
    assert figures["ok"] is True
    assert figures["failed"] == 0
    assert set(figures["by_account"]) == {"contoso-a", "contoso-b"}
    assert [each["fault"] for each in figures["outages"]] == ["down", "black-hole"]


def test_the_whole_chain_is_told_without_a_terminal(environment):
    shown = run("demo", env=environment).out

    for words in (
        "Key Vault gave the secret 'ir-web' (not shown)",
        "Entra gave a token for it that lives 3600 s (not shown)",
        "contoso-a/web answered 200",
        "AsyncIRClient had 'Trending' from contoso-a",
        "contoso-a hangs",
        "failed 0",
        "No call failed, and all traffic went home.",
    ):
        assert words in shown


def test_a_promise_that_is_not_kept_is_exit_code_1(environment, monkeypatch):
    plot = replace(Plot.usual(), outages={"slow:0": "works on"}, patience=0.1)
    monkeypatch.setattr(Plot, "usual", lambda: plot)

    result = run("demo", "--json", env=environment)

    assert (result.code, result.json["ok"]) == (1, False)
