"""The application's own tests: no network, no configuration."""

from app import app
from fastapi.testclient import TestClient

from irclient.testing import override


def test_a_page_shows_what_goes_with_an_item() -> None:
    with override(app) as service, TestClient(app) as http:
        service.on(operation="similar").answer(ids=["1", "2"])
        assert http.get("/similar/7").json() == {"items": ["1", "2"], "degraded": False}
        assert service.requests[-1].item_ids == ("7",)


def test_an_outage_is_a_503_that_says_nothing_of_accounts() -> None:
    with override(app) as service, TestClient(app) as http:
        service.on().fail(503)
        answer = http.get("/similar/7")
        assert answer.status_code == 503
        assert "contoso" not in answer.text


def test_a_request_says_how_long_it_waits() -> None:
    with override(app) as service, TestClient(app) as http:
        service.on().hang()
        answer = http.get("/similar/7", headers={"x-request-timeout-ms": "50"})
        assert answer.status_code == 504
