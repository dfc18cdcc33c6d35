"""The doctor's whole examination, as a command."""

from tests.cli.conftest import run, run_process


def test_all_well_is_exit_code_0_and_one_line_for_each_check(service):
    result = run("doctor", env=service.environment())

    assert result.code == 0
    assert [line.split()[:2] for line in result.out.splitlines()] == [
        ["✓", "configuration"],
        ["✓", "dns"],
        ["✓", "tls"],
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
        ("token", "good"),
        ("endpoint", "good"),
        ("endpoint", "wrong"),
    ]


def test_a_missing_configuration_is_the_first_finding():
    result = run("doctor", "--json")

    assert result.code == 1
    [finding] = result.json["findings"]
    assert finding["check"] == "configuration"
    assert "IRCLIENT_" in finding["saw"]


def test_a_process_of_its_own_prints_one_json_document(service):
    result = run_process("doctor", "--json", env=service.environment())

    assert (result.code, result.json["ok"]) == (0, True)
