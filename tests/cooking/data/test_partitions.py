"""model.json and the CSV files that it leads to."""

import gzip
import json
from pathlib import Path

import pytest

from irclient.cooking.data.entities import ENTITIES, model_json
from irclient.cooking.data.partitions import DataContractError, read_model
from irclient.cooking.data.rows import read_table

CATEGORIES = ENTITIES["Reco_ItemCategories"]


def write(folder, name, text, *, encoding="utf-8"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


def categories_model(folder, **about):
    model = {"entities": [{"name": "Reco_ItemCategories", **about}]}
    write(folder, "model.json", json.dumps(model))


def listed(folder, location, **file_format):
    categories_model(folder, partitions=[{"location": location, "fileFormatSettings": file_format}])


def read(folder):
    return read_table(read_model(folder), CATEGORIES)


def test_files_are_found_in_the_folder_that_bears_the_entitys_name(tmp_path):
    write(tmp_path, "model.json", json.dumps(model_json("mine")))
    write(tmp_path, "Reco_ItemCategories/b.csv", "2,Shoes\n")
    write(tmp_path, "Reco_ItemCategories/a.csv", '1,"Hats, caps"\r\n')
    table = read(tmp_path)
    assert table.columns == {"ItemId": ["1", "2"], "Category": ["Hats, caps", "Shoes"]}
    assert table.rows == 2


def test_an_entity_without_files_has_no_rows(tmp_path):
    write(tmp_path, "model.json", json.dumps(model_json("mine")))
    assert read(tmp_path).rows == 0


@pytest.mark.parametrize(
    "location",
    [
        "Reco_ItemCategories/c.csv",
        "https://lake.dfs.core.windows.net/container/root/Reco_ItemCategories/c.csv",
        "https://lake.dfs.core.windows.net/container/Reco_ItemCategories%2Fc.csv?sig=x",
    ],
)
def test_a_listed_partition_is_found_by_the_tail_of_its_uri(tmp_path, location):
    write(tmp_path, "Reco_ItemCategories/c.csv", "1,Hats\n")
    listed(tmp_path, location)
    assert read(tmp_path).columns["Category"] == ["Hats"]


def test_a_partition_never_leaves_the_folder(tmp_path):
    write(tmp_path, "secret.csv", "1,Hats\n")
    inner = tmp_path / "data"
    inner.mkdir()
    listed(inner, "../secret.csv")
    with pytest.raises(DataContractError, match=r"'\.\./secret\.csv' is not under"):
        read_model(inner)


@pytest.mark.parametrize("flag", ["columnsHeaders", "columnHeaders"])
def test_a_header_row_may_order_the_columns_its_own_way(tmp_path, flag):
    write(tmp_path, "c.csv", "\ufeffcategory,ITEMID\nHats,1\n")
    listed(tmp_path, "c.csv", **{flag: True})
    assert read(tmp_path).columns == {"Category": ["Hats"], "ItemId": ["1"]}


def test_the_model_may_order_the_columns_its_own_way(tmp_path):
    categories_model(tmp_path, attributes=[{"name": "Category"}, {"name": "ItemId"}])
    write(tmp_path, "Reco_ItemCategories/c.csv", "Hats,1\n")
    assert read(tmp_path).columns["ItemId"] == ["1"]


def test_an_entity_of_another_contract_is_left_alone_and_told(tmp_path):
    model = {"entities": [{"name": "Reco_Tomorrow", "attributes": [{"name": "X"}]}]}
    write(tmp_path, "model.json", json.dumps(model))
    found = read_model(tmp_path)
    assert found.files == (tmp_path / "model.json",)
    assert "Reco_Tomorrow is no entity of the contract: not read" in found.notes[0]


@pytest.mark.parametrize("is_relative", [False, True])
def test_a_folder_of_no_entity_is_told_unless_the_model_reads_from_it(
    tmp_path, is_relative, monkeypatch
):
    located = [{"location": "exported/c.csv"}]
    categories_model(tmp_path, partitions=located)
    for path in ("exported/c.csv", "Reco_ItemCategory/c.csv", ".git/c.csv", "_temporary/c.csv"):
        write(tmp_path, path, "1,Hats\n")
    monkeypatch.chdir(tmp_path.parent)
    folder = Path(tmp_path.name) if is_relative else tmp_path
    (note,) = read_model(folder).notes
    assert note == f"{folder / 'Reco_ItemCategory'} is the folder of no entity: not read"


def test_a_files_whole_path_is_worked_out_once_for_all_folders_of_no_entity(tmp_path, monkeypatch):
    categories_model(tmp_path)
    file = write(tmp_path, "Reco_ItemCategories/c.csv", "1,Hats\n")
    for number in range(5):
        (tmp_path / f"other-{number}").mkdir()
    resolve, resolved = Path.resolve, list[Path]()
    monkeypatch.setattr(Path, "resolve", lambda path: (resolved.append(path), resolve(path))[1])
    assert len(read_model(tmp_path).notes) == 5
    # Once to see that it is in the folder, and once for all folders that are told.
    assert resolved.count(file) == 2


def test_case_nesting_and_compression_do_not_hide_a_file(tmp_path):
    write(tmp_path, "model.json", json.dumps(model_json("mine")))
    write(tmp_path, "reco_itemcategories/A.CSV", "1,Hats\n")
    deep = tmp_path / "reco_itemcategories/year=2024/b.Csv.GZ"
    deep.parent.mkdir()
    deep.write_bytes(gzip.compress(b"2,Shoes\n"))
    assert read(tmp_path).columns["Category"] == ["Hats", "Shoes"]


def test_what_is_no_csv_file_is_not_read_and_told(tmp_path):
    categories_model(tmp_path)
    path = write(tmp_path, "Reco_ItemCategories/part.parquet", "PAR1")
    write(tmp_path, "Reco_ItemCategories/_SUCCESS", "")
    found = read_model(tmp_path)
    assert found.partitions["Reco_ItemCategories"] == ()
    assert found.notes == (f"{path} is neither .csv nor .csv.gz: not read",)


def test_a_link_out_of_the_folder_is_not_followed_and_told(tmp_path):
    secret = write(tmp_path, "secret.csv", "1,Hats\n")
    inner = tmp_path / "data"
    write(inner, "Reco_ItemCategories/own.csv", "2,Shoes\n")
    (inner / "Reco_ItemCategories/link.csv").symlink_to(secret)
    categories_model(inner)
    assert read(inner).columns["ItemId"] == ["2"]
    assert "leads out of" in read_model(inner).notes[0]


def test_an_entity_that_the_model_leaves_out_is_read_all_the_same_and_told(tmp_path):
    write(tmp_path, "model.json", '{"entities": []}')
    write(tmp_path, "Reco_ItemCategories/a.csv", "1,Hats\n")
    assert read(tmp_path).rows == 1
    assert "leaves out Reco_ItemCategories" in read_model(tmp_path).notes[0]


def test_columns_of_the_owners_own_are_skipped_and_told(tmp_path):
    categories_model(tmp_path, attributes=[{"name": n} for n in ("ItemId", "Mood", "Category")])
    write(tmp_path, "Reco_ItemCategories/c.csv", "1,glad,Hats\n")
    assert read(tmp_path).columns == {"ItemId": ["1"], "Category": ["Hats"]}
    assert (
        "'Mood': no column of the contract's Reco_ItemCategories" in read_model(tmp_path).notes[0]
    )


def test_a_header_that_the_model_does_not_tell_of_is_taken_for_one(tmp_path):
    categories_model(tmp_path)
    write(tmp_path, "Reco_ItemCategories/c.csv", "Category,ItemId\nHats,1\n")
    assert read(tmp_path).columns == {"ItemId": ["1"], "Category": ["Hats"]}
    assert "its first row names columns" in read_model(tmp_path).notes[0]


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("{", "model.json: the document: Invalid JSON"),
        ("[]", "model.json: the document"),
        ("{}", "model.json: entities: Field required"),
        ('{"entities": [{}]}', "entities.0.name: Field required"),
        (
            '{"entities": [{"name": "Reco_Config", "attributes": [{"name": "Key"}]}]}',
            "Reco_Config lacks the mandatory column 'Value'; Reco_Config has Key, Value",
        ),
        (
            '{"entities": [{"name": "Reco_Config", "attributes": [{"name": "Kye"}]}]}',
            "lacks the mandatory column 'Key'; Reco_Config has Key, Value; 'Kye' is no column",
        ),
        (
            '{"entities": [{"name": "Reco_Config", "partitions": [{"location": "https://[x"}]}]}',
            "Reco_Config: the partition 'https://[x' is no address",
        ),
        (
            '{"entities": [{"name": "Reco_Config", "partitions": [{"location": "a\\u0000b"}]}]}',
            "Reco_Config: the partition 'a\\x00b' is no address",
        ),
        (
            '{"entities": [{"name": "Reco_Config", "partitions": [{"location": "x.csv"}]}]}',
            "Reco_Config: the partition 'x.csv' is not under",
        ),
    ],
)
def test_a_wrong_model_is_refused_with_the_place(tmp_path, model, says):
    write(tmp_path, "model.json", model)
    with pytest.raises(DataContractError) as caught:
        read_model(tmp_path)
    assert says in str(caught.value)


def test_a_folder_without_a_model_says_what_it_needs(tmp_path):
    with pytest.raises(DataContractError, match=r"model\.json does not exist"):
        read_model(tmp_path / "nowhere")


def test_a_row_with_a_cell_too_many_names_the_file_the_line_and_the_columns(tmp_path):
    categories_model(tmp_path)
    write(tmp_path, "Reco_ItemCategories/c.csv", '1,"two\nlines"\n2,Shoes,extra\n')
    with pytest.raises(DataContractError, match=r"c\.csv, line 3: .* 2 columns \(ItemId, Categ"):
        read(tmp_path)


def test_a_header_without_a_mandatory_column_is_refused(tmp_path):
    write(tmp_path, "c.csv", "ItemId,Kategorie\n1,Hats\n")
    listed(tmp_path, "c.csv", columnsHeaders=True)
    with pytest.raises(DataContractError, match=r"line 1: lacks .* 'Kategorie' is no column"):
        read(tmp_path)


def test_a_file_that_is_not_utf_8_is_refused(tmp_path):
    categories_model(tmp_path)
    write(tmp_path, "Reco_ItemCategories/c.csv", "1,Hüte\n", encoding="latin-1")
    with pytest.raises(DataContractError, match="is not UTF-8"):
        read(tmp_path)


def test_a_broken_quote_is_refused_with_its_line(tmp_path):
    categories_model(tmp_path)
    write(tmp_path, "Reco_ItemCategories/c.csv", '1,Hats\n2,"Sh"oes\n')
    with pytest.raises(DataContractError, match=r"c\.csv, after line 1: .* double the quotes"):
        read(tmp_path)


def test_rows_of_files_with_and_without_headers_come_together(tmp_path):
    write(tmp_path, "a.csv", "1,Hats\n")
    write(tmp_path, "b.csv", "ItemId,Category\n2,Shoes\n\n3,Belts\n")
    partitions = [
        {"location": "a.csv"},
        {"location": "b.csv", "fileFormatSettings": {"columnsHeaders": True}},
    ]
    categories_model(tmp_path, partitions=partitions)
    table = read(tmp_path)
    assert table.columns["ItemId"] == ["1", "2", "3"]
