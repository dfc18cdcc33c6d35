"""`Recommendations`: one client from the application's start to its end, and what requests get."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager

import anyio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.testclient import TestClient

from irclient import AsyncIRClient, ConfigurationError, StaticToken, Timeouts
from irclient.integrations.starlette import Recommendations
from irclient.testing import ScriptedService, example_pair, override, quick_settings


def client_on(service, **settings):
    return AsyncIRClient(
        example_pair(),
        credential=StaticToken("token"),
        settings=quick_settings().model_copy(update=settings),
        transport=service,
    )


async def similar(request):
    answer = await request.state.ir.similar(request.path_params["item"], count=2)
    return JSONResponse(answer.ids)


def application(recommendations, *, lifespan=None, **options):
    app = Starlette(
        routes=[Route("/similar/{item}", similar)],
        lifespan=lifespan or recommendations.lifespan,
    )
    recommendations.install(app, **options)
    return app


@pytest.fixture
def service():
    return ScriptedService(example_pair())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"client": "x"}, "must be an AsyncIRClient, got 'x'"),
        ({"factory": "x"}, "must be a function, got 'x'"),
        ({"warm_up_for": -1}, "must be seconds, got -1"),
    ],
)
def test_an_argument_that_cannot_be_used_is_named(arguments, words) -> None:
    with pytest.raises(ConfigurationError, match=words):
        Recommendations(**arguments)


def test_a_client_and_a_factory_are_one_too_many(service) -> None:
    client = client_on(service)
    with pytest.raises(ConfigurationError, match="not both"):
        Recommendations(client, factory=lambda: client)


def test_a_factory_is_asked_at_each_start_and_its_client_closed_at_the_end(service) -> None:
    made = []

    def factory():
        made.append(client_on(service))
        return made[-1]

    app = application(Recommendations(factory=factory))
    for starts in (1, 2):
        with TestClient(app) as http:
            assert http.get("/similar/7").status_code == 200
            assert len(made) == starts
            assert "closed" not in repr(made[-1])
        assert "closed" in repr(made[-1])


def test_a_client_that_was_given_stays_open(service) -> None:
    client = client_on(service)
    with TestClient(application(Recommendations(client))) as http:
        assert http.get("/similar/7").status_code == 200
    assert "closed" not in repr(client)


def test_an_application_that_cannot_be_configured_does_not_start(monkeypatch) -> None:
    monkeypatch.delenv("IRCLIENT_PRIMARY", raising=False)
    with (
        pytest.raises(ConfigurationError, match="IRCLIENT_PRIMARY"),
        TestClient(application(Recommendations())),
    ):
        pass


def test_an_application_starts_though_no_token_can_be_had() -> None:
    class Locked:
        def get_token(self, *scopes):
            raise OSError("the vault is down")

    def factory():
        return AsyncIRClient(example_pair(), credential=Locked(), transport=ScriptedService())

    app = application(Recommendations(factory=factory, warm_up_for=0.2))
    with TestClient(app) as http:
        assert http.get("/health/ir").status_code == 503
        assert http.get("/similar/7").status_code in {502, 503}


def test_the_lifespan_of_the_application_is_inside_and_the_client_closed_last(service) -> None:
    told = []
    recommendations = Recommendations(factory=lambda: client_on(service))

    @asynccontextmanager
    async def own(app):
        told.append(repr(recommendations))
        yield {"shop": "contoso"}
        told.append(repr(recommendations))

    async def shop(request):
        return JSONResponse([request.state.shop, isinstance(request.state.ir, AsyncIRClient)])

    app = application(recommendations, lifespan=recommendations.lifespan.then(own))
    app.add_route("/shop", shop)
    with TestClient(app) as http:
        assert http.get("/shop").json() == ["contoso", True]
    assert all("AsyncIRClient" in each and "closed" not in each for each in told)
    assert len(told) == 2
    with pytest.raises(ConfigurationError, match="already"):
        recommendations.lifespan.then(own).then(own)


def test_a_lifespan_alone_gives_requests_the_client(service) -> None:
    app = Starlette(
        routes=[Route("/similar/{item}", similar)],
        lifespan=Recommendations(factory=lambda: client_on(service)).lifespan,
    )
    with TestClient(app) as http:
        assert http.get("/similar/7").json() == ["64701", "64702"]


def test_mounted_applications_and_websockets_have_the_client_too(service) -> None:
    async def talk(websocket):
        await websocket.accept()
        await websocket.send_json((await websocket.state.ir.popular(count=1)).ids)
        await websocket.close()

    recommendations = Recommendations(client_on(service))
    inner = Starlette(routes=[Route("/similar/{item}", similar)])
    app = Starlette(routes=[Mount("/inner", inner), WebSocketRoute("/talk", talk)])
    recommendations.install(app)
    http = TestClient(app)
    assert http.get("/inner/similar/7").status_code == 200
    with http.websocket_connect("/talk") as websocket:
        assert websocket.receive_json() == ["64701"]


def test_a_server_that_runs_no_lifespan_has_a_client_even_so(service) -> None:
    app = application(Recommendations(factory=lambda: client_on(service)))

    async def body():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as http:
            assert (await http.get("/similar/7")).status_code == 200

    anyio.run(body)


def test_an_error_is_answered_without_its_reasons_and_logged_with_them(service, caplog) -> None:
    service.on().fail(503)
    caplog.set_level(logging.WARNING, "irclient.web")
    with TestClient(application(Recommendations(client_on(service)))) as http:
        answer = http.get("/similar/7")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == "Service Unavailable"
    assert "contoso" not in answer.text
    assert "contoso-a" in caplog.text


def test_errors_can_be_left_to_the_application(service) -> None:
    service.on().fail(503)
    app = application(Recommendations(client_on(service)), errors=False)
    with TestClient(app, raise_server_exceptions=False) as http:
        assert http.get("/similar/7").status_code == 500


@pytest.mark.parametrize("value", ["", "soon", "-1", "0", "inf", "1e3", "1" * 10_000])
def test_a_deadline_that_is_none_is_refused(service, value) -> None:
    with TestClient(application(Recommendations(client_on(service)))) as http:
        answer = http.get("/similar/7", headers={"x-request-timeout-ms": value})
    assert answer.status_code == 400
    assert "x-request-timeout-ms must be a number of milliseconds" in answer.json()["detail"]
    assert len(answer.text) < 300
    # But for the warm-up's.
    assert not [sent for sent in service.requests if sent.operation == "similar"]


def test_a_request_sets_the_deadline_of_its_calls(service) -> None:
    service.on().hang()
    patient = client_on(service, timeouts=Timeouts(deadline=30, attempt=30, connect=30))
    with TestClient(application(Recommendations(patient))) as http:
        answer = http.get("/similar/7", headers={"X-Request-Timeout-Ms": "50"})
    assert answer.status_code == 504


def test_header_and_health_can_be_turned_off_or_moved(service) -> None:
    app = application(Recommendations(client_on(service)), deadline_header=None, health=None)
    with TestClient(app) as http:
        assert http.get("/similar/7", headers={"x-request-timeout-ms": "soon"}).status_code == 200
        assert http.get("/health/ir").status_code == 404
    with TestClient(application(Recommendations(client_on(service)), health="/ready")) as http:
        assert http.get("/ready").json()["ok"] is True


def test_a_probe_is_told_nothing_of_accounts(service) -> None:
    with TestClient(application(Recommendations(client_on(service)))) as http:
        answer = http.get("/health/ir")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert set(answer.json()) == {"ok", "token"}
    assert "contoso" not in answer.text


def test_an_overridden_application_needs_no_configuration() -> None:
    recommendations = Recommendations()
    app = application(recommendations)
    with override(app) as service, TestClient(app) as http:
        service.on(operation="similar").answer(ids=["1"])
        assert http.get("/similar/7").json() == ["1"]
        assert service.requests[-1].item_ids == ("7",)
    assert repr(recommendations) == "Recommendations(not yet made)"


def test_a_sender_who_goes_away_ends_the_call(service) -> None:
    service.on().hang()
    client = client_on(service, timeouts=Timeouts(deadline=30, attempt=30, connect=30))
    app = application(Recommendations(client))
    scope = {
        "type": "http", "method": "GET", "path": "/similar/7", "query_string": b"", "headers": [],
        "http_version": "1.1", "scheme": "http", "server": ("shop", 80), "root_path": "",
    }  # fmt: skip
    messages = [{"type": "http.request", "body": b"", "more_body": False}]
    sent = []

    async def body():
        left = anyio.Event()

        async def receive():
            if messages:
                return messages.pop()
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        with anyio.fail_after(5):
            async with anyio.create_task_group() as group:
                group.start_soon(app, scope, receive, send)
                await anyio.sleep(0.05)
                left.set()

    anyio.run(body)
    assert sent[0]["status"] == 499
    assert client.stats().cancelled == 1
