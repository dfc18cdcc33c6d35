"""`Lists`: its frames, its figures, and what it keeps."""

from __future__ import annotations

import copy
import io
import math
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pandas.testing import assert_frame_equal

from irclient import Served, errors
from irclient.analysis import Lists, compare
from irclient.queries import (
    BoughtTogether,
    Cart,
    ItemSelectors,
    New,
    Personalize,
    Picks,
    Similar,
)
from irclient.testing import recommendation_list
from tests.analysis.filled import A, B, filled

COLUMNS = [
    "operation", "seed", "modeling", "user_id", "rank", "item_id", "title", "account", "endpoint",
    "variant", "source", "age", "degraded", "interactions_version", "query",
]  # fmt: skip
IDS = {"seed": str, "item_id": str}
#: From then on pandas reads what other libraries hold, and texts have a type of their own.
IS_PANDAS_3 = hasattr(pd.DataFrame, "from_arrow")


def two() -> Lists:
    lists = filled({"00123": ["1", "02"], "64702": ["3"]})
    lists.add(Picks("u1", modeling="green"), recommendation_list(["00009"], served=B))
    return lists


def test_a_frame_has_a_row_for_each_item_in_the_order_of_the_queries() -> None:
    frame = two().frame()
    assert list(frame.columns) == COLUMNS
    assert frame["seed"].tolist()[:3] == ["00123", "00123", "64702"]
    assert frame["item_id"].tolist() == ["1", "02", "3", "00009"]
    assert frame["rank"].tolist() == [1, 2, 1, 1]
    assert frame["operation"].tolist()[-1] == "picks"
    assert frame["user_id"].tolist()[-1] == "u1"
    assert frame["modeling"].tolist()[-1] == "green"
    assert frame["endpoint"].tolist()[-1] == "contoso-b/web"
    assert frame["query"].nunique() == 3


@pytest.mark.parametrize("lists", [Lists(), two()], ids=["empty", "filled"])
def test_columns_have_their_types_whatever_they_hold(lists) -> None:
    types = lists.frame().dtypes
    numbers = {"rank": "int64", "age": "float64", "degraded": "bool"}
    for name in COLUMNS:
        if name in numbers:
            assert types[name] == numbers[name]
        else:
            assert isinstance(types[name], pd.StringDtype)
    of_polars = lists.frame(backend="polars").schema
    assert of_polars["item_id"] == pl.String
    assert (of_polars["rank"], of_polars["degraded"]) == (pl.Int64, pl.Boolean)


def test_ranks_go_on_from_what_was_skipped_but_not_in_what_stands_in() -> None:
    lists = Lists()
    lists.add(New(skip=10), recommendation_list(["a", "b"], served=A))
    stands_in = Served(source="fallback", degraded=True)
    lists.add(New(skip=20), recommendation_list(["a"], served=stands_in))
    assert lists.frame()["rank"].tolist() == [11, 12, 1]


def test_a_csv_whose_ids_are_read_as_text_gives_the_frame_again() -> None:
    frame = two().frame().drop(columns=["variant", "title"])
    again = pd.read_csv(io.StringIO(frame.to_csv(index=False)), dtype=IDS)
    # Before pandas 3, a text that is read is an object.
    assert_frame_equal(frame, again, check_dtype=IS_PANDAS_3)


@pytest.mark.parametrize(
    ("version", "written"),
    [
        ("20220104115104", "2022-01-04T11:51:04"),
        ("20221304115104", "20221304115104"),
        ("2022010411510", "2022010411510"),
        ("2022-01-04 115", "2022-01-04 115"),
        ("blue", "blue"),
        ("", ""),
    ],
)
def test_a_version_that_is_a_time_is_written_as_one(version: str, written: str) -> None:
    frame = filled({"1": ["2"]}, version=version).frame()
    assert frame["interactions_version"].tolist() == [written]


def test_polars_pyarrow_and_pandas_read_the_same_from_the_stream() -> None:
    lists = two()
    expected = lists.frame(backend="polars")
    assert pl.DataFrame(lists).equals(expected)
    assert pl.from_arrow(pa.table(lists)).equals(expected)
    of_pandas = pd.DataFrame.from_arrow(lists) if IS_PANDAS_3 else pa.table(lists).to_pandas()
    assert of_pandas.columns.tolist() == COLUMNS
    assert of_pandas["item_id"].tolist() == expected["item_id"].to_list()


def test_the_stream_needs_no_pyarrow_where_polars_is(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert pl.DataFrame(two()).equals(two().frame(backend="polars"))
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(errors.ConfigurationError, match="pip install pyarrow"):
        two().__arrow_c_stream__()
    with pytest.raises(errors.ConfigurationError, match="pip install polars"):
        two().frame(backend="polars")


def test_lists_are_not_taken_for_a_sequence_of_rows() -> None:
    with pytest.raises((TypeError, ValueError)):
        pd.DataFrame(two())


@pytest.mark.parametrize(
    "titles",
    [
        {"1": "One", "3": "Three", "other": "Other"},
        pd.Series(["One", "Three"], index=["1", "3"]),
        pd.DataFrame({"item_id": ["1", "3", "1"], "title": ["One", "Three", "Again"]}),
        pl.DataFrame({"item_id": ["1", "3", "1"], "title": ["One", "Three", "Again"]}),
    ],
    ids=["dict", "Series", "frame", "polars"],
)
def test_titles_are_joined_and_add_no_row(titles) -> None:
    frame = two().frame(titles)
    assert frame["title"].tolist()[::2] == ["One", "Three"]
    assert frame["title"].isna().tolist() == [False, True, False, True]


@pytest.mark.parametrize(
    ("titles", "says"),
    [
        (pd.Series(["One"], index=[1]), r"must be a str, got 1; read files with dtype"),
        (
            pd.DataFrame({"item_id": ["1"], "name": ["One"]}),
            r"no column 'title', only 'item_id', 'name': rename it",
        ),
        ("One", "titles must be a mapping by item id"),
        ([("1", "One")], "titles must be a mapping by item id"),
    ],
)
def test_titles_that_cannot_be_read_say_what_to_give(titles, says) -> None:
    with pytest.raises((TypeError, ValueError), match=says):
        two().frame(titles)


@pytest.mark.parametrize("backend", ["pandas", "polars"])
def test_titles_are_text_in_every_frame(backend) -> None:
    titles = {"a": 5, "b": math.nan, "c": pd.NA, "d": None}
    frame = filled({"1": ["a", "b", "c", "d"]}).frame(titles, backend=backend)
    first, *others = frame["title"]
    assert first == "5"
    assert pd.isna(others).all()


def test_numbers_of_numpy_are_numbers() -> None:
    lists = filled({"1": ["a", "b"]})
    assert lists.coverage(["a", "b"], k=np.int64(1)) == 0.5
    assert lists.novelty({"a": np.int64(1)}, users=np.int64(2)) == 1.0
    assert compare(lists, lists, k=np.int64(2)).k == 2


def test_an_unknown_backend_is_named() -> None:
    with pytest.raises(ValueError, match="'pandas' or 'polars', got 'spark'"):
        two().frame(backend="spark")


def test_outcomes_have_a_row_for_each_query_also_for_errors_and_empty_lists() -> None:
    lists = filled({"1": ["a", "b"], "2": []})
    lists.add(Similar("3"), errors.Unavailable("both accounts are down"))
    lists.expect([Similar("4")])
    outcomes = lists.outcomes()
    assert outcomes["outcome"].tolist() == ["answered", "answered", "Unavailable", "missing"]
    assert outcomes["items"].tolist() == [2, 0, 0, 0]
    assert outcomes["seed"].tolist() == ["1", "2", "3", "4"]
    assert outcomes["message"].tolist()[2] == "both accounts are down"
    assert outcomes["account"].isna().tolist() == [False, False, True, True]
    assert outcomes.dtypes["items"] == "int64"
    assert lists.outcomes(backend="polars")["items"].to_list() == [2, 0, 0, 0]
    assert repr(lists) == "<Lists of 4 queries: 2 answered, 1 failed, 1 not asked>"


def test_an_answer_takes_the_place_of_an_error() -> None:
    lists, query = Lists(), Similar("1")
    lists.add(query, errors.Unavailable("down"))
    assert lists.missing == (query,)
    lists.add(query, recommendation_list(["a"]))
    assert (lists.missing, dict(lists.errors), len(lists)) == ((), {}, 1)


def test_queries_that_differ_in_anything_differ_in_name() -> None:
    queries = [
        Similar("1"), Similar("2"), Similar("1", count=3), Similar("1", modeling="green"),
        Similar("1", filters={"Color": ["red", "blue"]}), Similar("1", filters={"Color": "red"}),
        Similar("1", algo_type="Visual"), Similar("1", params={"x": "y"}),
        Similar("1", refinements=["RemoveUserHistory"]), BoughtTogether("1"), Cart(["1", "2"]),
        Picks("u"), Picks(session_id="u"), Personalize("u", ["1"]), Personalize("u", ["1", "2"]),
        New(), New(skip=3), Similar("a b"), Similar("ä&count=3"),
    ]  # fmt: skip
    lists = Lists()
    for query in queries:
        lists.add(query, recommendation_list(["x"]))
    frame = lists.frame()
    assert frame["query"].nunique() == len(queries)
    assert not frame["query"].str.contains(r"\s").any()
    assert frame["query"].tolist()[2] == "similar:1?count=3"
    assert frame["seed"].tolist()[10] == "1,2"


def test_lists_are_the_same_in_another_session(tmp_path) -> None:
    lists = two()
    lists.add(Similar("9"), errors.Unavailable("down"))
    stored = tmp_path / "lists"
    stored.write_bytes(pickle.dumps(lists))
    code = (
        "import pickle, sys; from pathlib import Path\n"
        f"lists = pickle.loads(Path({str(stored)!r}).read_bytes())\n"
        "sys.stdout.write(lists.frame().to_csv() + repr(lists) + str(lists.account))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == lists.frame().to_csv() + repr(lists) + "contoso-a"
    assert_frame_equal(copy.deepcopy(lists).frame(), lists.frame())


def test_a_copy_goes_its_own_way() -> None:
    lists = two()
    again = copy.deepcopy(lists)
    again.add(New(), recommendation_list(["x"]))
    assert (len(lists), len(again)) == (3, 4)


def test_what_is_no_list_is_turned_down() -> None:
    with pytest.raises(errors.QueryError, match="one of a list"):
        Lists().add(ItemSelectors("1"), recommendation_list(["x"]))
    with pytest.raises(TypeError, match="RecommendationList or an IRError"):
        Lists().add(New(), None)


def test_a_trec_run_has_a_line_for_each_item_whose_score_falls_with_its_rank(tmp_path) -> None:
    run = tmp_path / "run.txt"
    two().to_trec(run, tag="blue")
    rows = [line.split(" ") for line in run.read_text("utf-8").splitlines()]
    assert rows[0] == ["similar:00123", "Q0", "1", "1", "1.0", "blue"]
    assert rows[1][:4] == ["similar:00123", "Q0", "02", "2"]
    assert float(rows[1][4]) < float(rows[0][4])
    assert [row[2] for row in rows] == two().frame()["item_id"].tolist()


def test_a_trec_run_cannot_hold_white_space(tmp_path) -> None:
    with pytest.raises(ValueError, match="white space"):
        two().to_trec(tmp_path / "run", tag="two words")
    with pytest.raises(ValueError, match="'a b'"):
        filled({"1": ["a b"]}).to_trec(tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_figures_take_a_catalogue_in_any_form() -> None:
    lists = filled({"1": ["a", "b"], "2": ["b", "c"]})
    ids = ["a", "b", "c", "d"]
    forms = [
        ids, iter(ids), dict.fromkeys(ids, "title"), pd.Series(ids), pl.Series(ids),
        pd.DataFrame({"item_id": ids}), pl.DataFrame({"item_id": ids}),
    ]  # fmt: skip
    for catalogue in forms:
        assert lists.coverage(catalogue) == 0.75
    assert lists.gini(ids) == pytest.approx(0.375)
    assert lists.gini(ids, k=1) == pytest.approx(0.5)
    assert math.isnan(lists.gini(["z"]))


def test_diversity_takes_attributes_as_a_mapping_or_a_frame() -> None:
    lists = filled({"1": ["a", "b"], "2": ["a", "c"], "3": ["a", "unknown"], "4": []})
    frame = pd.DataFrame(
        {"item_id": ["a", "b", "c"], "Category": ["X", "X", "Y"], "Size": [None, "M", None]}
    )
    assert lists.diversity({"a": "X", "b": "X", "c": "Y"}) == 0.5
    assert lists.diversity(frame, by="Category") == 0.5
    assert lists.diversity(frame, by=["Category"]) == 0.5
    assert lists.diversity(frame) == 0.5
    assert lists.diversity(pl.from_pandas(frame), by="Size") == 0.5
    assert math.isnan(lists.diversity({"a": "X"}))


@pytest.mark.parametrize("frame_of", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
@pytest.mark.parametrize(
    ("what", "ask"),
    [
        ("catalogue", lambda lists, frame: lists.coverage(frame)),
        ("catalogue", lambda lists, frame: lists.gini(frame)),
        ("titles", lambda lists, frame: lists.frame(frame)),
        ("popularity", lambda lists, frame: lists.novelty(frame)),
        ("attributes", lambda lists, frame: lists.diversity(frame)),
    ],
    ids=["coverage", "gini", "frame", "novelty", "diversity"],
)
def test_a_frame_whose_ids_have_another_name_is_refused(what, ask, frame_of) -> None:
    says = f"{what}: the frame has no column 'item_id', only 'id', 'title': rename it"
    with pytest.raises(ValueError, match=f"^{says}$"):
        ask(two(), frame_of({"id": ["1", "02"], "title": ["One", "Two"]}))


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda lists: lists.coverage(recommendation_list(["1"])), r"give its \.ids$"),
        (lambda lists: lists.coverage([*recommendation_list(["1"])]), r"give its \.id$"),
        (lambda lists: lists.coverage(None), "several of them.* got the NoneType None"),
        (lambda lists: lists.gini(5), "several of them.* got the int 5"),
        (lambda lists: lists.gini(b"12"), "several of them.* got the bytes b'12'"),
        (lambda lists: lists.coverage([]), "catalogue holds no item"),
        (lambda lists: lists.coverage("abc"), "must be ids of items"),
        (lambda lists: lists.coverage([1]), "must be a str, got 1"),
        (lambda lists: lists.gini(["a"], k=0), "k must be an int of at least 1, got 0"),
        (lambda lists: lists.coverage(["a"], k=1.5), "k must be an int of at least 1, got 1.5"),
        (lambda lists: lists.coverage(["a"], k="3"), "k must be an int of at least 1, got '3'"),
        (lambda lists: lists.coverage(["a"], k=True), "k must be an int of at least 1, got True"),
        (lambda lists: lists.novelty({"a": "0.5"}), "of 'a' must be a number, got '0.5'"),
        (lambda lists: lists.novelty({"a": 1}, users="10"), "users must be an int .* got '10'"),
        (lambda lists: lists.novelty({"a": 0}, users=0), "users must be an int .* got 0"),
        (lambda lists: lists.diversity({"a": ["X"]}), r"of 'a' must be one value.*\['X'\]; give"),
        (
            lambda lists: lists.diversity(pd.DataFrame({"item_id": ["a"], "b": ["X"]}), by=5),
            "by must be the name of a column, or several of them, got 5",
        ),
        (lambda _: Lists(account=5), "account must be a name such as 'contoso-a', got 5"),
        (lambda lists: lists.novelty({"a": 4}), "give users= with counts"),
        (lambda lists: lists.novelty({"a": 4}, users=3), "from 0 to 3, got 4"),
        (lambda lists: lists.novelty({"a": math.nan}), "from 0 to 1, got nan"),
        (lambda lists: lists.diversity({"a": "X"}, by="Category"), "attributes is no frame"),
        (lambda lists: lists.diversity(pd.DataFrame({"item_id": ["a"]})), "no column beside"),
    ],
)
def test_figures_of_what_cannot_be_read_say_what_is_wrong(ask, says) -> None:
    with pytest.raises((TypeError, ValueError), match=says):
        ask(two())
