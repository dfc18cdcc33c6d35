"""What a request of a Django project gets: errors, health, its deadline; in both kinds of views."""

from __future__ import annotations

import asyncio
import logging

import anyio
import pytest
from django.test import AsyncClient, Client, override_settings

from irclient import Timeouts
from irclient.integrations.django import ErrorsMiddleware, aio, ir
from irclient.readiness import Readiness
from irclient.testing import ScriptedService, example_pair, override, quick_settings
from tests.integrations.django.conftest import ACCOUNTS

PATIENT = quick_settings().model_copy(
    update={"timeouts": Timeouts(deadline=30, attempt=30, connect=30)}
)


def get(world, path, **headers):
    """Ask as a WSGI server would, or as an ASGI server."""
    if world == "wsgi":
        return Client().get(path, headers=headers)
    return asyncio.run(AsyncClient().get(path, headers=headers))


@pytest.fixture(params=["wsgi", "asgi"])
def world(request):
    return request.param


@pytest.fixture(params=["similar", "asimilar"])
def view(request):
    return request.param


def test_a_view_answers(service, world, view) -> None:
    service.on(operation="similar").answer(ids=["1", "2", "3"])
    assert get(world, f"/{view}/7").json() == {"items": ["1", "2"]}
    assert service.requests[-1].item_ids == ("7",)


def test_an_error_is_answered_without_its_reasons_and_logged_with_them(
    service, world, view, caplog
) -> None:
    service.on().fail(503)
    caplog.set_level(logging.WARNING, "irclient.web")
    answer = get(world, f"/{view}/7")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert "contoso" not in answer.content.decode()
    assert "contoso-a" in caplog.text


def test_errors_of_the_project_are_left_to_django(service, world) -> None:
    with pytest.raises(LookupError, match="of the project"):
        get(world, "/broken")


@pytest.mark.parametrize("value", ["soon", "-1", "0"])
def test_a_deadline_that_is_none_is_refused(service, world, value) -> None:
    answer = get(world, "/similar/7", **{"x-request-timeout-ms": value})
    assert answer.status_code == 400
    assert "must be a number of milliseconds" in answer.json()["detail"]
    assert not service.requests


def test_a_request_sets_the_deadline_of_its_calls(project, world, view) -> None:
    with override(ir, settings=PATIENT) as service:
        service.on().hang()
        answer = get(world, f"/{view}/7", **{"x-request-timeout-ms": "50"})
    assert answer.status_code == 504


def test_a_project_may_name_another_header_or_none(service) -> None:
    class Other(ErrorsMiddleware):
        deadline_header = None

    globals()["Other"] = Other
    with override_settings(MIDDLEWARE=[f"{__name__}.Other"]):
        assert get("wsgi", "/similar/7", **{"x-request-timeout-ms": "soon"}).status_code == 200


def test_a_probe_is_told_whether_calls_can_succeed(service, world) -> None:
    answer = get(world, "/health/ir")
    assert answer.status_code == 200
    assert set(answer.json()) == {"ok", "token"}
    assert answer.headers["cache-control"] == "no-store"


def test_a_probe_of_a_process_without_a_token_is_told_no(project, monkeypatch) -> None:
    class Locked:
        def get_token(self, *scopes):
            raise OSError("the vault is down")

    def make(kind):
        return kind(example_pair(), credential=Locked(), transport=ScriptedService())

    with ir.replaced(make):
        assert get("wsgi", "/health/ir").status_code == 503


def test_a_warm_up_is_made_when_a_wsgi_server_loads_the_application(service) -> None:
    warmed = []
    ready = Readiness(ok=True, token="valid", token_expires_in=None, token_error=None, endpoints=())

    class Warming:
        def warm_up(self, seconds):
            warmed.append(seconds)
            return ready

    with override_settings(IRCLIENT={**ACCOUNTS, "warm_up": 2}), ir.replaced(lambda _: Warming()):
        ErrorsMiddleware(lambda request: None)
    assert warmed == [2]


def test_an_async_view_that_is_cancelled_cancels_the_call(project) -> None:
    with override(ir, settings=PATIENT) as service:
        service.on().hang()

        async def give_up():
            asking = asyncio.create_task(AsyncClient().get("/asimilar/7"))
            with anyio.fail_after(5):
                while not service.requests:  # noqa: ASYNC110  (it tells nobody)
                    await asyncio.sleep(0.01)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking

        asyncio.run(give_up())
        assert aio.stats().cancelled == 1
