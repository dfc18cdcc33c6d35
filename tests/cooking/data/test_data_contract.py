"""A data-contract folder as one data set."""

import json

import pytest

from irclient.cooking.data.data_contract import Config, DataContractError, read_data_set
from irclient.cooking.data.entities import model_json


def folder_of(path, **entities):
    (path / "model.json").write_text(json.dumps(model_json("mine")))
    for name, rows in entities.items():
        own = path / f"Reco_{name}"
        own.mkdir()
        (own / "part.csv").write_text("\n".join(rows) + "\n")
    return path


ITEMS = ["1,,Hat,A warm hat,2024-01-01", "1,1-red,Red hat,,2024-02-02", "2,,Shoe,,"]


def test_variants_count_as_their_item_and_the_first_row_gives_the_words(tmp_path):
    items = read_data_set(folder_of(tmp_path, ItemsAndVariants=ITEMS)).items
    assert items.ids == ("1", "2")
    assert items.titles == ("Hat", "Shoe")
    assert items.descriptions == ("A warm hat", "")
    assert items.released_at.tolist() == [1_704_067_200_000, 0]


def test_only_items_are_needed(tmp_path):
    data = read_data_set(folder_of(tmp_path, ItemsAndVariants=ITEMS))
    assert data.availabilities is None
    assert data.interactions.item_ids == ()
    assert data.config == Config(personalization_enabled=False)
    assert data.notes == ()


def test_without_a_catalogue_the_items_are_those_interacted_with(tmp_path):
    rows = ["b1,7,,u1,Transaction,2024-01-01,,,,,,", "b1,8,,u1,,,,,,,2.5,FALSE"]
    data = read_data_set(folder_of(tmp_path, Interactions=rows))
    assert data.items.ids == ("7", "8")
    assert data.interactions.strengths.tolist() == [1.0, 2.5]
    assert data.interactions.positive.tolist() == [True, False]


def test_a_folder_without_anything_says_where_items_go(tmp_path):
    with pytest.raises(DataContractError, match=r"holds no items; put CSV files into .*Reco_Items"):
        read_data_set(folder_of(tmp_path))


def test_synthetic_interactions_count_too(tmp_path):
    row = "b1,1,,u1,,,,,,,,"
    data = read_data_set(
        folder_of(
            tmp_path,
            ItemsAndVariants=ITEMS,
            Interactions=[row],
            SyntheticInteractions=[row.replace("u1", "u2")],
        )
    )
    assert data.interactions.user_ids == ("u1", "u2")


def test_configuration_keys_match_in_any_case_and_unknown_ones_are_ignored(tmp_path):
    rows = ["PERSONALIZATIONENABLED,True", "trendinglistmaxagedays,30", "Colour,blue"]
    config = read_data_set(folder_of(tmp_path, ItemsAndVariants=ITEMS, Config=rows)).config
    assert config == Config(personalization_enabled=True, trending_list_max_age_days=30)


@pytest.mark.parametrize(
    ("row", "fix"),
    [
        ("PersonalizationEnabled,yes", "write True or False"),
        ("TrendingListMaxAgeDays,-1", "write a whole number of days"),
    ],
)
def test_a_wrong_configuration_value_names_its_line_and_the_fix(tmp_path, row, fix):
    folder = folder_of(tmp_path, ItemsAndVariants=ITEMS, Config=["Colour,blue", row])
    with pytest.raises(DataContractError, match=rf"part\.csv, line 2: .*{fix}"):
        read_data_set(folder)


def test_ids_may_be_guids_when_the_configuration_says_so(tmp_path):
    guid = "0f8fad5b-d9cb-469f-a165-70867728950e"
    items = [f"{guid},,Hat,,", "1,,Shoe,,"]
    folder = folder_of(tmp_path, ItemsAndVariants=items, Config=["ItemIdAsGuid,True"])
    assert read_data_set(folder).items.ids == (guid, "1")


def test_an_id_that_is_too_long_drops_its_row_with_a_note(tmp_path):
    folder = folder_of(tmp_path, ItemsAndVariants=["12345678901234567,,Hat,,", "1,,Shoe,,"])
    data = read_data_set(folder)
    assert data.items.ids == ("1",)
    assert "line 1: ItemId is longer than 16 characters" in data.notes[0]


def test_enrichment_is_read_with_and_without_seeds(tmp_path):
    data = read_data_set(
        folder_of(
            tmp_path,
            ItemsAndVariants=ITEMS,
            SeededRecommendationsEnrichment=["RecoPeopleAlsoBuy,,1,,2,,include,3"],
            RecommendationsEnrichment=["RecoNew,1,,Exclude,"],
        )
    )
    seeded, plain = data.enrichments
    assert (seeded.seed_item_id, seeded.item_id, seeded.action, seeded.rank) == (
        "1", "2", "Include", 3.0,
    )  # fmt: skip
    assert (plain.seed_item_id, plain.item_id, plain.action) == ("", "1", "Exclude")


def test_images_come_from_items_and_from_the_inventory(tmp_path):
    images = read_data_set(
        folder_of(
            tmp_path,
            ItemsAndVariants=ITEMS,
            ItemAndVariantImages=["1,,https://x.example/hat.jpg,True"],
            ImagesInventory=["look,https://x.example/look.jpg,"],
            ImageToItemMappings=["look,2,"],
        )
    ).images
    assert images.item_ids == ("1", "2")
    assert images.names == ("", "look")
    assert images.values == ("https://x.example/hat.jpg", "https://x.example/look.jpg")


def test_availability_and_opted_out_users_are_read(tmp_path):
    data = read_data_set(
        folder_of(
            tmp_path,
            ItemsAndVariants=ITEMS,
            ItemAndVariantAvailabilities=["1,,2024-01-01,,9.95,1,"],
            OptOutUsers=["u1,2024-01-01"],
        )
    )
    assert data.availabilities is not None
    assert data.availabilities.channels == ("1",)
    assert data.availabilities.catalogs == ("0",)
    assert data.availabilities.starts_at.tolist() == [1_704_067_200_000]
    assert data.opted_out == {"u1"}
