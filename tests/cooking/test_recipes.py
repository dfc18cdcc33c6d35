"""What a data set is cooked into: counts, histories and pairs, small enough to check by hand."""

import pytest

from tests.cooking.folders import kitchen, write_folder


@pytest.fixture
def cook(tmp_path):
    def cooking(ids, rows, *, until=None, **entities):
        """Rows of (basket, item, user, day of 2024 from 1, positive)."""
        interactions = [
            {
                "InteractionGroupingId": basket,
                "ItemId": item,
                "UserId": user,
                "Timestamp": f"2024-{1 + day // 28:02d}-{1 + day % 28:02d}",
                "IsPositive": positive,
            }
            for basket, item, user, day, positive in rows
        ]
        usual = {"ItemsAndVariants": [f"{item},,,,2024-01-01" for item in ids]}
        folder = write_folder(tmp_path / "data", Interactions=interactions, **usual | entities)
        with kitchen(folder, tmp_path) as made:
            return made.cook(until=until)

    return cooking


def history(cooked, user):
    at = cooked.texts["users"].find(user)
    starts = cooked.arrays["history_starts"]
    return cooked.arrays["history_items"][starts[at] : starts[at + 1]].tolist()


def near(cooked, name, item):
    return [other for other in cooked.arrays[f"{name}_items"][item].tolist() if other >= 0]


def people(histories):
    """Each person's items, all on one day, in a basket each."""
    return [
        (f"b{at}", item, f"u{at}", 1, True) for at, items in enumerate(histories) for item in items
    ]


def baskets(contents):
    return [(f"b{at}", item, "", 1, True) for at, items in enumerate(contents) for item in items]


def test_a_history_is_latest_first_without_repeats(cook):
    rows = [("b1", "a", "u", 1, True), ("b2", "b", "u", 2, True), ("b3", "a", "u", 3, True)]
    assert history(cook("ab", rows), "u") == [0, 1]


def test_a_user_whose_name_is_a_baskets_is_not_taken_for_the_basket(cook):
    cooked = cook("ab", [("u", "a", "", 1, True), ("b2", "b", "u", 2, True)])
    assert list(cooked.texts["users"]) == ["u"]
    assert history(cooked, "u") == [1]


def test_negative_interactions_do_not_count(cook):
    cooked = cook("ab", [("b1", "a", "u", 1, False), ("b1", "b", "u", 1, True)])
    assert cooked.arrays["popular"].tolist() == [1]


@pytest.mark.parametrize("strength", ["1e300", "1e400", "-1e400"])
def test_a_strength_beyond_every_number_is_cooked(tmp_path, strength):
    taken = {"InteractionGroupingId": "b", "ItemId": "a", "UserId": "u", "Strength": strength}
    folder = write_folder(tmp_path / "data", ItemsAndVariants=["a,,,,"], Interactions=[taken] * 9)
    with kitchen(folder, tmp_path) as made:
        assert history(made.cook(), "u") == [0]


def test_a_catalogue_that_nobody_touched_can_be_cooked(cook):
    cooked = cook("a", [])
    assert cooked.arrays["new"].tolist() == [0]
    assert cooked.arrays["popular"].size == 0
    assert cooked.arrays["trending"].size == 0
    assert list(cooked.texts["users"]) == []


def test_only_what_was_taken_before_an_instant_counts_when_that_is_asked_for(cook):
    rows = [("b1", "a", "u", 0, True), ("b2", "b", "u", 1, True)]
    assert history(cook("ab", rows, until=1_704_153_600_000), "u") == [0]


def test_popular_counts_what_lies_within_the_look_back_of_the_newest_interaction(cook):
    rows = [
        ("b", item, "u", day, True)
        for item, day in zip("aaabbc", (0, 0, 0, 90, 95, 100), strict=True)
    ]
    config = ["BestSellingListTransactionsIntervalDays,365"]
    assert cook("abcd", rows, Config=config).arrays["popular"].tolist() == [0, 1, 2]
    config = ["BestSellingListTransactionsIntervalDays,30"]
    assert cook("abcd", rows, Config=config).arrays["popular"].tolist() == [1, 2]


def test_trending_weighs_the_latest_more_than_popular_does(cook):
    rows = [("b", item, "u", day, True) for item, day in (*[("a", 0)] * 5, *[("b", 28)] * 3)]
    cooked = cook("ab", rows)
    assert cooked.arrays["popular"].tolist() == [0, 1]
    assert cooked.arrays["trending"].tolist() == [1, 0]


def test_an_item_that_is_too_old_is_not_trending(cook):
    rows = [("b", "a", "u", 100, True), ("b", "b", "u", 100, True)]
    items = ["a,,,,2023-01-01", "b,,,,2024-03-20"]
    config = ["TrendingListMaxAgeDays,30"]
    cooked = cook("ab", rows, ItemsAndVariants=items, Config=config)
    assert cooked.arrays["trending"].tolist() == [1]


def test_new_is_by_release_date_and_keeps_the_catalogues_order_on_ties(cook):
    items = [f"{item},,,,2024-01-{day:02d}" for item, day in zip("abcd", (5, 9, 5, 7), strict=True)]
    assert cook("abcd", [], ItemsAndVariants=items).arrays["new"].tolist() == [1, 3, 0, 2]


def test_people_also_finds_what_the_same_people_took_and_never_the_item_itself(cook):
    cooked = cook("abcd", people(["ab", "ab", "ac", "d"]))
    assert near(cooked, "people_also", 0) == [1, 2]
    assert near(cooked, "people_also", 3) == []


@pytest.mark.parametrize("name", ["people_also", "picks"])
def test_an_item_that_everybody_has_is_less_similar_than_a_faithful_companion(cook, name):
    assert near(cook("abc", people(["abc"] * 5 + ["c"] * 40)), name, 0) == [1, 2]


def test_who_takes_everything_has_little_say_in_picks(cook):
    busy = "ax" + "".join(chr(at) for at in range(ord("f"), ord("w")))
    ids = "abx" + "".join(sorted(set(busy) - set("abx")))
    cooked = cook(ids, people(["ab", "ab", busy, busy, "cd", "cd"] + ["d"] * 10))
    assert near(cooked, "picks", 0)[0] == 1


def test_bought_together_ignores_what_chance_would_bring_together(cook):
    cooked = cook("abcd", baskets(["ab"] * 10 + ["ac"] + ["cd"] * 60 + ["d"] * 10 + ["b"]))
    assert near(cooked, "cart", 0) == [1]  # c is in most baskets, and seldom with a


def test_a_handful_of_baskets_still_brings_items_together(cook):
    assert near(cook("ab", baskets(["ab"])), "cart", 0) == [1]


def test_texts_are_near_by_their_rare_words_folded_and_free_of_punctuation(cook):
    texts = ["red Wool-HAT", "blue wool hat", "red cotton shirt", "green teapot", ""]
    items = [f"{item},,{text},," for item, text in zip("abcde", texts, strict=True)]
    cooked = cook("abcde", [], ItemsAndVariants=items)
    assert near(cooked, "textual", 0) == [1, 2]
    assert near(cooked, "textual", 3) == []
    assert near(cooked, "textual", 4) == []


def test_a_word_that_most_texts_share_says_nothing_in_a_large_catalogue(cook):
    items = [f"i{at},,shop w{at // 2},," for at in range(60)]
    assert near(cook("", [], ItemsAndVariants=items), "textual", 0) == [1]


def test_external_lists_keep_their_items_by_rank_and_their_dates(cook):
    cooked = cook(
        "abc",
        [],
        ExternalRecommendationsLists=["Summer,Hot things,2024-06-01,", "other,Other,,"],
        ExternalRecommendationsItems=["summer,b,,2", "SUMMER,c,,1", "nowhere,a,,1", "other,x,,1"],
    )
    assert list(cooked.texts["external_names"]) == ["other", "Summer"]
    assert list(cooked.texts["external_titles"]) == ["Other", "Hot things"]
    assert cooked.arrays["external_starts"].tolist() == [0, 0, 2]
    assert cooked.arrays["external_items"].tolist() == [2, 1]
    assert cooked.arrays["external_starts_at"][1] == 1_717_200_000_000


def test_cooking_twice_gives_the_same_numbers_to_the_last_bit(cook):
    rows = people(["".join(chr(97 + (at * k) % 26) for k in range(1, 9)) for at in range(60)])
    ids = "".join(chr(97 + at) for at in range(26))
    one, other = cook(ids, rows), cook(ids, rows)
    for name, array in one.arrays.items():
        assert array.tobytes() == other.arrays[name].tobytes(), name
