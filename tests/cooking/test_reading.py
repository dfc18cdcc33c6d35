"""What is read of a folder, and what is dropped with file, line and reason."""

import gzip

import pytest

from irclient.cooking.data.partitions import DataContractError
from irclient.cooking.tables.reading import Config
from tests.cooking.folders import kitchen, write_folder

ITEMS = ["1,,Hat,A warm hat,2024-01-01", "1,1-red,Red hat,,2024-02-02", "2,,Shoe,,"]


def rows(made, table, *columns):
    found = made.engine.columns(
        f"select {', '.join(columns)} from {table} where problem is null order by file, row_"
    )
    return list(zip(*(found[column].tolist() for column in columns), strict=True))


@pytest.fixture
def read(tmp_path):
    opened = []

    def reading(**entities):
        folder = write_folder(tmp_path / "data", **entities)
        within = kitchen(folder, tmp_path)
        made = within.__enter__()
        opened.append(within)
        made.read()
        return made

    yield reading
    for within in opened:
        within.__exit__(None, None, None)


def dropped(made):
    return [(each.file.rpartition("/")[2], each.line, each.reason) for each in made.report.dropped]


def items(made):
    found = made.engine.columns("select item_id, title, released_at from items order by item")
    return [found[name].tolist() for name in ("item_id", "title", "released_at")]


def test_variants_count_as_their_item_and_the_first_row_gives_the_words(read):
    made = read(ItemsAndVariants=ITEMS)
    assert items(made) == [["1", "2"], ["Hat", "Shoe"], [1_704_067_200_000, 0]]
    assert made.report.sentences == ()


def test_without_a_catalogue_the_items_are_those_interacted_with(read):
    made = read(
        Interactions=["b1,7,,u1,Transaction,2024-01-01,,,,,,", "b1,8,,u1,,,,,,,2.5,FALSE"],
        SyntheticInteractions=["b2,9,,u1,,,,,,,,"],
    )
    assert items(made)[0] == ["7", "8", "9"]
    assert rows(made, "interactions", "strength", "positive") == [(1.0, True), (2.5, False)]


def test_a_folder_without_anything_says_where_items_go(read):
    with pytest.raises(DataContractError, match=r"holds no items; put CSV files into .*Reco_Items"):
        read()


def test_an_instant_keeps_its_zone_and_without_one_is_utc(read):
    made = read(
        Interactions=[
            f"b,1,,u,,{at},,,,,,"
            for at in (
                "2024-05-01T12:00:00.000Z",
                "2024-05-01T12:00:00+02:00",
                "2024-05-01",
                "0001-01-01T00:00:00.000Z",
                "9999-12-31T23:59:59.999Z",
                "",
            )
        ]
    )
    noon = 1_714_564_800_000
    assert [row[0] for row in rows(made, "interactions", "taken_at")] == [
        noon, noon - 7_200_000, noon - 43_200_000, -62_135_596_800_000, 253_402_300_799_999, 0,
    ]  # fmt: skip


def test_every_dropped_row_is_told_with_file_line_and_reason(read):
    made = read(
        ItemsAndVariants=ITEMS,
        Interactions=[
            "b1,1,,u1,,2024-05-01,,,,,,",
            "b1,1,,u1,,05/13/2024,,,,,,",
            'b1,1,,"u\nwith a line",,2024-05-01,,,,,,',
            "",
            "b1,,,u1,,,,,,,,",
            f"b1,{'x' * 17},,u1,,,,,,,,",
            "b1,1,,u1,,,,,,,much,",
            "b1,1,,u1,,,,,,,,perhaps",
            "b1,1,,u1",
            "b1,1,,u1,,,,,,,nan,",
        ],
    )
    when = "write it like 2024-05-31T12:00:00.000Z"
    assert dropped(made) == [
        ("part.csv", 2, f"Timestamp is '05/13/2024'; {when}"),
        ("part.csv", 6, "ItemId is empty"),
        ("part.csv", 7, "ItemId is longer than 16 characters"),
        ("part.csv", 8, "Strength is 'much'; write a number with a decimal point"),
        ("part.csv", 9, "IsPositive is 'perhaps'; write True or False"),
        ("part.csv", 10, "it has too few cells; leave a cell empty rather than out"),
        ("part.csv", 11, "Strength is 'nan'; write a number with a decimal point"),
    ]
    [entity] = [each for each in made.report.entities if each.name == "Reco_Interactions"]
    assert entity.rows == 9
    assert len(made.report.sentences) == 6
    assert "Reco_Interactions: 2 of 9 rows dropped, such as" in made.report.sentences[0]


def test_lines_are_right_in_compressed_files_with_a_header_and_broken_rows(read, tmp_path):
    folder = write_folder(tmp_path / "data", ItemsAndVariants=ITEMS)
    own = folder / "Reco_ItemCategories"
    own.mkdir()
    text = (
        'ItemId,Category\r\n1,Hats\r\n\r\n2,Shoes,x\r\n2,"a\r\nb"\r\n,Belts\r\n"x"y,z\r\n,Ties\r\n'
    )
    (own / "a.csv.gz").write_bytes(gzip.compress(text.encode()))
    made = read()
    assert [each[1:] for each in dropped(made)] == [
        (4, "it has too many cells; quote a cell that holds a comma"),
        (7, "ItemId is empty"),
        (8, "a quote is not closed; double the quotes inside a quoted cell"),
        (9, "ItemId is empty"),
    ]
    assert rows(made, "categories", "item_id", "category") == [("1", "Hats"), ("2", "a\r\nb")]


def test_a_row_that_is_not_utf_8_is_told(read, tmp_path):
    folder = write_folder(tmp_path / "data", ItemsAndVariants=ITEMS)
    own = folder / "Reco_ItemCategories"
    own.mkdir()
    (own / "a.csv").write_bytes(b"1,Hats\n2,H\xfcte\n")
    made = read()
    assert dropped(made) == [("a.csv", 2, "it is not UTF-8; save the file as UTF-8")]


def test_an_entity_without_one_usable_row_is_refused(read):
    with pytest.raises(DataContractError, match=r"2 of 2 rows dropped.*line 1: Strength is 'much'"):
        read(ItemsAndVariants=ITEMS, Interactions=["b,1,,u,,,,,,,much,", "b,1,,u,,,,,,,more,"])


def test_a_file_that_is_no_gzip_file_is_refused_by_name(read, tmp_path):
    folder = write_folder(tmp_path / "data", ItemsAndVariants=ITEMS)
    (folder / "Reco_ItemsAndVariants" / "b.csv.gz").write_bytes(b"1,Hats\n")
    with pytest.raises(DataContractError, match=r"b\.csv\.gz cannot be read"):
        read()


def test_interactions_with_items_outside_the_catalogue_are_noted(read):
    made = read(ItemsAndVariants=ITEMS, Interactions=["b,x,,u,,,,,,,,", "b,1,,u,,,,,,,,"])
    assert "1 rows not used" in made.report.notes[0]
    assert "'x'" in made.report.notes[0]


def test_configuration_keys_match_in_any_case_and_unknown_ones_are_ignored(read):
    made = read(
        ItemsAndVariants=ITEMS,
        Config=["PERSONALIZATIONENABLED,True", "trendinglistmaxagedays,30", "Colour,blue"],
    )
    assert made.config == Config(personalization_enabled=True, trending_list_max_age_days=30)


@pytest.mark.parametrize(
    ("row", "fix"),
    [
        ("PersonalizationEnabled,yes", "write True or False"),
        ("TrendingListMaxAgeDays,-1", "write a whole number of days"),
    ],
)
def test_a_wrong_configuration_value_names_its_file_and_the_fix(read, row, fix):
    with pytest.raises(DataContractError, match=rf"part\.csv: .*{fix}"):
        read(ItemsAndVariants=ITEMS, Config=["Colour,blue", row])


def test_ids_may_be_guids_when_the_configuration_says_so(read):
    guid = "0f8fad5b-d9cb-469f-a165-70867728950e"
    made = read(ItemsAndVariants=[f"{guid},,Hat,,", "1,,Shoe,,"], Config=["ItemIdAsGuid,True"])
    assert items(made)[0] == [guid, "1"]


def test_a_channel_that_is_too_long_is_cut(read):
    made = read(ItemsAndVariants=ITEMS, ItemAndVariantAvailabilities=[f"1,,,,,{'c' * 70},"])
    assert rows(made, "availabilities", "channel", "catalog") == [("c" * 64, "0")]


def test_an_enrichment_action_is_known_in_any_case(read):
    made = read(
        ItemsAndVariants=ITEMS,
        RecommendationsEnrichment=[
            "RecoNew,1,,EXCLUDE,",
            "RecoNew,2,,Pin,",
            "RecoNew,2,,include,1",
        ],
    )
    assert rows(made, "changes", "item_id", "action") == [("1", "exclude"), ("2", "include")]
    assert dropped(made) == [("part.csv", 2, "EnrichmentAction is none of Include, Exclude")]
