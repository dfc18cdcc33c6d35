"""Flask: the extension, its configuration, and what a request gets."""

from __future__ import annotations

import gc
import logging

import pytest
from flask import Flask

from irclient import ConfigurationError, IRClient, StaticToken, Timeouts
from irclient.integrations.flask import Recommendations, current_ir
from irclient.testing import ScriptedService, example_pair, override, quick_settings

ACCOUNTS = {"IRCLIENT_PRIMARY": "contoso-a/web", "IRCLIENT_TPS": 100, "IRCLIENT_TOKEN": "t"}


def client_on(service, **settings):
    return IRClient(
        example_pair(),
        credential=StaticToken("token"),
        settings=quick_settings().model_copy(update=settings),
        transport=service,
    )


def application(config=None, *, recommendations=None, **options):
    app = Flask(__name__)
    app.config.from_mapping(config or {"TESTING": True})
    recommendations = recommendations or Recommendations()
    recommendations.init_app(app, **options)

    @app.get("/similar/<item>")
    def similar(item):
        return {"items": recommendations.client.similar(item, count=2).ids}

    @app.get("/popular")
    def popular():
        return {"items": current_ir.popular(count=1).ids}

    return app


@pytest.fixture
def service():
    return ScriptedService(example_pair())


def test_the_configuration_is_that_of_the_application_over_the_environment(monkeypatch) -> None:
    monkeypatch.setenv("IRCLIENT_PRIMARY", "another/web")
    installed = application(ACCOUNTS).extensions["irclient"]
    assert [each.endpoint for each in installed.client.health().endpoints] == ["contoso-a/web"]


def test_a_wrong_configuration_is_found_at_the_start() -> None:
    with pytest.raises(ConfigurationError, match="IRCLIENT_TPS"):
        application({**ACCOUNTS, "IRCLIENT_TPS": -1})


def test_an_application_that_is_tested_needs_none_until_it_calls() -> None:
    app = application()
    with pytest.raises(ConfigurationError, match="IRCLIENT_PRIMARY"):
        _ = app.extensions["irclient"].client


def test_an_application_has_one_client_and_another_has_another(service) -> None:
    recommendations = Recommendations(factory=lambda: client_on(service))
    one, other = (application(recommendations=recommendations) for _ in range(2))
    with one.app_context():
        first = recommendations.client
        assert recommendations.client is first
        assert current_ir.stats() == first.stats()
    with other.app_context():
        assert recommendations.client is not first


def test_a_client_that_was_made_ends_with_its_application(service) -> None:
    app = application(recommendations=Recommendations(factory=lambda: client_on(service)))
    client = app.extensions["irclient"].client
    del app
    gc.collect()
    assert "closed" in repr(client)


def test_a_client_that_was_given_stays_open(service) -> None:
    client = client_on(service)
    app = application(recommendations=Recommendations(client=client))
    assert app.test_client().get("/similar/7").json == {"items": ["64701", "64702"]}
    del app
    gc.collect()
    assert "closed" not in repr(client)


def test_arguments_that_cannot_be_used_are_named(service) -> None:
    with pytest.raises(ConfigurationError, match="must be an IRClient, got 'x'"):
        Recommendations(client="x")
    with pytest.raises(ConfigurationError, match="not both"):
        Recommendations(client=client_on(service), factory=lambda: client_on(service))


def test_an_application_can_be_given_at_once() -> None:
    app = Flask(__name__)
    app.config["TESTING"] = True
    Recommendations(app)
    with override(app):
        assert app.test_client().get("/health/ir").status_code == 200


def test_an_application_without_the_extension_says_what_to_call() -> None:
    with (
        Flask(__name__).app_context(),
        pytest.raises(ConfigurationError, match=r"init_app\(app\)"),
    ):
        current_ir.popular()


def test_a_client_in_the_configuration_goes_before_the_own(service) -> None:
    app = application(ACCOUNTS)
    app.config["IRCLIENT_CLIENT"] = client_on(service)
    assert app.test_client().get("/popular").json == {"items": ["64701"]}
    assert len(service.requests) == 1


def test_an_overridden_application_needs_no_configuration() -> None:
    app = application()
    with override(app) as service:
        service.on(operation="similar").answer(ids=["1"])
        assert app.test_client().get("/similar/7").json == {"items": ["1"]}


def test_an_error_is_answered_without_its_reasons_and_logged_with_them(caplog) -> None:
    caplog.set_level(logging.WARNING, "irclient.web")
    app = application()
    with override(app) as service:
        service.on().fail(503)
        answer = app.test_client().get("/similar/7")
    assert answer.status_code == 503
    assert answer.content_type == "application/problem+json"
    assert "contoso" not in answer.text
    assert "contoso-a" in caplog.text


def test_errors_health_and_header_can_be_left_out() -> None:
    app = application(
        {"TESTING": True, "PROPAGATE_EXCEPTIONS": False},
        errors=False, health=None, deadline_header=None,
    )  # fmt: skip
    with override(app) as service:
        service.on().fail(503)
        headers = {"x-request-timeout-ms": "soon"}
        assert app.test_client().get("/similar/7", headers=headers).status_code == 500
        assert app.test_client().get("/health/ir").status_code == 404


@pytest.mark.parametrize("value", ["soon", "-1", "0"])
def test_a_deadline_that_is_none_is_refused(value) -> None:
    app = application()
    with override(app) as service:
        answer = app.test_client().get("/similar/7", headers={"x-request-timeout-ms": value})
    assert answer.status_code == 400
    assert "must be a number of milliseconds" in answer.json["detail"]
    assert not service.requests


def test_a_request_sets_the_deadline_of_its_calls_and_of_no_others() -> None:
    patient = quick_settings().model_copy(
        update={"timeouts": Timeouts(deadline=30, attempt=30, connect=30)}
    )
    app = application()
    with override(app, settings=patient) as service:
        service.on().hang(times=2)
        http = app.test_client()
        answer = http.get("/similar/7", headers={"x-request-timeout-ms": "50"})
        assert answer.status_code == 504
        service.on().answer(after=0.06)
        assert http.get("/similar/7").status_code == 200


def test_a_probe_is_told_whether_calls_can_succeed() -> None:
    app = application()
    with override(app):
        answer = app.test_client().get("/health/ir")
    assert (answer.status_code, set(answer.json)) == (200, {"ok", "token"})
    assert answer.headers["cache-control"] == "no-store"
