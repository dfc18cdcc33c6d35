"""The doctor's whole examination, as a command."""

import base64
import json
import time

import pytest

from tests.cli.conftest import run, run_process


def test_all_well_is_exit_code_0_and_one_line_for_each_check(service):
    result = run("doctor", env=service.environment())

    assert result.code == 0
    assert [line.split()[:2] for line in result.out.splitlines()] == [
        ["✓", "configuration"],
        ["✓", "dns"],
        ["✓", "tls"],
        ["✓", "clock"],
        ["✓", "token"],
        ["✓", "endpoint"],
        ["All", "is"],
    ]


def test_what_is_wrong_is_exit_code_1_with_advice(service):
    service.answers["/"] = (403, None)

    result = run("doctor", env=service.environment())

    assert result.code == 1
    assert "→ add the App ID" in result.out
    assert "1 thing is wrong" in result.out


def test_an_unreachable_endpoint_does_not_end_the_examination(service):
    environment = {
        **service.environment(),
        "IRCLIENT_SECONDARY": "contoso-b/web",
        "IRCLIENT_SECONDARY_URL": "http://127.0.0.1:1",
    }

    found = run("doctor", "--json", env=environment)

    assert found.code == 1
    verdicts = [(each["check"], each["verdict"]) for each in found.json["findings"]]
    assert verdicts == [
        ("configuration", "good"),
        ("dns", "good"),
        ("tls", "good"),
        ("dns", "good"),
        ("tls", "wrong"),
        ("clock", "good"),
        ("token", "good"),
        ("endpoint", "good"),
        ("endpoint", "wrong"),
    ]


def test_a_missing_configuration_is_all_that_is_found():
    result = run("doctor", "--json")

    assert result.code == 1
    findings = result.json["findings"]
    assert [each["check"] for each in findings] == ["configuration", "configuration"]
    for each, missing in zip(findings, ("endpoint", "credential"), strict=True):
        assert missing in each["saw"]
        assert "IRCLIENT_" in each["saw"]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
@pytest.mark.parametrize("arguments", [[], ["--json"], ["--help"]])
def test_an_encoding_without_the_marks_is_no_obstacle(service, encoding, arguments):
    environment = {**service.environment(), "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}

    result = run_process("doctor", *arguments, env=environment, encoding=encoding)

    assert result.code == 0, result.err
    if arguments == ["--json"]:
        assert result.json["ok"]
    elif not arguments:
        assert ("✓" in result.out) == (encoding == "utf-8")
        assert "All is well." in result.out


def test_a_warning_is_told_and_is_no_failure(service):
    claims = base64.urlsafe_b64encode(json.dumps({"exp": time.time() + 600}).encode()).decode()
    token = f"e30.{claims.rstrip('=')}.x"

    result = run("doctor", env={**service.environment(), "TEST_TOKEN": token})

    assert result.code == 0
    assert "! token" in result.out
    assert "1 thing needs care" in result.out


def test_a_process_of_its_own_prints_one_json_document(service):
    result = run_process("doctor", "--json", env=service.environment())

    assert (result.code, result.json["ok"]) == (0, True)
