"""What deploy/ holds can be read, and says what the commands understand."""

import re
import subprocess
import sys
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
