"""Both modeling clients trigger, keep the limits, wait, and can be reached by nobody else."""

import inspect
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import anyio
import httpx
import pytest

from irclient import (
    AccessDenied,
    ClientClosed,
    ConfigurationError,
    DeadlineExceeded,
    IRClient,
    QueryError,
    ServiceEndpoint,
    StaticToken,
    Throttled,
)
from irclient.modeling import AsyncModelingClient, ModelingClient, Triggered
from irclient.queries import ItemSelectors, Similar
from irclient.testing import ManualClock, ScriptedService, example_pair, list_body

if TYPE_CHECKING:
    from irclient.modeling import CookingProgress

ENDPOINT = example_pair().primary
OLD, NEW = "20260101000000", "20260102000000"


class Blocking:
    """One client of one kind, called the same way as the other."""

    def __init__(self, service, endpoint=ENDPOINT, **keywords):
        self.client = ModelingClient(
            endpoint, credential=StaticToken("hush"), transport=service, **keywords
        )

    def __call__(self, method, *arguments, **keywords):
        return getattr(self.client, method)(*arguments, **keywords)

    def close(self):
        self.client.close()


class OnTasks(Blocking):
    backend = "asyncio"

    def __init__(self, service, endpoint=ENDPOINT, **keywords):
        self.client = AsyncModelingClient(
            endpoint, credential=StaticToken("hush"), transport=service, **keywords
        )

    def __call__(self, method, *arguments, **keywords):
        async def main():
            return await getattr(self.client, method)(*arguments, **keywords)

        return anyio.run(main, backend=self.backend)

    def close(self):
        self("aclose")


class OnTrio(OnTasks):
    backend = "trio"


@pytest.fixture(params=[Blocking, OnTasks, OnTrio], ids=["threads", "asyncio", "trio"])
def door(request):
    return request.param


@pytest.fixture
def service():
    return ScriptedService(ENDPOINT)


# -- triggering


def test_a_trigger_says_what_the_service_answered(door, service):
    assert door(service)("trigger") == Triggered(
        status="Success", version=None, environment_id=None
    )
    (sent,) = service.requests
    assert (sent.method, sent.path, sent.params) == ("POST", "/Control/V1.0/Model", ())


@pytest.mark.parametrize(
    ("own", "given", "sent"), [(None, "x", "x"), ("own", None, "own"), ("own", "x", "x")]
)
def test_the_modeling_is_the_given_one_else_the_endpoints_own(door, own, given, sent):
    endpoint = ServiceEndpoint("contoso-a", "web", tps=9, modeling=own)
    service = ScriptedService(endpoint)
    door(service, endpoint)("trigger", given)
    assert service.requests[0].modeling == sent


def test_the_limits_are_kept_here_by_the_given_clock(door, service):
    clock = ManualClock()
    client = door(service, clock=clock)
    client("trigger")
    clock.advance(minutes=29)
    with pytest.raises(Throttled, match="not sent") as caught:
        client("trigger")
    assert caught.value.retry_after == pytest.approx(60, abs=5)
    assert len(service.requests) == 1
    for _ in range(4):
        clock.advance(minutes=31)
        client("trigger")
    clock.advance(hours=1)
    with pytest.raises(Throttled) as caught:
        client("trigger")
    assert caught.value.retry_after > 20 * 3600
    client("trigger", "another modeling")
    clock.advance(hours=24)
    client("trigger")


def test_what_the_service_refuses_is_told_and_not_counted(door, service):
    service.on(operation="trigger").fail(429).answer()
    client = door(service, clock=ManualClock())
    with pytest.raises(Throttled, match="under way or the limits"):
        client("trigger")
    assert client("trigger").status == "Success"


def test_many_threads_at_once_send_one_trigger(service):
    service.on(operation="trigger").answer(after=0.05)
    with (
        ModelingClient(ENDPOINT, credential=StaticToken("t"), transport=service) as client,
        ThreadPoolExecutor(8) as pool,
    ):
        futures = [pool.submit(client.trigger) for _ in range(8)]
        errors = [future.exception() for future in futures]
    assert len(service.requests) == 1
    assert sorted(type(error).__name__ for error in errors) == ["NoneType"] + ["Throttled"] * 7


def test_an_empty_post_says_that_it_is_empty():
    seen = []

    def answer(request):
        seen.append(request.headers.get("content-length"))
        return httpx.Response(200, json={"status": "Success"})

    Blocking(httpx.MockTransport(answer))("trigger")
    assert seen == ["0"]


# -- waiting


def test_it_polls_until_the_list_is_served_and_tells_each_poll(door, service):
    service.on().not_cooked(times=2).fail(503, times=4).answer(interactions_version=NEW)
    seen: list[CookingProgress] = []
    reco = door(service)("wait_until_cooked", poll_every=0.001, progress=seen.append)
    assert reco.interactions_version == NEW
    assert [each.status for each in seen[:2]] == ["WaitingForData"] * 2
    assert seen[-1].is_cooked
    assert [each.polls for each in seen] == list(range(1, len(seen) + 1))
    assert all(sent.operation == "popular" and sent.count == 1 for sent in service.requests)


def test_it_waits_for_another_data_set_than_the_given_one(door, service):
    service.on().answer(interactions_version=OLD, times=3).answer(interactions_version=NEW)
    reco = door(service)("wait_until_cooked", newer_than=OLD, poll_every=timedelta(milliseconds=1))
    assert reco.interactions_version == NEW
    assert len(service.requests) == 4


def test_it_waits_for_another_data_set_than_it_saw_before_its_trigger(door, service):
    service.on(operation="popular").answer(interactions_version=OLD, times=2).answer(
        interactions_version=NEW
    )
    client = door(service)
    assert client("wait_until_cooked").interactions_version == OLD
    client("trigger")
    assert client("wait_until_cooked", poll_every=0.001).interactions_version == NEW
    # Nothing has been triggered since, so there is nothing to wait for.
    assert client("wait_until_cooked").interactions_version == NEW


def test_it_polls_the_list_and_the_modeling_it_is_given(door, service):
    door(service)("wait_until_cooked", Similar("64702", count=3), modeling="adw")
    (sent,) = service.requests
    assert (sent.operation, sent.item_ids, sent.count) == ("similar", ("64702",), 3)
    assert sent.modeling == "adw"


def test_its_time_is_limited(door, service):
    service.on().respond(json=list_body((), status="WaitingForData"))
    with pytest.raises(DeadlineExceeded, match=r"not cooked within 0\.02 s"):
        door(service)("wait_until_cooked", poll_every=0.01, timeout=0.02)


def test_what_no_later_poll_could_mend_is_raised_at_once(door, service):
    service.on().fail(403)
    with pytest.raises(AccessDenied):
        door(service)("wait_until_cooked")


@pytest.mark.parametrize(
    ("keywords", "kind", "words"),
    [
        ({"query": ItemSelectors("1")}, QueryError, "only a list"),
        ({"modeling": " "}, QueryError, "modeling must be a str that is not blank"),
        ({"poll_every": 0}, ConfigurationError, "poll_every must be seconds above 0, got 0"),
        ({"poll_every": float("nan")}, ConfigurationError, "poll_every .* got nan"),
        ({"poll_every": float("inf")}, ConfigurationError, "poll_every .* 72 hours.*, got inf"),
        ({"timeout": "1"}, ConfigurationError, "timeout must be seconds above 0, got '1'"),
        ({"timeout": True}, ConfigurationError, "timeout"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_sent(door, service, keywords, kind, words):
    with pytest.raises(kind, match=words):
        door(service)("wait_until_cooked", **keywords)
    assert service.requests == ()


def test_progress_true_shows_a_line(door, service, capsys):
    pytest.importorskip("tqdm")
    door(service)("wait_until_cooked", progress=True)
    assert "Success" in capsys.readouterr().err


# -- the door


@pytest.mark.parametrize("endpoint", [example_pair(), [ENDPOINT], "contoso-a"])
def test_it_opens_on_exactly_one_endpoint(door, service, endpoint):
    with pytest.raises(ConfigurationError, match="one service endpoint"):
        door(service, endpoint)


def test_a_clock_must_be_callable(door, service):
    with pytest.raises(ConfigurationError, match=r"clock must be callable, got 0\.0"):
        door(service, clock=0.0)


def test_a_transport_of_the_other_world_is_refused():
    transport = httpx.AsyncHTTPTransport()
    with pytest.raises(ConfigurationError, match="transport must be"):
        ModelingClient(ENDPOINT, credential=StaticToken("t"), transport=transport)


def test_a_closed_client_refuses(door, service):
    client = door(service)
    client.close()
    client.close()
    assert "closed: contoso-a/web" in repr(client.client)
    with pytest.raises(ClientClosed):
        client("trigger")


def test_with_closes():
    with ModelingClient(ENDPOINT, credential=StaticToken("t")) as client:
        pass
    assert "closed" in repr(client)

    async def main():
        async with AsyncModelingClient(ENDPOINT, credential=StaticToken("t")) as client:
            pass
        return client

    assert "closed" in repr(anyio.run(main))


@pytest.mark.parametrize("name", ["__init__", "trigger", "wait_until_cooked"])
def test_both_clients_take_the_same_arguments(name):
    def shape(kind):
        parameters = inspect.signature(getattr(kind, name)).parameters.values()
        return [(p.name, p.kind, p.default) for p in parameters]

    assert shape(ModelingClient) == shape(AsyncModelingClient)


def test_no_reading_client_can_reach_it():
    assert not [name for name in dir(IRClient) if "trigger" in name or "cook" in name]
    code = (
        "import sys; from irclient import IRClient, AsyncIRClient; "
        "print([m for m in sys.modules if 'modeling' in m or 'cooking' in m or 'triggering' in m])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
