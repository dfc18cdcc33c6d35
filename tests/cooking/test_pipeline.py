"""Cooking a folder, with and without what was cooked before."""

from datetime import UTC, datetime

import pytest

from irclient.cooking.cooked_data import ListRequest
from irclient.cooking.data.problems import DataContractError
from irclient.cooking.pipeline import cook_folder
from irclient.emulator.shop.written_shop import (
    ENDS_AT,
    FAMOUS_ITEM,
    NEWEST_ITEMS,
    user_id,
    write_shop,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    write_shop(folder, items=300, users=200, interactions=6000)
    return folder


@pytest.fixture(scope="module")
def cooked(shop):
    return cook_folder(shop, cooked_at=NOW, cache_folder=None)


def ask(cooked, operation, **request):
    return list(cooked.ranking(ListRequest(operation=operation, now=NOW, **request)))


def every_list(cooked):
    user = user_id(0)
    return [
        *(ask(cooked, name) for name in ("new", "popular", "trending")),
        *(
            ask(cooked, "similar", seeds=(FAMOUS_ITEM,), algo_type=algo_type)
            for algo_type in (None, "MF", "Textual", "Visual", "CompleteSimilarStyles")
        ),
        ask(cooked, "cart", seeds=(FAMOUS_ITEM, NEWEST_ITEMS[2])),
        ask(cooked, "bought_together", seeds=(FAMOUS_ITEM,)),
        ask(cooked, "picks", user_id=user),
        ask(cooked, "picks", user_id=user, algo_type="RecentPurchases"),
        ask(cooked, "personalize", user_id=user, candidates=cooked.item_ids[:20]),
    ]


def test_the_shop_has_something_in_every_list_and_nothing_twice(cooked):
    for ids in every_list(cooked):
        assert len(ids) >= 5
        assert len(set(ids)) == len(ids)


def test_new_starts_as_the_documented_sample_does(cooked):
    assert ask(cooked, "new")[:5] == ["70000", "70002", "70003", "70004", "70005"]


def test_trending_is_not_popular(cooked):
    assert len(set(ask(cooked, "trending")[:20]) & set(ask(cooked, "popular")[:20])) < 15


def test_the_second_channel_and_its_catalog_are_smaller_and_smaller_still(cooked):
    sizes = [
        len(ask(cooked, "new", channel_id=channel, catalog_id=catalog))
        for channel, catalog in ((None, None), ("1", None), ("1", "10"), ("2", None))
    ]
    assert sizes[0] > sizes[1] > sizes[2] > sizes[3] == 0


def test_a_look_at_the_shop_before_its_end_brings_back_what_was_sold_out(cooked):
    early = ListRequest(operation="new", now=datetime(2025, 1, 1, tzinfo=UTC))
    assert NEWEST_ITEMS[1] in cooked.ranking(early)
    late = ListRequest(operation="new", now=ENDS_AT)
    assert NEWEST_ITEMS[1] not in cooked.ranking(late)


def test_what_comes_from_the_cache_answers_the_same(shop, cooked, tmp_path):
    first = cook_folder(shop, cooked_at=NOW, cache_folder=tmp_path)
    later = datetime(2027, 1, 1, tzinfo=UTC)
    # A second cooking would fail.
    second = cook_folder(shop, cooked_at=later, cache_folder=tmp_path, compute=None)
    assert every_list(first) == every_list(second) == every_list(cooked)
    famous = ListRequest(operation="similar", seeds=(FAMOUS_ITEM,), algo_type="Visual", now=later)
    assert first.selectors(famous) == second.selectors(famous) != {}
    assert second.interactions_version == "20270101000000"


def test_a_damaged_cache_is_cooked_again_and_replaced(shop, cooked, tmp_path):
    cook_folder(shop, cooked_at=NOW, cache_folder=tmp_path)
    (folder,) = tmp_path.iterdir()
    path = folder / "popular.npy"
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    again = cook_folder(shop, cooked_at=NOW, cache_folder=tmp_path)
    assert ask(again, "popular") == ask(cooked, "popular")
    assert path.stat().st_size == len(whole)


def test_a_cache_folder_that_cannot_be_made_does_not_matter(shop, cooked, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    made = cook_folder(shop, cooked_at=NOW, cache_folder=blocked)
    assert ask(made, "new") == ask(cooked, "new")


def test_changed_data_is_cooked_anew(tmp_path):
    folder, cache = tmp_path / "shop", tmp_path / "cache"
    write_shop(folder, items=20, users=10, interactions=100)
    before = cook_folder(folder, cooked_at=NOW, cache_folder=cache)
    write_shop(folder, seed=8, items=20, users=10, interactions=100)
    after = cook_folder(folder, cooked_at=NOW, cache_folder=cache)
    assert before.item_ids != after.item_ids


@pytest.mark.parametrize("cached", [True, False])
def test_a_folder_without_a_model_is_refused(tmp_path, cached):
    with pytest.raises(DataContractError, match=r"model\.json does not exist"):
        cook_folder(tmp_path, cooked_at=NOW, cache_folder=tmp_path / "c" if cached else None)
