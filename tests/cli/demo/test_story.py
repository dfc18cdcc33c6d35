"""The whole story, on a pair without sockets and with quick acts."""

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from irclient.cli.demo.screen import LiveScreen, PlainScreen, SilentScreen
from irclient.cli.demo.story import tell_story
from tests.cli.conftest import TOKEN
from tests.cli.demo.fake_emulator import FakeEmulator
from tests.cli.demo.quick_plot import QUICK


def test_no_call_fails_and_traffic_goes_home_after_each_outage():
    emulator = FakeEmulator()

    summary = tell_story(emulator, SilentScreen(), QUICK)

    assert emulator.account("contoso-a").faults == ["down", "black-hole"]
    assert summary.kept_its_promise
    assert (summary.failed, summary.errors) == (0, ())
    assert set(summary.by_account) == {"contoso-a", "contoso-b"}
    assert [each.fault for each in summary.outages] == ["down", "black-hole"]
    assert summary.failed_over > 0


def test_failed_calls_are_counted_and_break_the_promise():
    emulator = FakeEmulator(both_fail=True)
    plot = replace(QUICK, outages={"down": "refuses"})

    summary = tell_story(emulator, SilentScreen(), plot)

    assert summary.failed > 0
    assert summary.errors[0].startswith("Unavailable: ")
    assert not summary.kept_its_promise


def test_an_outage_that_ends_no_traffic_is_not_called_a_return():
    plot = replace(QUICK, outages={"nothing at all": "works on"}, patience=0.1)

    summary = tell_story(FakeEmulator(), SilentScreen(), plot)

    assert summary.failed == 0
    assert not summary.went_home


@pytest.mark.parametrize("terminal", [True, False])
def test_the_audience_sees_links_titles_acts_and_figures(terminal):
    console = Console(file=StringIO(), width=150, force_terminal=terminal, color_system=None)
    screen = LiveScreen(console) if terminal else PlainScreen(console, every=0.01)

    summary = tell_story(FakeEmulator(), screen, replace(QUICK, outages={"down": "refuses"}))

    shown = console.file.getvalue()
    assert "contoso-a/web answered 200" in shown
    assert "Green jacket" in shown
    assert "contoso-a refuses" in shown
    assert "comes home little by little" in shown
    [figure] = [line for line in shown.splitlines() if "calls answered" in line]
    assert figure.split()[4] == str(summary.answered)
    assert TOKEN not in shown
