"""The bodies, beside the samples of the contract."""

import json
from pathlib import Path

import pytest

from irclient.contract.envelopes import (
    refusal,
    selectors,
    served_list,
    trigger_accepted,
    waiting_list,
)

SAMPLES = Path(__file__).parent.parent / "data" / "contract"


def sample(name):
    return json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ("new", "new_count5.documented"),
        ("popular", "popular_no_count.observed-2023-04"),
        ("popular", "popular_excerpt_4_items.observed-2022-07"),
    ],
)
def test_a_list_is_what_the_service_answered(operation, name):
    expected = sample(name)
    response = served_list(
        operation,
        [item["id"] for item in expected["items"]],
        total_items=expected["pagingInfo"]["totalItems"],
        interactions_version=expected.get("interactionsVersion"),
    )
    assert json.loads(response.body) == expected


def test_a_list_that_waits_is_what_the_service_answered_but_for_its_words():
    expected = sample("popular_waiting_for_data.observed-2023-04")
    content = json.loads(waiting_list("popular").body)
    assert content.pop("details")
    del expected["details"]
    assert content == expected


@pytest.mark.parametrize(
    ("code", "status", "name"),
    [
        ("TooManyRequests", 429, "error_too_many_requests.documented"),
        ("ServiceUnavailable", 503, "error_service_unavailable.observed-2022-07"),
    ],
)
def test_an_error_is_what_the_service_answered(code, status, name):
    response = refusal(code)
    assert response.status == status
    assert json.loads(response.body) == sample(name)


@pytest.mark.parametrize(
    ("switch", "name"),
    [
        ("documented", "trigger_modeling_success.documented"),
        ("seen in 2022", "trigger_modeling_success.observed-2022-07"),
        ("seen in 2023", "trigger_modeling_success.observed-2023-04"),
    ],
)
def test_an_accepted_trigger_is_what_the_switch_says(switch, name):
    response = trigger_accepted(
        environment_id="your env id will be written here",
        version="20210930173241",
        form=switch,
    )
    assert json.loads(response.body) == sample(name)


def test_selectors_have_the_shape_of_the_schema():
    assert json.loads(selectors({"color": ["red"]}).body) == {
        "value": [{"keyName": "color", "values": [{"valueString": "red"}]}]
    }
