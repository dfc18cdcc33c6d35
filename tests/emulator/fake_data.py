"""Cooked data with lists that a test can predict, and a clock that a test moves."""

from __future__ import annotations

from datetime import UTC, datetime

ITEMS = [f"item-{number}" for number in range(30)]


class FakeCooked:
    """Stands in for CookedData: every list is ITEMS, less the seeds, cut by one filter."""

    def __init__(self, cooked_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), *, personal=True):
        self.interactions_version = cooked_at.strftime("%Y%m%d%H%M%S")
        self.personalization_enabled = personal
        self.requests = []

    def ranking(self, request):
        self.requests.append(request)
        if request.operation == "personalize":
            return sorted(request.candidates)
        if request.operation == "picks" and request.session_views:
            return list(request.session_views)
        if request.seeds and not any(map(self.knows_item, request.seeds)):
            return []
        return [item for item in ITEMS if item not in request.seeds]

    def selectors(self, request):
        return {"color": ["red", "blue"]} if self.knows_item(request.seeds[0]) else {}

    def knows_item(self, item_id):
        return item_id in ITEMS

    def title(self, item_id):
        return f"Title of {item_id}" if self.knows_item(item_id) else None


class Clock:
    def __init__(self, now=1_800_000_000.0):
        self.now = now

    def __call__(self):
        return self.now
