"""What the command line can say about the local service."""

import pytest

from irclient.errors import ConfigurationError

pytest.importorskip("irclient.emulator")

from irclient.cli.emulator.choices import faults_of, ports_from, switches_of
from irclient.emulator import Switches, faults


def test_switches_are_numbers_words_or_none():
    given = ["not_on_allow_list=401", "retry-after=2.5", "bad_paging=ignore", "most_count=None"]

    assert switches_of(given) == Switches(
        not_on_allow_list=401, retry_after=2.5, bad_paging="ignore", most_count=None
    )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("not_on_allow_lst=401", "did you mean 'not_on_allow_list'"),
        ("zzz=1", "there are not_cooked"),
        ("not_on_allow_list", "must be NAME=VALUE"),
        ("not_on_allow_list=402", "not_on_allow_list=402: .*401"),
        ("default_count=many", "default_count=many: "),
        ("session_views=-5", "^--switch: session_views must be at least 0, got -5$"),
        ("retry_after=nan", "retry_after must be finite and at least 0, got nan"),
    ],
)
def test_a_wrong_switch_is_named_with_the_fix(given, words):
    with pytest.raises(ConfigurationError, match=words):
        switches_of([given])


def test_faults_are_read_by_who_fails():
    assert faults_of(["contoso-a=slow:2", "key-vault=down"]) == {
        "contoso-a": faults.Slow(2.0),
        "key-vault": faults.Down(),
    }


@pytest.mark.parametrize(
    ("given", "words"),
    [("slow:2", "must be ACCOUNT=FAULT"), ("a=sloww", "there are down"), ("a=slow:-1", "slow:-1")],
)
def test_a_wrong_fault_is_named_with_the_fix(given, words):
    with pytest.raises(ConfigurationError, match=words):
        faults_of([given])


def test_ports_count_up_from_the_control_api_s():
    assert ports_from(8410, ("a", "b")) == {
        "control": 8410,
        "entra": 8411,
        "key_vault": 8412,
        "managed_identity": 8413,
        "a": 8414,
        "b": 8415,
    }
    assert ports_from(0, ("a", "b")) == {}
