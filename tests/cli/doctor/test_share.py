"""A share of the TPS that is less than a request a second is found by the doctor."""

from __future__ import annotations

import pytest

from irclient.cli.doctor.examination import _examine_share
from irclient.cli.doctor.finding import Verdict
from irclient.topology import ServiceEndpoint


@pytest.mark.parametrize(("tps", "share"), [(3, 0.25), (1, 0.5), (100, 0.005)])
def test_less_than_one_request_a_second_is_warned_of_with_what_to_do(tps, share) -> None:
    (finding,) = _examine_share(ServiceEndpoint("a", "web", tps=tps), share)
    assert (finding.check, finding.subject, finding.verdict) == (
        "share",
        "a/web",
        Verdict.WARNING,
    )
    assert f"tps {tps:g} × share {share:.3g}" in finding.saw
    assert f"run at most {tps} such processes" in finding.advice


@pytest.mark.parametrize(("tps", "share"), [(4, 0.25), (0.5, 1.0), (3, 1 / 3)])
def test_a_share_that_can_be_kept_to_is_no_finding(tps, share) -> None:
    assert not [*_examine_share(ServiceEndpoint("a", "web", tps=tps), share)]
