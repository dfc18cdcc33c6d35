"""The project's own tests: no network, no configuration."""

from django.test import SimpleTestCase

from irclient.integrations.django import ir
from irclient.testing import override


class Recommendations(SimpleTestCase):
    """What visitors see."""

    def setUp(self) -> None:
        """Put a scripted service behind both clients."""
        self.service = self.enterContext(override(ir))

    def test_a_page_shows_what_goes_with_an_item(self) -> None:
        self.service.on(operation="similar").answer(ids=["1", "2"])
        self.assertContains(self.client.get("/product/7"), "<li>2</li>")
        assert self.service.requests[-1].item_ids == ("7",)

    def test_an_outage_leaves_the_page_without_them(self) -> None:
        self.service.on().fail(503)
        self.assertNotContains(self.client.get("/product/7"), "<li>")
        self.assertContains(self.client.get("/similar/7"), "not available", status_code=503)

    async def test_a_view_on_a_task_answers_too(self) -> None:
        self.service.on(operation="similar").answer(ids=["1"])
        assert (await self.async_client.get("/asimilar/7")).json()["items"] == ["1"]
