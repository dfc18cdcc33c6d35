"""Settings that are allowed and hardly meant are found by the doctor."""

from __future__ import annotations

import pytest

from irclient.cli.doctor.finding import Verdict
from irclient.cli.doctor.settings import examine_settings
from irclient.settings import Settings, Throttling, Timeouts
from irclient.topology import ServiceEndpoint


def findings(*, tps: float = 100, share: float = 1.0, deadline: float = 3.0):
    settings = Settings(throttling=Throttling(share=share), timeouts=Timeouts(deadline=deadline))
    return [*examine_settings(settings, [ServiceEndpoint("a", "web", tps=tps)])]


@pytest.mark.parametrize(("tps", "share"), [(3, 0.25), (1, 0.5), (100, 0.005)])
def test_less_than_one_request_a_second_is_warned_of_with_what_to_do(tps, share) -> None:
    (finding,) = findings(tps=tps, share=share)
    assert (finding.check, finding.subject, finding.verdict) == (
        "share",
        "a/web",
        Verdict.WARNING,
    )
    assert f"tps {tps:g} × share {share:.3g}" in finding.saw
    assert f"run at most {tps} such processes" in (finding.advice or "")


@pytest.mark.parametrize(("tps", "share"), [(4, 0.25), (0.5, 1.0), (3, 1 / 3)])
def test_a_share_that_can_be_kept_to_is_no_finding(tps, share) -> None:
    assert not findings(tps=tps, share=share)


@pytest.mark.parametrize(
    ("deadline", "minutes", "meant"), [(500, 8, "0.5"), (2500, 42, "2.5"), (30_000, 500, "30")]
)
def test_a_deadline_that_was_given_in_milliseconds_is_warned_of(deadline, minutes, meant) -> None:
    (finding,) = findings(deadline=deadline)
    assert (finding.check, finding.verdict) == ("timeouts", Verdict.WARNING)
    assert finding.saw == f"a call may take {deadline} seconds, {minutes} minutes"
    assert (finding.advice or "").startswith(f"write {meant} if milliseconds were meant; ")


@pytest.mark.parametrize("deadline", [30, 60, 120, 300])
def test_a_deadline_of_a_report_or_a_notebook_is_no_finding(deadline) -> None:
    assert not findings(deadline=deadline)
