"""FastAPI: the client is a parameter of the handler, and of what the handler depends on."""

from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI, WebSocket
from fastapi.testclient import TestClient

from irclient import AsyncIRClient, ConfigurationError, StaticToken
from irclient.integrations.fastapi import IR, Recommendations, get_ir
from irclient.testing import ScriptedService, example_pair, override, quick_settings


async def bestsellers(ir: IR) -> list[str]:
    return (await ir.popular(count=2)).ids


def application():
    recommendations = Recommendations()
    app = FastAPI(lifespan=recommendations.lifespan)
    recommendations.install(app)
    router = APIRouter()

    @router.get("/similar/{item}")
    async def similar(item: str, ir: IR, others: Annotated[list[str], Depends(bestsellers)]):
        return {"items": (await ir.similar(item)).ids, "others": others}

    @app.websocket("/talk")
    async def talk(websocket: WebSocket, ir: IR):
        await websocket.accept()
        await websocket.send_json((await ir.popular(count=1)).ids)

    app.include_router(router)
    return app


def test_a_handler_is_given_the_client() -> None:
    app = application()
    with override(app) as service, TestClient(app) as http:
        service.on(operation="similar").answer(ids=["1"])
        assert http.get("/similar/7").json() == {"items": ["1"], "others": ["64701", "64702"]}
        with http.websocket_connect("/talk") as websocket:
            assert websocket.receive_json() == ["64701"]


def test_neither_the_client_nor_the_health_route_is_in_the_schema() -> None:
    schema = application().openapi()
    assert list(schema["paths"]) == ["/similar/{item}"]
    names = [each["name"] for each in schema["paths"]["/similar/{item}"]["get"]["parameters"]]
    assert names == ["item"]


def test_the_dependency_can_be_overridden_as_any_other() -> None:
    app = application()
    service = ScriptedService(example_pair())
    app.dependency_overrides[get_ir] = lambda: AsyncIRClient(
        example_pair(),
        credential=StaticToken("token"),
        settings=quick_settings(),
        transport=service,
    )
    with override(app) as other, TestClient(app) as http:
        assert http.get("/similar/7").status_code == 200
        assert not other.requests
    assert service.requests


def test_an_application_without_a_client_says_what_to_call() -> None:
    app = FastAPI()

    @app.get("/")
    async def root(ir: IR):
        return await ir.popular()

    with pytest.raises(ConfigurationError, match=r"Recommendations\(\)\.install\(app\)"):
        TestClient(app).get("/")
