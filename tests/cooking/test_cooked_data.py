"""Cooked data answering requests, on a shop of a few items whose every list is known."""

import tempfile
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from irclient.cooking.cooked_data import ListRequest
from irclient.cooking.pipeline import cook_folder
from tests.cooking.folders import write_folder

NOW = datetime(2024, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
#: User, days before NOW, what was in the basket. mug, pot, tea and hat, cap, tie are two worlds.
BASKETS = [
    ("ann", 1, "mug pot"),
    ("ann", 9, "tea"),
    ("bob", 2, "mug pot tea"),
    ("cid", 3, "mug tea"),
    ("dot", 1, "hat cap"),
    ("eve", 2, "hat cap tie"),
    ("fay", 3, "hat tie"),
    ("fay", 4, "hat"),
    ("out", 1, "tie tie tie tie tie tie"),
    ("", 1, "mug"),
]
IDS = ("mug", "pot", "tea", "hat", "cap", "tie", "new")
TITLES = ("Blue mug", "Blue pot", "Green tea", "Red hat", "Red cap", "Silk tie", "")


def at(instant):
    return instant.isoformat()


def data(**changes):
    """Rows of each entity, by the entity's name."""
    usual = {
        "ItemsAndVariants": [
            {"ItemId": item, "Title": title, "ReleaseDate": at(NOW - (30 - number) * DAY)}
            for number, (item, title) in enumerate(zip(IDS, TITLES, strict=True))
        ],
        "Interactions": [
            {
                "InteractionGroupingId": f"b{basket}",
                "ItemId": item,
                "UserId": user,
                "Timestamp": at(NOW - days * DAY),
            }
            for basket, (user, days, items) in enumerate(BASKETS)
            for item in items.split()
        ],
        "ItemAndVariantFilters": [
            {"ItemId": item, "FilterName": name, "FilterValue": value, "FilterType": "Textual"}
            for item, name, value in (
                ("mug", "Color", "blue"),
                ("pot", "color", "blue"),
                ("hat", "Color", "red"),
                ("cap", "Color", "red"),
                ("mug", "Size", "S"),
            )
        ],
        "ItemCategories": [
            "mug,Kitchen",
            "pot,Kitchen",
            "tea,Pantry",
            "hat,Clothing",
            "cap,Clothing",
        ],
        "ItemAndVariantImages": [
            f"{item},,x/{color}-{item}.jpg,True"
            for item, color in (("mug", "blue"), ("pot", "blue"), ("hat", "red"), ("cap", "red"))
        ],
        "ImageToItemMappings": ["look,hat,"],
        "OptOutUsers": ["out,2024-01-01"],
        "Config": ["PersonalizationEnabled,True"],
    }
    return usual | changes


def cook(entities, **options):
    with tempfile.TemporaryDirectory() as folder:
        write_folder(Path(folder), **entities)
        return cook_folder(Path(folder), cache_folder=None, **{"cooked_at": NOW} | options)


@pytest.fixture(scope="module")
def cooked():
    return cook(data())


def ask(cooked, operation, **request):
    return list(cooked.ranking(ListRequest(operation=operation, now=NOW, **request)))


def test_the_version_is_the_instant_of_cooking_in_utc():
    zone = timezone(timedelta(hours=2))
    made = cook(data(), cooked_at=datetime(2022, 1, 4, 13, 51, 4, tzinfo=zone))
    assert made.interactions_version == "20220104115104"


def test_titles_items_and_users_are_known(cooked):
    assert cooked.title("mug") == "Blue mug"
    assert cooked.title("new") is None
    assert cooked.title("nothing") is None
    assert cooked.item_ids == IDS
    assert cooked.knows_item("new")
    assert not cooked.knows_item("nothing")
    assert "ann" in cooked.user_ids
    assert "out" not in cooked.user_ids
    assert "" not in cooked.user_ids


def test_new_is_the_whole_catalogue_newest_first(cooked):
    assert ask(cooked, "new") == list(reversed(IDS))


def test_popular_counts_interactions_but_not_those_of_users_who_opted_out(cooked):
    found = ask(cooked, "popular")
    assert set(found[:2]) == {"mug", "hat"}
    assert found[2] == "tea"
    assert "new" not in found


def test_similar_stays_in_its_world(cooked):
    assert set(ask(cooked, "similar", seeds=("mug",))) == {"pot", "tea"}
    assert set(ask(cooked, "similar", seeds=("hat",))) == {"cap", "tie"}


@pytest.mark.parametrize("algo_type", ["VISUAL", "visual"])
def test_the_algorithm_is_named_in_any_case(cooked, algo_type):
    assert ask(cooked, "similar", seeds=("hat",), algo_type=algo_type) == ["cap"]


def test_an_unknown_algorithm_means_the_default(cooked):
    assert ask(cooked, "similar", seeds=("mug",), algo_type="Magic") == ask(
        cooked, "similar", seeds=("mug",)
    )


def test_textual_needs_only_words(cooked):
    assert ask(cooked, "similar", seeds=("mug",), algo_type="Textual") == ["pot"]


def test_complete_similar_styles_stays_out_of_the_category(cooked):
    assert "cap" not in ask(cooked, "similar", seeds=("hat",), algo_type="CompleteSimilarStyles")


def test_an_image_id_may_seed_the_visual_list(cooked):
    assert ask(cooked, "similar", seeds=("look",), algo_type="Visual") == ["hat", "cap"]
    assert ask(cooked, "similar", seeds=("look",)) == []


@pytest.mark.parametrize("operation", ["similar", "cart", "bought_together"])
def test_an_unknown_seed_has_an_empty_list(cooked, operation):
    assert ask(cooked, operation, seeds=("nothing",)) == []


def test_cart_goes_by_baskets_and_leaves_its_seeds_out(cooked):
    assert set(ask(cooked, "cart", seeds=("mug", "pot", "nothing"))) == {"tea"}
    assert set(ask(cooked, "bought_together", seeds=("mug",))) == {"pot", "tea"}


def test_several_seeds_all_have_a_voice(cooked):
    assert set(ask(cooked, "cart", seeds=("mug", "hat"))) == {"pot", "tea", "cap", "tie"}


def test_picks_are_of_the_users_world_and_may_repeat_the_history(cooked):
    assert set(ask(cooked, "picks", user_id="ann")[:3]) == {"mug", "pot", "tea"}
    assert set(ask(cooked, "picks", user_id="dot")[:3]) == {"hat", "cap", "tie"}


def test_the_history_is_removed_when_that_is_asked_for(cooked):
    kept = ask(cooked, "picks", user_id="dot", refinements=("removeUserHistory",))
    assert kept[0] == "tie"
    assert not {"hat", "cap"} & set(kept)
    popular = ask(cooked, "popular", user_id="dot", refinements=("RemoveUserHistory",))
    assert not {"hat", "cap"} & set(popular)


def test_recent_purchases_lead_to_what_goes_with_them(cooked):
    assert ask(cooked, "picks", user_id="dot", algo_type="recentpurchases") == ["tie"]


def test_recent_views_need_no_user(cooked):
    found = ask(cooked, "picks", session_views=("mug", "mug"), algo_type="RecentViews")
    assert set(found) == {"pot", "tea"}


@pytest.mark.parametrize("user_id", ["out", "nobody", None])
@pytest.mark.parametrize("algo_type", [None, "RecentPurchases", "RecentViews"])
def test_a_user_without_a_history_gets_what_the_setting_says(user_id, algo_type):
    popular, empty = (cook(data(), unknown_user=setting) for setting in ("popular", "empty"))
    request = {"user_id": user_id, "algo_type": algo_type}
    assert ask(popular, "picks", **request) == ask(popular, "popular")
    assert ask(empty, "picks", **request) == []


def test_without_personalization_picks_are_empty_and_histories_stay():
    made = cook(data(Config=[]))
    assert not made.personalization_enabled
    assert ask(made, "picks", user_id="ann") == []
    assert ask(made, "popular", user_id="ann", refinements=("RemoveUserHistory",)) == ask(
        made, "popular"
    )
    assert ask(made, "personalize", user_id="ann", candidates=("hat", "tea")) == ["hat", "tea"]


def test_personalize_ranks_candidates_and_puts_unknown_ones_last_in_their_order(cooked):
    candidates = ("zzz", "hat", "tea", "aaa", "mug", "hat")
    found = ask(cooked, "personalize", user_id="ann", candidates=candidates)
    assert set(found[:2]) == {"tea", "mug"}
    assert found[2:] == ["hat", "zzz", "aaa"]


def test_candidates_keep_their_order_for_a_user_without_a_history(cooked):
    assert ask(cooked, "personalize", user_id="nobody", candidates=("hat", "tea")) == ["hat", "tea"]


def test_a_user_id_does_not_re_rank_the_other_lists(cooked):
    assert ask(cooked, "popular", user_id="dot") == ask(cooked, "popular")


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"Color": ("blue",)}, {"mug", "pot"}),
        ({"COLOR": ("blue", "red")}, {"mug", "pot", "hat", "cap"}),
        ({"Color": ("blue",), "Size": ("S",)}, {"mug"}),
        ({"Color": ("Blue",)}, set()),
        ({"Flavour": ("sweet",)}, set()),
        ({"Category": ("Pantry",)}, {"tea"}),
    ],
)
def test_filters_match_all_names_and_one_of_the_values(cooked, filters, expected):
    assert set(ask(cooked, "new", filters=filters)) == expected


def test_selectors_are_what_the_similar_items_can_be_filtered_by(cooked):
    hat, nothing = (
        ListRequest(operation="similar", seeds=(item_id,), algo_type="Visual", now=NOW)
        for item_id in ("hat", "nothing")
    )
    assert cooked.selectors(hat) == {"Color": ["red"], "Category": ["Clothing"]}
    assert cooked.selectors(nothing) == {}


def gone(*ids):
    return [{"ItemId": item, "EndDate": at(NOW - DAY)} for item in ids]


def test_what_is_not_available_is_in_no_list():
    made = cook(data(ItemAndVariantAvailabilities=gone("pot")))
    assert "pot" not in ask(made, "new") + ask(made, "popular") + ask(made, "picks", user_id="ann")
    assert ask(made, "similar", seeds=("mug",)) == ["tea"]
    assert ask(made, "personalize", user_id="ann", candidates=("pot", "tea")) == ["tea"]
    earlier = ListRequest(operation="new", now=NOW - 2 * DAY)
    assert "pot" in made.ranking(earlier)


def enriched(*rows, **changes):
    def row(name, seed, item, action, rank):
        about = {"RecoListName": name, "ItemId": item, "EnrichmentAction": action, "Rank": rank}
        return about | ({"SeedItemId": seed} if seed else {})

    return cook(
        data(
            SeededRecommendationsEnrichment=[row(*each) for each in rows if each[1]],
            RecommendationsEnrichment=[row(*each) for each in rows if not each[1]],
            **changes,
        )
    )


def test_included_items_are_on_top_by_rank_and_excluded_ones_are_gone():
    made = enriched(
        ("recoBestSelling", "", "new", "Include", 2),
        ("RecoBestSelling", "", "tie", "Include", 1),
        ("RecoBestSelling", "", "hat", "Exclude", 0),
    )
    found = ask(made, "popular")
    assert found[:2] == ["tie", "new"]
    assert "hat" not in found
    assert len(set(found)) == len(found)
    assert "hat" in ask(made, "trending")


def test_an_included_item_must_be_available_all_the_same():
    row = ("RecoBestSelling", "", "new", "Include", 1)
    assert "new" not in ask(enriched(row, ItemAndVariantAvailabilities=gone("new")), "popular")


def test_seeded_enrichment_is_for_its_seed_alone():
    made = enriched(("RecoPeopleAlsoBuy", "mug", "tie", "Include", 1))
    assert ask(made, "similar", seeds=("mug",))[0] == "tie"
    assert "tie" not in ask(made, "similar", seeds=("pot",))
    assert "tie" not in ask(made, "similar", seeds=("mug",), algo_type="Textual")


def test_exclusion_beats_inclusion():
    made = enriched(
        ("RecoNew", "", "tea", "Include", 1),
        ("RecoNew", "", "tea", "Exclude", 0),
    )
    assert "tea" not in ask(made, "new")
