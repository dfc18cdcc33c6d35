"""A request is read back into the words of the query that it came from."""

import httpx
import pytest

from irclient import queries
from irclient._wire.requests import build_request
from irclient.testing.sent import read_request

SEED = "a/../b?c#d é"


def sent(query, *, modeling=None):
    parts = build_request(query, modeling=modeling)
    return read_request(
        httpx.Request(parts.method, "https://host" + parts.target, content=parts.body), "a"
    )


@pytest.mark.parametrize(
    ("query", "item_ids"),
    [
        (queries.New(), ()),
        (queries.Popular(), ()),
        (queries.Trending(), ()),
        (queries.Similar(SEED), (SEED,)),
        (queries.Cart(["16", "3 7", SEED]), ("16", "3 7", SEED)),
        (queries.BoughtTogether(SEED), (SEED,)),
        (queries.Picks(user_id="u"), ()),
        (queries.Personalize("u", ["1", "2,3"]), ("1", "2,3")),
        (queries.ItemSelectors(SEED), (SEED,)),
    ],
)
def test_every_operation_is_recognized_with_its_items(query, item_ids):
    read = sent(query)
    assert (read.operation, read.item_ids) == (query.operation, item_ids)


def test_everything_that_a_query_says_is_read_back():
    read = sent(
        queries.Similar(
            "1",
            count=5,
            skip=10,
            filters={"Category": ["Clothing", "Shoes"], "Größe": "M & L"},
            algo_type="Visual",
            user_id="u",
            session_id="s",
            params={"tag": "x"},
        ),
        modeling="adw",
    )
    assert (read.count, read.skip, read.algo_type) == (5, 10, "Visual")
    assert (read.user_id, read.session_id, read.modeling) == ("u", "s", "adw")
    assert read.filters == {"Category": ("Clothing", "Shoes"), "Größe": ("M & L",), "tag": ("x",)}
    assert ("tag", "x") in read.params


@pytest.mark.parametrize(
    ("path", "operation"),
    [
        ("/Reco/V1.0/Similar/AbC?Count=3&SkipItems=x", "similar"),
        ("/Reco/V1.0/BestSelling", "popular"),
        ("/Control/V1.0/Model?modeling=adw", "trigger"),
        ("/reco/v1.0/cart/items?SeedItemIds=1,2", "cart"),
        ("/elsewhere/similar/1", "unknown"),
        ("/reco/v1.0/no/such", "unknown"),
    ],
)
def test_paths_and_names_match_in_any_case(path, operation):
    read = read_request(httpx.Request("GET", "https://host" + path), "a")
    assert read.operation == operation
    if operation == "similar":
        assert (read.item_ids, read.count, read.skip) == (("AbC",), 3, None)
    if operation == "cart":
        assert read.item_ids == ("1", "2")


@pytest.mark.parametrize("body", [b"", b"[]", b'{"PersonalizationCandidates": 3}', b"\xff"])
def test_a_body_that_nobody_can_read_has_no_candidates(body):
    request = httpx.Request("POST", "https://host/reco/v1.0/personalization", content=body)
    assert read_request(request, "a").item_ids == ()


def test_a_token_is_not_kept():
    request = httpx.Request(
        "GET", "https://host/reco/v1.0/new", headers={"Authorization": "Bearer hush"}
    )
    assert "hush" not in repr(read_request(request, "a"))
