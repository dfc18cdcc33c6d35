"""What the doctor says about clocks."""

import pytest

from irclient.cli.doctor.clock import examine_clock
from irclient.cli.doctor.finding import Verdict


def test_without_a_date_there_is_nothing_to_say():
    assert examine_clock({}) is None


@pytest.mark.parametrize(
    ("seconds", "verdict", "saw"),
    [
        (0.0, Verdict.GOOD, "agrees with Entra"),
        (-29.0, Verdict.GOOD, "agrees with Entra"),
        (45.0, Verdict.WARNING, "45 s ahead of the clock of Entra"),
        (-200.0, Verdict.WARNING, "3 min behind the clock of Entra"),
        (7_260.0, Verdict.WRONG, "2 h 1 min ahead of the clock of Entra"),
    ],
)
def test_a_few_minutes_are_a_warning_and_more_is_wrong(seconds, verdict, saw):
    finding = examine_clock({"Entra": seconds})

    assert (finding.verdict, finding.saw) == (verdict, saw)
    assert (finding.advice is None) == (verdict is Verdict.GOOD)


def test_a_host_that_alone_is_off_is_the_one_to_set():
    finding = examine_clock({"Entra": 0.0, "Key Vault": 1.0, "contoso-a/web": -3_600.0})

    assert finding.verdict is Verdict.WRONG
    assert "agrees with Entra, Key Vault" in finding.saw
    assert finding.advice == "have the clock of contoso-a/web set"
