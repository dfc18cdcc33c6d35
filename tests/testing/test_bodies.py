"""Made answers are what the service sends and what a client reads."""

import doctest
import json
from pathlib import Path

from irclient.results import Served
from irclient.testing import bodies, list_body, recommendation_list

SAMPLES = Path(__file__).parent.parent / "data" / "contract"


def test_the_example_in_the_docstring_runs():
    assert doctest.testmod(bodies).failed == 0


def test_a_body_has_the_fields_of_the_documented_sample():
    sample = json.loads((SAMPLES / "new_count5.documented.json").read_text(encoding="utf-8"))
    made = list_body(
        [item["id"] for item in sample["items"]],
        title="New",
        total_items=sample["pagingInfo"]["totalItems"],
        interactions_version=sample["interactionsVersion"],
    )
    assert made == sample


def test_a_list_carries_what_it_was_given():
    served = Served(source="fallback", degraded=True)
    made = recommendation_list(["1"], title="T", total_items=9, served=served)
    assert (made.ids, made.title, made.total_items, made.served) == (["1"], "T", 9, served)
    assert made.raw["items"][0]["id"] == "1"


def test_a_list_may_lack_its_version_as_in_2023():
    assert recommendation_list(interactions_version=None).interactions_version is None
