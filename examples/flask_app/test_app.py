"""The application's own tests: no network, no configuration."""

from app import create_app

from irclient.testing import override


def test_a_page_shows_what_goes_with_an_item() -> None:
    app = create_app({"TESTING": True})
    with override(app) as service:
        service.on(operation="similar").answer(ids=["1", "2"])
        answer = app.test_client().get("/similar/7")
        assert answer.json == {"items": ["1", "2"], "degraded": False}
        assert service.requests[-1].item_ids == ("7",)


def test_an_outage_is_a_503_that_says_nothing_of_accounts() -> None:
    app = create_app({"TESTING": True})
    with override(app) as service:
        service.on().fail(503)
        answer = app.test_client().get("/similar/7")
        assert answer.status_code == 503
        assert "contoso" not in answer.text
