"""What the shopkeeper says in the data, from the folder through the service to the client."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from irclient.queries import AlgoType
from tests.cooking.folders import write_folder
from tests.cooking.test_cooked_data import data
from tests.server.cooked_service import client_of, configure, cook, running_service

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


def enrichment(name, item, action, rank, **seed):
    about = {"RecoListName": name, "ItemId": item, "EnrichmentAction": action, "Rank": rank}
    return about | ({"SeedItemId": seed["seed"]} if seed else {})


def windows(**items):
    return [
        {"ItemId": item, "StartDate": start.isoformat(), "EndDate": end.isoformat()}
        for item, (start, end) in items.items()
    ]


def entities(**changes):
    return data(
        ItemAndVariantAvailabilities=windows(
            pot=(NOW - 9 * DAY, NOW - DAY), cap=(NOW + DAY, NOW + 9 * DAY)
        ),
        RecommendationsEnrichment=[
            enrichment("RecoBestSelling", "new", "Include", 1),
            enrichment("RecoBestSelling", "hat", "Exclude", 0),
        ],
        SeededRecommendationsEnrichment=[
            enrichment("RecoPeopleAlsoBuy", "tie", "Include", 1, seed="mug")
        ],
        ExternalRecommendationsLists=["summer,Hot things,,"],
        ExternalRecommendationsItems=["summer,tea,,1", "summer,mug,,2"],
        ImagesInventory=["look,x/red-hat.jpg,Composite"],
        **changes,
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("features")
    write_folder(folder / "shop", **entities())
    cook(folder / "shop", folder / "out")
    configure(folder)
    return folder


def test_what_is_not_available_is_in_no_list_and_comes_back_in_its_window(ir):
    seen = set(ir.new(count=50).ids) | set(ir.popular(count=50).ids) | set(ir.picks("ann").ids)
    seen |= set(ir.similar("hat").ids) | set(ir.cart(["mug"]).ids)
    assert "mug" in seen
    assert not seen & {"pot", "cap"}


def test_enrichments_put_items_on_top_and_take_others_out(ir):
    popular = ir.popular(count=50).ids
    assert popular[0] == "new"
    assert "hat" not in popular
    assert "hat" in ir.trending(count=50).ids
    assert ir.similar("mug").ids[0] == "tie"


def test_a_user_who_opted_out_is_unknown_and_counts_in_no_list(ir):
    assert ir.picks("out", count=50).ids == ir.picks("nobody-knows", count=50).ids
    assert ir.picks("ann", count=50).ids != ir.picks("out", count=50).ids
    # Six purchases by nobody else would have put it first.
    assert ir.trending(count=50).ids[0] != "tie"


def test_an_image_seeds_the_visual_list_and_filters_narrow(ir):
    assert ir.similar("look", algo_type=AlgoType.VISUAL).ids[0] == "hat"
    assert ir.similar("look").ids == []
    assert ir.new(count=50, filters={"Color": "blue"}).ids == ["mug"]
    assert set(ir.new(count=50, filters={"Category": ["Kitchen", "Pantry"]}).ids) == {"mug", "tea"}


def test_external_lists_are_kept_in_the_output_though_no_call_reads_them(place):
    (output,) = (place / "out" / "outputs").iterdir()
    manifest = json.loads((output / "manifest.json").read_text())
    assert "external_items" in manifest["arrays"]
    assert {"external_names", "external_titles"} <= set(manifest["texts"])


def test_an_answer_that_is_remembered_ends_with_an_items_window(tmp_path):
    """No new cooking and no restart: the instant alone takes the item out."""
    ends_at = datetime.now(UTC) + timedelta(seconds=12)
    rows = windows(tea=(NOW - DAY, ends_at))
    write_folder(tmp_path / "shop", **data(ItemAndVariantAvailabilities=rows))
    cook(tmp_path / "shop", tmp_path / "out")
    configure(tmp_path)
    with running_service(tmp_path) as url, client_of(url) as ir:
        assert "tea" in ir.new(count=50).ids
        assert datetime.now(UTC) < ends_at, "too slow to look before the end"
        time.sleep((ends_at - datetime.now(UTC)).total_seconds() + 0.5)
        ir.cache.clear()
        assert "tea" not in ir.new(count=50).ids
