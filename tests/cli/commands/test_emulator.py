"""The local service, run and changed by real processes, and used by the other commands."""

import json
import os
import signal
import ssl
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import run, run_process

cooked_cache = pytest.importorskip("irclient.cooking.cooked_cache")
faults = pytest.importorskip("irclient.emulator").faults

pytestmark = pytest.mark.emulator


@contextmanager
def emulator_process(*arguments, cache):
    process = subprocess.Popen(
        [sys.executable, "-m", "irclient", "emulator", "--ports", "0", "--json", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
    )
    with process:
        try:
            lines = []
            while not lines or lines[-1] != "}\n":
                line = process.stdout.readline()
                if not line:
                    pytest.fail(f"the emulator did not start: {process.stderr.read()}")
                lines.append(line)
            yield process, json.loads("".join(lines))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


@pytest.fixture(scope="module")
def started(cache):
    with emulator_process("--fault", "contoso-b=slow:0.01", cache=cache) as (_, about):
        yield about


@pytest.fixture(scope="module")
def environment(started):
    """The environment that a shell has after it read the file."""
    command = f". {started['environment_file']}; env -0"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    pairs = (each.partition("=") for each in done.stdout.split("\0") if each)
    wanted = ("IDENTITY_", "IRCLIENT_", "SSL_CERT_", "REQUESTS_CA")
    return {name: value for name, _, value in pairs if name.startswith(wanted)}


@pytest.fixture
def control(started):
    url = started["control"]["url"]
    yield {"IR_EMULATOR_CONTROL": url}
    for target in ("contoso-a", "contoso-b", "entra", "key-vault"):
        run("emulator", "heal", target, "--control", url)


def test_start_up_tells_programs_all_but_secrets(started, environment):
    assert set(started["accounts"]) == {"contoso-a", "contoso-b"}
    assert Path(started["ca_file"]).is_file()
    assert "IDENTITY_HEADER" not in started["environment"]
    assert environment["IDENTITY_HEADER"] not in json.dumps(started)


def test_doctor_finds_all_well_through_the_whole_chain(environment):
    result = run_process("doctor", "--json", env=environment)

    assert result.code == 0, result.out
    assert {each["check"] for each in result.json["findings"]} == {
        "configuration", "dns", "tls", "clock", "secret", "token", "endpoint",
    }  # fmt: skip
    [token] = [each["saw"] for each in result.json["findings"] if each["check"] == "token"]
    assert "audience c5b731db" in token


def test_a_list_fails_over_when_the_primary_is_told_to_fail(environment, control):
    failed = run("emulator", "fault", "contoso-a", "status:503", "--json", env=control)
    assert failed.json["accounts"]["contoso-a"]["fault"].startswith("status")

    result = run("popular", "--count", "3", "--json", env=environment)

    assert result.code == 0, result.err
    assert result.json["served"]["endpoint"] == "contoso-b/web"
    assert len(result.json["answer"]["items"]) == 3


def test_healing_and_state_are_shown_as_a_table(control):
    run("emulator", "fault", "entra", "slow:3", env=control)
    shown = run("emulator", "state", env=control).out
    assert "slow:seconds=3" in shown

    shown = run("emulator", "heal", "entra", env=control).out
    assert "slow:seconds=3" not in shown


def test_doctor_says_what_to_do_when_the_vault_refuses(environment, control):
    run("emulator", "fault", "key-vault", "status:403", env=control)

    result = run("doctor", "--json", env=environment)

    assert result.code == 1
    by_check = {each["check"]: each for each in result.json["findings"]}
    assert by_check["secret"]["verdict"] == "wrong"
    assert "Key Vault Secrets User" in by_check["secret"]["advice"]
    assert by_check["endpoint"]["verdict"] == "skipped"


def test_a_secret_can_be_rotated_and_data_cooked(environment, control):
    assert run("emulator", "rotate-secret", env=control).code == 0
    assert run("emulator", "cook", "contoso-a", env=control).code == 0
    assert run("popular", env=environment).code == 0


@pytest.mark.parametrize(
    ("spoils", "shows", "mends"),
    [
        ("deny contoso-a", "application denied", "allow contoso-a"),
        ("uncook contoso-a", "shop never cooked", None),
    ],
)
def test_the_pair_answers_when_an_account_denies_or_is_uncooked(
    environment, control, spoils, shows, mends
):
    state = run("emulator", *spoils.split(), env=control)
    assert (state.code, state.out.count(shows)) == (0, 1)

    result = run("popular", "--json", env=environment)

    assert result.json["served"]["endpoint"] == "contoso-b/web", result.err
    if mends is not None:
        assert shows not in run("emulator", *mends.split(), env=control).out
        assert run("popular", "--json", env=environment).json["served"]["attempts"] == 1


@pytest.mark.parametrize(
    ("spoils", "shows", "mends"),
    [
        (["expire-secret"], "secret expired", "rotate-secret"),
        (["disable-secret"], "secret disabled", "update-vault"),
        (["rotate-secret", "--vault", "stale"], "secret stale", "update-vault"),
    ],
)
def test_a_new_client_gets_no_token_until_the_secret_is_good_again(
    environment, control, spoils, shows, mends
):
    assert shows in run("emulator", *spoils, env=control).out
    assert run("popular", env=environment).code == 3

    assert shows not in run("emulator", mends, env=control).out
    assert run("popular", env=environment).code == 0


def test_tokens_that_were_issued_before_are_refused_once_they_are_revoked(
    started, environment, control
):
    endpoint = started["accounts"]["contoso-b"]["url"]

    def token():
        answer = httpx.get(
            environment["IDENTITY_ENDPOINT"],
            params={"resource": endpoint, "api-version": "2019-08-01"},
            headers={"X-IDENTITY-HEADER": environment["IDENTITY_HEADER"]},
            trust_env=False,
        )
        return answer.json()["access_token"]

    def status(bearer):
        trusted = ssl.create_default_context(cafile=started["ca_file"])
        with httpx.Client(verify=trusted, trust_env=False) as client:
            headers = {"Authorization": f"Bearer {bearer}"}
            return client.get(f"{endpoint}/Reco/V1.0/Popular", headers=headers).status_code

    before = token()
    assert status(before) == 200
    assert run("emulator", "revoke-tokens", env=control).code == 0
    assert (status(before), status(token())) == (401, 200)


def test_what_is_no_account_or_app_id_is_told_by_its_name(control):
    for command in ("cook", "uncook", "deny", "allow"):
        result = run("emulator", command, "entra", env=control)
        assert result.code == 2
        assert "there is no account 'entra'; there are contoso-a, contoso-b" in result.err
    denied = run("emulator", "deny", "contoso-a", "--app-id", "me", env=control)
    assert denied.code == 2
    assert "app_id must be an App ID such as" in denied.err


def test_an_unknown_account_or_fault_is_wrong_use(control):
    assert run("emulator", "heal", "contoso-x", env=control).code == 2
    assert run("emulator", "fault", "contoso-a", "sloww", env=control).code == 2


@pytest.mark.parametrize(
    "arguments",
    [["--switch", "x=1"], ["--fault", "contoso-a=sloww"], ["--fault", "contoso-x=down"],
     ["--data", "/no/such/folder"], ["--tps", "inf"], ["--state", __file__]],
)  # fmt: skip
def test_a_wrong_option_is_refused_with_exit_code_2(arguments, cache):
    result = run_process("emulator", "--ports", "0", *arguments, env={"XDG_CACHE_HOME": str(cache)})

    assert result.code == 2
    assert "Traceback" not in result.err


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly_and_removes_what_it_wrote(number, cache):
    with emulator_process("--dr", cache=cache) as (process, about):
        assert set(about["accounts"]) == {"contoso-a", "contoso-b", "contoso-c", "contoso-d"}
        process.send_signal(number)
        assert process.wait(20) == 0
        assert process.stderr.read().strip() == "Stopped."
    assert not Path(about["ca_file"]).exists()


def test_a_taken_port_is_refused_with_the_fix(started, cache):
    taken = started["control"]["url"].rpartition(":")[2]

    result = run_process("emulator", "--ports", taken, env={"XDG_CACHE_HOME": str(cache)})

    assert result.code == 2
    assert "--ports" in result.err


def test_the_help_names_every_kind_of_fault():
    shown = run("emulator", "fault", "--help").out.replace("\n", " ")

    assert [kind for kind in faults.KINDS if kind not in shown] == []


def test_what_was_kept_is_removed_on_demand(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    kept = tmp_path / "irclient" / "emulator" / "cooked"
    (kept / f"{cooked_cache._KEPT}1").mkdir(parents=True)
    (kept / f"{cooked_cache._KEPT}1" / "users.npy").write_bytes(b"ann")
    assert json.loads(run("emulator", "clear-cache", "--json").out) == {"removed": 1}
    assert not list(kept.iterdir())
