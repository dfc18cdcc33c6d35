"""What a notebook shows of a result: a small table, with every text escaped."""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from irclient import IRClient, Served, StaticToken
from irclient._wire.reading import read_list, read_selectors
from irclient.queries import Popular
from irclient.results import RecommendationList, RecommendedItem
from irclient.testing import ScriptedService, example_pair, quick_settings, recommendation_list

SCRIPT = "<script>alert(1)</script>"
SERVED = Served(endpoint="contoso-a/web", account="contoso-a")


def texts(html: str, tag: str) -> list[str]:
    return re.findall(rf"<{tag}>(.*?)</{tag}>", html)


def test_a_list_is_a_table_of_ranks_and_ids_that_ends_after_a_screen() -> None:
    answer = recommendation_list([str(n) for n in range(30)], served=SERVED)
    html = answer._repr_html_()
    assert html.count("<tr>") == 1 + 25
    assert texts(html, "th") == ["rank", "id"]
    assert texts(html, "td")[:4] == ["1", "0", "2", "1"]
    assert texts(html, "caption") == ["Popular, 30 items, service contoso-a/web"]
    assert "and 5 more" in html
    assert repr(answer).startswith("<RecommendationList 'Popular', 30 items")


def test_ranks_go_on_from_what_was_skipped() -> None:
    answer = recommendation_list(["a"]).as_served(SERVED, query=Popular(skip=10))
    assert texts(answer._repr_html_(), "td") == ["11", "a"]


def test_the_caption_says_what_an_answer_is_worth() -> None:
    old = Served(endpoint="contoso-a/web", source="stale", age=90.4, degraded=True)
    assert texts(recommendation_list(["a"], served=old)._repr_html_(), "caption") == [
        "Popular, 1 items, stale contoso-a/web 90 s old degraded"
    ]
    none = recommendation_list(["a"], served=Served(source="fallback", degraded=True))
    assert "fallback degraded" in none._repr_html_()


def test_titles_are_shown_where_the_service_gave_them() -> None:
    html = read_list(b'{"items":[{"id":"1","title":"One"},{"id":"2"}]}')._repr_html_()
    assert texts(html, "th") == ["rank", "id", "title"]
    assert texts(html, "td") == ["1", "1", "One", "2", "2", ""]


def test_an_empty_list_says_so() -> None:
    html = recommendation_list([])._repr_html_()
    assert "0 items" in html
    assert "<tr>" not in html


def test_no_text_of_the_service_is_html() -> None:
    told = Served(endpoint=SCRIPT)
    shown = [
        recommendation_list([SCRIPT], title=SCRIPT, served=told),
        read_list(b'{"items":[{"id":"1","title":"%s"}]}' % SCRIPT.encode()),
        read_selectors(
            b'{"value":[{"keyName":"%s","values":[{"valueString":"%s"}]}]}'
            % (SCRIPT.encode(), SCRIPT.encode())
        ),
    ]
    for answer in shown:
        assert "<script" not in answer._repr_html_()
        assert "&lt;script&gt;" in answer._repr_html_()


def test_selectors_are_a_table_of_names_and_values() -> None:
    answer = read_selectors(
        b'{"value":[{"keyName":"color","values":[{"valueString":"red"},{"valueString":"blue"}]}]}'
    )
    assert texts(answer._repr_html_(), "td") == ["color", "red, blue"]


def test_health_and_stats_are_tables() -> None:
    home = example_pair()
    service = ScriptedService(home)
    service.on("contoso-a").fail(503)
    with IRClient(
        home, credential=StaticToken("t"), settings=quick_settings(), transport=service
    ) as ir:
        for _ in range(8):
            ir.popular()
        health, stats = ir.health(), ir.stats()
    rows = texts(health._repr_html_(), "td")
    assert rows[:2] == ["contoso-a/web", "failing"]
    assert rows[7:9] == ["contoso-b/web", "working"]
    assert "8 calls" in stats._repr_html_()
    cells = texts(stats._repr_html_(), "td")
    counted = dict(zip(cells[::2], cells[1::2], strict=True))
    assert counted["by source"] == "service: 8"
    assert "contoso-b/web (served: 8)" in counted["attempts"]


def test_the_name_of_an_endpoint_cannot_be_html_in_health() -> None:
    health = IRClient(example_pair().primary, credential=StaticToken("t")).health()
    named = replace(health.endpoints[0], endpoint=SCRIPT, reason=SCRIPT)
    html = replace(health, endpoints=(named,))._repr_html_()
    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 2


@pytest.mark.parametrize("of", [lambda answer: answer, lambda answer: answer.items])
def test_a_list_is_a_frame_of_ids_and_tracking_ids(of) -> None:
    answer = recommendation_list(["00123", "64702"])
    for frame in (pd.DataFrame(of(answer)), pl.DataFrame(of(answer))):
        assert list(frame.columns) == ["id", "tracking_id"]
        assert list(frame["id"]) == answer.ids
    assert pa.Table.from_pylist(list(answer))["id"].to_pylist() == answer.ids


def test_lists_are_rows_of_a_frame_whatever_their_length() -> None:
    # As many items as a list has fields: pandas took these for named tuples of the fields.
    for count in (3, len(RecommendationList.model_fields)):
        frame = pd.DataFrame([recommendation_list([str(n) for n in range(count)])] * 2)
        assert list(frame.columns) == list(range(count))
        assert frame.iloc[1, 2].id == "2"


def test_an_item_reads_as_a_mapping_of_all_its_fields() -> None:
    item = read_list(b'{"items":[{"id":"1","trackingId":"t","score":0.5}]}')[0]
    assert isinstance(item, Mapping)
    assert dict(item) == {**item} == {"id": "1", "tracking_id": "t", "score": 0.5}
    assert (item["score"], len(item), "score" in item, "no" in item) == (0.5, 3, True, False)
    assert list(item) == list(item.keys()) == ["id", "tracking_id", "score"]
    assert [*zip(item.keys(), item.values(), strict=True)] == [*item.items()]
    assert (item.get("id"), item.get("no"), item.get("no", 1)) == ("1", None, 1)
    with pytest.raises(KeyError):
        item["no"]
    # pandas prints a mapping in a cell by its items; before pandas 3, by what it iterates over.
    if int(pd.__version__.partition(".")[0]) >= 3:
        assert "'id': '1'" in str(pd.DataFrame({"cell": [item]}))


def test_an_item_stays_a_model() -> None:
    item = RecommendedItem(id="1")
    assert item.model_dump() == {"id": "1", "tracking_id": None}
    assert item.model_dump_json(by_alias=True) == '{"id":"1","trackingId":null}'
    assert pickle.loads(pickle.dumps(item)) == item
    assert item == RecommendedItem(id="1")
    assert hash(item) == hash(RecommendedItem(id="1"))
    assert repr(item) == "RecommendedItem(id='1', tracking_id=None)"
