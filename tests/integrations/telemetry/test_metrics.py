"""Metrics: what each record counts towards, the same in OpenTelemetry and in Prometheus."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from irclient import IRClient, StaticToken, errors, observe
from irclient.attempts import Attempt
from irclient.integrations.measurements import Places, error_type, gauged, measured
from irclient.integrations.metrics import METRICS
from irclient.integrations.prometheus import PrometheusObserver
from irclient.observe import (
    AttemptEnded,
    CallEnded,
    Ejected,
    FailedOver,
    FellBack,
    FlightJoined,
    Hedged,
    PutAside,
    Record,
    Refreshed,
    SpilledOver,
    ThrottleWaited,
    TokenRenewalFailed,
    TokenRenewed,
)
from irclient.settings import Caching, Settings
from irclient.testing import ScriptedService, example_pair
from tests.integrations.telemetry.exporters import Telemetry

ROOT = Path(__file__).parents[3]
ATTEMPT = Attempt(
    endpoint="a/web", outcome="throttled", status=429, reason="429", started_after=0, elapsed=0.2
)
RECORDS = [
    AttemptEnded(at=1, operation="similar", attempt=ATTEMPT),
    CallEnded(
        at=1, operation="similar", endpoint="a/web", attempts=1, elapsed=0.3, error=None,
        source="stale", variant="blue",
    ),
    CallEnded(
        at=1, operation="similar", endpoint=None, attempts=1, elapsed=0.3, error="Unavailable"
    ),
    FailedOver(
        at=1, operation="similar", origin="a/web", target="b/web", kind="broken", reason="x"
    ),
    SpilledOver(at=1, operation="similar", origin="a/web", target="b/web"),
    ThrottleWaited(at=1, endpoint="a/web", wait=0.5),
    Hedged(at=1, operation="similar", origin="a/web", target="b/web", after=0.1, won=True),
    FlightJoined(at=1, operation="similar", leader="x"),
    FellBack(at=1, operation="similar", instead="fixed items", kind="outage", reason="x"),
    Refreshed(at=1, operation="similar", error=None),
    Ejected(at=1, endpoint="a/web", kind="broken", reason="x", eject_for=5),
    PutAside(
        at=1, endpoint="a/web", state="slow", kind="slow", reason="x", ask_again_after=1
    ),
    TokenRenewed(at=1, lifetime=3600),
    TokenRenewalFailed(at=1, kind="refused", reason="x"),
]  # fmt: skip
#: Samples of Prometheus's text for these, without their values' digits.
COUNTED = {
    ("irclient_call_duration_seconds_count", "similar", "stale", "blue", ""): 1,
    ("irclient_call_duration_seconds_count", "similar", "", "", "Unavailable"): 1,
    ("irclient_throttles_total", "a/web"): 1,
    ("irclient_failovers_total", "a/web", "b/web", "broken"): 1,
    ("irclient_spillovers_total", "a/web", "b/web"): 1,
    ("irclient_throttle_wait_seconds_sum", "a/web"): 0.5,
    ("irclient_hedges_total", "a/web", "b/web", "won"): 1,
    ("irclient_joined_flights_total", "similar"): 1,
    ("irclient_fallbacks_total", "similar", "outage"): 1,
    ("irclient_refreshes_total", "similar", ""): 1,
    ("irclient_ejections_total", "a/web", "failing"): 1,
    ("irclient_ejections_total", "a/web", "slow"): 1,
    ("irclient_token_renewals_total", ""): 1,
    ("irclient_token_renewals_total", "refused"): 1,
}


def samples(registry: CollectorRegistry) -> dict[tuple[str, ...], float]:
    """What a registry holds, by its name and the values of its labels in their order."""
    found = {}
    order = {
        each.name.replace(".", "_"): [label.replace(".", "_") for label in each.labels]
        for each in METRICS
    }
    for family in registry.collect():
        base = family.name.removesuffix("_seconds").removesuffix("_bytes")
        for sample in family.samples:
            labels = [sample.labels[name] for name in order[base] if name in sample.labels]
            found[sample.name, *labels] = sample.value
    return found


def test_each_record_counts_in_prometheus() -> None:
    registry = CollectorRegistry()
    observer = PrometheusObserver(registry=registry)
    for record in RECORDS:
        observer(record)
    found = samples(registry)
    assert {name: found.get(name) for name in COUNTED} == COUNTED


def test_each_record_counts_in_opentelemetry() -> None:
    seen = Telemetry()
    instrument = seen.instrument()
    for record in RECORDS:
        instrument(record)
    assert seen.points("irclient.failovers") == {("broken", "a/web", "b/web"): 1}
    assert seen.points("irclient.token.renewals") == {(): 1, ("refused",): 1}
    assert seen.points("irclient.hedges") == {("a/web", "won", "b/web"): 1}
    assert seen.points("irclient.token.expiry")[()] > 1_700_000_000
    assert seen.points("irclient.call.duration") == {
        ("similar", "stale", "blue"): 1,
        ("Unavailable", "similar"): 1,
    }


def test_no_measurement_has_a_label_that_its_metric_does_not_name() -> None:
    for record in RECORDS:
        for metric, _, labels in measured(record, Places()):
            assert set(labels) <= set(metric.labels)


#: Records that tell nothing that a metric does not tell already, or that are for people.
UNCOUNTED = {
    "FleetJoined", "FleetLost", "FleetReturned", "MemoryUsed", "Probed", "Returned", "SecretRead",
    "TokenRejected", "TpsUsedElsewhere", "TrafficReturned",
}  # fmt: skip


def test_every_record_counts_or_is_known_not_to() -> None:
    kinds = [getattr(observe, name) for name in observe.__all__]
    names = {
        each.__name__ for each in kinds if isinstance(each, type) and issubclass(each, Record)
    } - {"Record"}
    assert names == UNCOUNTED | {type(each).__name__ for each in RECORDS}


@pytest.mark.parametrize(
    ("status", "outcome", "error"),
    [
        (200, "served", None),
        (202, "accepted", None),
        (200, "not ready", "not_ready"),
        (503, "failed", "503"),
        (None, "timed out", "timed_out"),
        (None, "cancelled", "cancelled"),
    ],
)
def test_the_type_of_an_error_is_the_status_or_what_came_of_it(status, outcome, error) -> None:
    assert error_type(status, outcome) == error


@pytest.fixture
def client_and_registry():
    registry, pair = CollectorRegistry(), example_pair()
    with IRClient(
        pair,
        credential=StaticToken("t"),
        transport=ScriptedService(pair),
        settings=Settings(caching=Caching()),
        observers=[PrometheusObserver(registry=registry)],
    ) as ir:
        yield ir, registry


def test_gauges_tell_how_the_client_is_doing_at_the_scrape(client_and_registry) -> None:
    ir, registry = client_and_registry
    ir.similar("1")
    found = samples(registry)
    assert found["irclient_allowance_used", "contoso-a/web"] == 1
    assert found["irclient_allowance_limit", "contoso-a/web"] == 1000
    assert found["irclient_endpoint_state", "contoso-a/web", "working"] == 1
    assert found["irclient_endpoint_state", "contoso-a/web", "failing"] == 0
    assert found["irclient_endpoint_share", "contoso-b/web"] == 1
    assert found["irclient_cache_entries",] == 1
    assert found["irclient_cache_size_bytes",] > 1024
    assert found["irclient_retry_budget",] == ir.stats().retry_budget
    # No token that ends was fetched.
    assert found["irclient_token_expiry_seconds",] == float("inf")


def test_a_copy_of_a_client_keeps_its_gauges_when_the_client_is_gone() -> None:
    registry, pair = CollectorRegistry(), example_pair()
    ir = IRClient(
        pair,
        credential=StaticToken("t"),
        transport=ScriptedService(pair),
        observers=[PrometheusObserver(registry=registry)],
    ).with_options(deadline=1)
    ir.similar("1")
    assert samples(registry)["irclient_allowance_used", "contoso-a/web"] == 1


def test_two_clients_and_two_observers_share_a_registry() -> None:
    registry, pair = CollectorRegistry(), example_pair()
    clients = [
        IRClient(
            pair,
            credential=StaticToken("t"),
            transport=ScriptedService(pair),
            observers=[PrometheusObserver(registry=registry)],
        )
        for _ in range(2)
    ]
    for ir in clients:
        ir.similar("1")
    found = samples(registry)
    assert found["irclient_allowance_used", "contoso-a/web"] == 2
    assert found["irclient_endpoint_share", "contoso-a/web"] == 1
    assert found["irclient_endpoint_state", "contoso-a/web", "working"] == 2
    assert found["irclient_call_duration_seconds_count", "similar", "service", "", ""] == 2


def test_gauges_of_opentelemetry_are_those_of_all_its_clients() -> None:
    seen, pair = Telemetry(), example_pair()
    clients = [
        IRClient(
            pair,
            credential=StaticToken("t"),
            transport=ScriptedService(pair),
            observers=[seen.instrument()],
        )
        for _ in range(2)
    ]
    for ir in clients:
        ir.similar("1")
    assert seen.points("irclient.allowance.used")["contoso-a/web",] == 2
    assert seen.points("irclient.cache.entries") == {(): 2}


def test_a_client_that_is_gone_is_told_of_no_more(client_and_registry) -> None:
    assert gauged([]) == []


def test_a_request_that_fails_has_the_status_as_its_error() -> None:
    registry, pair = CollectorRegistry(), example_pair()
    service = ScriptedService(pair)
    service.on("contoso-a").fail(503)
    with IRClient(
        pair,
        credential=StaticToken("t"),
        transport=service,
        observers=[PrometheusObserver(registry=registry)],
    ) as ir:
        ir.personalize("ann", ["1", "2"])
    host = "contoso-a-web.mir.prod.reco.microsoft.com"
    name = "http_client_request_duration_seconds_count"
    assert samples(registry)[name, "POST", host, "443", "503", "503", "contoso-a/web"] == 1


def test_a_call_refused_here_is_counted(client_and_registry) -> None:
    ir, registry = client_and_registry
    with pytest.raises(errors.QueryError):
        ir.fetch("no query")
    name = "irclient_call_duration_seconds_count"
    assert samples(registry)[name, "fetch", "", "", "QueryError"] == 1


def test_an_observer_of_the_programs_registry_goes_into_another_process() -> None:
    assert isinstance(pickle.loads(pickle.dumps(PrometheusObserver())), PrometheusObserver)
    with pytest.raises(TypeError, match="registry of its own"):
        pickle.dumps(PrometheusObserver(registry=CollectorRegistry()))


WORKER = """
import sys
from irclient import IRClient, StaticToken
from irclient.integrations.prometheus import PrometheusObserver
from irclient.testing import ScriptedService, example_pair
pair = example_pair()
ir = IRClient(pair, credential=StaticToken("t"), transport=ScriptedService(pair),
              observers=[PrometheusObserver()])
for number in range(3):
    ir.similar(str(number))
print("ready", flush=True)
sys.stdin.read()
"""
SCRAPE = """
import json
from prometheus_client import CollectorRegistry, multiprocess
registry = CollectorRegistry()
multiprocess.MultiProcessCollector(registry)
print(json.dumps({
    " ".join([sample.name, *sorted(filter(None, sample.labels.values()))]): sample.value
    for family in registry.collect() for sample in family.samples
}))
"""


def test_the_processes_of_a_server_are_counted_together(tmp_path) -> None:
    environment = {
        **os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)
    }  # fmt: skip
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    try:
        for worker in workers:
            assert worker.stdout.readline() == "ready\n"
        done = subprocess.run(
            [sys.executable, "-c", SCRAPE],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
    finally:
        for worker in workers:
            worker.communicate(timeout=10)
    found = json.loads(done.stdout)
    assert found["irclient_call_duration_seconds_count service similar"] == 6
    assert found["irclient_allowance_limit contoso-a/web"] == 2000
    assert found["irclient_endpoint_share contoso-a/web"] == 1
    assert found["irclient_endpoint_state contoso-a/web working"] == 2


def test_every_metric_is_in_the_reference_with_its_labels() -> None:
    page = (ROOT / "docs" / "reference" / "api" / "telemetry.md").read_text("utf-8")
    rows = {line.split(" | ")[0]: line for line in page.splitlines() if line.startswith("| `")}
    for metric in METRICS:
        row = rows[f"| `{metric.name}`"]
        assert metric.description in row
        assert all(f"`{label}`" in row for label in metric.labels)
        assert f"| {metric.kind} |" in row
