"""The dashboard and the alert rules ask for nothing but what is measured."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from irclient.integrations.metrics import METRICS

FOLDER = Path(__file__).parents[3] / "docs" / "how-to" / "telemetry"
RULES = FOLDER / "alerts.yml"
UNITS = {"s": "_seconds", "By": "_bytes"}
#: The words of PromQL that the expressions use, beside names of metrics and labels.
WORDS = {"avg_over_time", "by", "histogram_quantile", "le", "min", "rate", "sum", "time"}


def series() -> dict[str, set[str]]:
    """Every series of Prometheus by its name, with its labels."""
    found = {}
    for metric in METRICS:
        name = metric.name.replace(".", "_") + UNITS.get(metric.unit, "")
        labels = {label.replace(".", "_") for label in metric.labels}
        match metric.kind:
            case "counter":
                found[f"{name}_total"] = labels
            case "histogram":
                found |= {f"{name}_count": labels, f"{name}_bucket": labels | {"le"}}
            case "gauge":
                found[name] = labels
    return found


def expressions() -> list[str]:
    panels = json.loads((FOLDER / "dashboard.json").read_text("utf-8"))["panels"]
    asked = [target["expr"] for panel in panels for target in panel["targets"]]
    rules = yaml.safe_load(RULES.read_text("utf-8"))["groups"][0]["rules"]
    return asked + [rule["expr"] for rule in rules]


@pytest.mark.parametrize("expression", expressions())
def test_an_expression_asks_for_what_is_measured(expression: str) -> None:
    bare = re.sub(r'"[^"]*"|\[[^]]*\]', "", expression)
    words = set(re.findall(r"[a-z_]{2,}", bare)) - WORDS
    known = series()
    metrics = words & set(known)
    assert metrics
    for metric in metrics:
        assert words - set(known) <= set().union(*(known[each] for each in metrics)), metric


def test_every_metric_is_on_the_dashboard_but_those_that_another_shows() -> None:
    text = " ".join(expressions())
    unseen = {metric.name for metric in METRICS if metric.name.replace(".", "_") not in text}
    assert unseen == {
        "irclient.cache.size",
        "irclient.ejections",
        "irclient.fleet.members",
        "irclient.joined_flights",
        "irclient.refreshes",
        "irclient.token.renewals",
    }


def test_each_rule_says_what_is_the_matter_and_what_to_do() -> None:
    for rule in yaml.safe_load(RULES.read_text("utf-8"))["groups"][0]["rules"]:
        assert rule["for"]
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert len(rule["annotations"]["summary"]) > 20
        assert len(rule["annotations"]["action"]) > 20


def test_prometheus_itself_accepts_the_rules() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed: apt-get install prometheus")
    done = subprocess.run(
        [promtool, "check", "rules", str(RULES)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_panels_stand_beside_each_other_and_have_units() -> None:
    panels = json.loads((FOLDER / "dashboard.json").read_text("utf-8"))["panels"]
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(places)) == len(panels)
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(panel["fieldConfig"]["defaults"]["unit"] for panel in panels)
