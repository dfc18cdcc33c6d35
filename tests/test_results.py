"""The results: typed lists that keep what the service said."""

from __future__ import annotations

import copy
import json
import pickle

import pytest
from pydantic import ValidationError
from rich.pretty import pretty_repr

from irclient._values.item_columns import ItemColumns
from irclient._wire.reading import read_list, read_selectors
from irclient.queries import New, Popular
from irclient.results import RecommendationList, RecommendedItem, Selector, Selectors, Served
from tests.scenarios.scenario import SAMPLES

NEW = read_list((SAMPLES / "new_count5.documented.json").read_bytes())
SELECTORS = read_selectors(
    b'{"value":[{"keyName":"color","values":[{"valueString":"red"},{"valueString":null},"blue"]},'
    b'{"keyName":"size"},{"keyName":"fit","values":null}],"testInfo":{}}'
)


def test_a_list_is_a_sequence_of_its_items() -> None:
    assert len(NEW) == 5
    assert [item.id for item in NEW] == NEW.ids == [item.id for item in NEW.items]
    assert isinstance(NEW[0], RecommendedItem)
    assert NEW[-1] is NEW.items[4]
    assert NEW[1:3] == NEW.items[1:3]
    assert NEW[0] in NEW
    assert next(reversed(NEW)) is NEW[-1]
    with pytest.raises(IndexError):
        NEW[5]


def test_membership_rank_and_count_are_about_ids_and_take_items_as_well() -> None:
    third = NEW[2]
    assert third.id in NEW
    assert third in NEW
    assert "no such id" not in NEW
    assert None not in NEW
    assert NEW.index(third.id) == NEW.index(third) == 2
    assert (NEW.count(third.id), NEW.count(third), NEW.count("no such id")) == (1, 1, 0)
    with pytest.raises(ValueError, match="not in"):
        NEW.index(third.id, 3)


def test_dumped_by_alias_a_list_has_the_services_names_throughout_and_reads_again() -> None:
    dumped = NEW.model_dump(mode="json", by_alias=True, exclude_none=True)
    sent = NEW.raw
    assert dumped == sent
    assert RecommendationList.model_validate(dumped) == NEW
    assert RecommendationList.model_validate_json(NEW.model_dump_json(by_alias=True)) == NEW


def test_dumped_by_name_a_list_has_our_names_throughout_and_reads_again() -> None:
    dumped = NEW.model_dump(mode="json")
    assert dumped["total_items"] == 278
    assert "pagingInfo" not in dumped
    assert RecommendationList.model_validate(dumped) == NEW


def test_a_list_without_a_total_is_dumped_by_alias_and_reads_again() -> None:
    bare = RecommendationList(items=[RecommendedItem(id="1")])
    dumped = bare.model_dump(mode="json", by_alias=True)
    assert dumped["pagingInfo"] == {"totalItems": None}
    assert bare.to_dict() == {"items": [{"id": "1"}]}
    assert RecommendationList.model_validate(dumped) == bare


def test_an_answer_as_a_dict_is_plain_and_tells_how_it_was_served_where_asked() -> None:
    served = Served(endpoint="a/web", account="a", source="cache", age=2.0)
    assert NEW.to_dict() == NEW.raw
    plain = NEW.as_served(served).to_dict(served=True)
    assert json.loads(json.dumps(plain)) == plain
    assert plain.pop("served") == {
        "endpoint": "a/web",
        "account": "a",
        "variant": None,
        "source": "cache",
        "attempts": 0,
        "elapsed": 0.0,
        "age": 2.0,
        "degraded": False,
        "fresh_for": 0.0,
    }
    assert plain == NEW.raw


def test_selectors_as_a_dict_have_the_services_names_and_read_again() -> None:
    plain = SELECTORS.to_dict()
    color = {"keyName": "color", "values": [{"valueString": "red"}, {"valueString": "blue"}]}
    assert plain["value"][0] == color
    assert Selectors.model_validate(plain) == SELECTORS


def test_an_empty_list_is_false() -> None:
    assert not read_list(b'{"items":[]}')
    assert NEW


def test_the_raw_body_is_what_the_service_sent() -> None:
    raw = NEW.raw
    assert raw["pagingInfo"] == {"totalItems": 278}
    assert [row["id"] for row in raw["items"]] == NEW.ids
    raw["items"].clear()
    assert NEW.raw["items"], "each reading is a fresh one"


def test_unknown_fields_are_kept() -> None:
    answer = read_list(b'{"items":[{"id":"1","score":0.5}],"experiment":"x"}')
    assert answer.experiment == "x"
    assert answer[0].score == 0.5


def test_results_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        NEW.title = "Old"
    with pytest.raises(ValidationError, match="frozen"):
        NEW[0].id = "7"


def test_how_it_was_served_is_put_on_a_copy() -> None:
    served = Served(endpoint="a/web", account="a", attempts=2, elapsed=0.1)
    again = NEW.as_served(served)
    assert again.served == served
    assert NEW.served == Served()
    assert again.ids == NEW.ids
    assert again.raw == NEW.raw
    assert type(again) is RecommendationList


def test_a_list_travels_between_processes_with_all_it_knows() -> None:
    answer = NEW.as_served(Served(endpoint="a/web"))
    again = pickle.loads(pickle.dumps(answer))
    assert again == answer
    assert (again.raw, again.served) == (answer.raw, answer.served)


def test_its_repr_is_short_and_says_where_it_came_from() -> None:
    answer = NEW.as_served(Served(endpoint="a/web"))
    ids = ", ".join(map(repr, NEW.ids))
    assert (
        repr(answer)
        == str(answer)
        == (f"<RecommendationList 'New', 5 items [{ids}], service a/web>")
    )
    long = read_list(b'{"items":[' + b",".join(b'{"id":"%d"}' % n for n in range(9)) + b"]}")
    assert "9 items ['0', '1', '2', '3', '4', …]" in repr(long)


def test_users_can_make_lists_by_name_or_as_on_the_wire() -> None:
    by_name = RecommendationList(items=[RecommendedItem(id="1", tracking_id="t")], title_id=5)
    on_the_wire = RecommendationList.model_validate(
        {"items": [{"id": 1, "trackingId": "t"}], "titleId": 5}
    )
    assert by_name == on_the_wire
    assert by_name.raw is None


def test_selectors_are_a_sequence_of_names_and_values() -> None:
    assert isinstance(SELECTORS, Selectors)
    assert len(SELECTORS) == 3
    assert [(each.name, each.values) for each in SELECTORS] == [
        ("color", ("red", "blue")),
        ("size", ()),
        ("fit", ()),
    ]
    assert isinstance(SELECTORS[0], Selector)
    assert SELECTORS[:2] == SELECTORS.selectors[:2]
    assert SELECTORS.raw["testInfo"] == {}


ACROSS = [
    pytest.param(lambda answer: answer, id="itself"),
    pytest.param(copy.copy, id="copied"),
    pytest.param(copy.deepcopy, id="copied deeply"),
    pytest.param(lambda answer: answer.model_copy(), id="copied by pydantic"),
    pytest.param(lambda answer: pickle.loads(pickle.dumps(answer)), id="pickled"),
]
GIVEN = {"endpoint": "a/web", "account": "a", "variant": "blue", "attempts": 2, "elapsed": 0.1}


def given() -> RecommendationList:
    answer = read_list(b'{"items":[{"id":"1"}],"title":"New","more":1}')
    answer.note_served(*GIVEN.values())
    return answer


@pytest.mark.parametrize("across", ACROSS)
def test_what_was_noted_of_an_answer_goes_where_it_goes(across) -> None:
    answer = across(given())
    assert answer == given()
    assert answer.served == Served(**GIVEN)
    assert (answer.raw["title"], answer.more) == ("New", 1)


@pytest.mark.parametrize("across", ACROSS)
def test_an_answer_out_of_memory_says_so(across) -> None:
    first = given()
    answer = across(first.out_of_memory(7.0))
    assert answer == first
    assert answer.served == Served(
        endpoint="a/web", account="a", variant="blue", source="cache", age=7.0
    )
    assert (answer.raw, answer.more, answer.model_fields_set) == (
        first.raw,
        first.more,
        first.model_fields_set,
    )
    assert first.served == Served(**GIVEN), "the one in memory stays as it was given"


def test_an_answer_out_of_memory_can_be_served_otherwise() -> None:
    served = Served(source="stale", degraded=True)
    again = given().out_of_memory(7.0).as_served(served)
    assert again.served == served
    assert again.raw["title"] == "New"


@pytest.mark.parametrize("across", ACROSS)
def test_an_answer_knows_what_it_answers(across) -> None:
    asked, other = Popular(count=3, modeling="adw"), New()
    first = read_list(b'{"items":[]}')
    assert first.query is None
    first.note_served(*GIVEN.values(), query=asked)
    assert across(first).query == asked
    for again in (
        first.out_of_memory(1.0),
        first.as_served(Served()),
        first.out_of_memory(1.0).as_served(Served()),
    ):
        assert across(again).query == asked
    for again in (first.out_of_memory(1.0, other), first.as_served(Served(), query=other)):
        assert across(again).query == other
    assert first.query is asked


def test_an_answer_of_ones_own_has_a_story_too() -> None:
    made = RecommendationList(items=(RecommendedItem(id="1"),))
    assert (made.served, made.raw) == (Served(), None)
    assert made.out_of_memory(1.0).served == Served(source="cache", age=1.0)
    assert made.as_served(Served(endpoint="x")).served.endpoint == "x"


def test_an_answer_that_a_store_kept_out_of_memory_comes_out_of_it_again() -> None:
    first = given().as_served(Served(endpoint="a/web", account="a"))
    again = first.out_of_memory(7.0).out_of_memory(3.0)
    assert again.served == Served(endpoint="a/web", account="a", source="cache", age=3.0)
    assert again.raw == first.raw


def test_items_know_which_fields_they_came_with_and_equal_ones_share_the_knowledge() -> None:
    rows = ['{"id": "1", "trackingId": "t"}'] * 2
    names = {"id", "tracking_id"}
    first, second = read_list(f'{{"items": [{", ".join(rows)}]}}'.encode()).items
    assert first.model_fields_set == second.model_fields_set == names
    assert first.__pydantic_fields_set__ is second.__pydantic_fields_set__
    assert first.model_copy(update={"Other": 1}).model_fields_set == {*names, "Other"}
    assert second.model_fields_set == names
    rows += ['{"id": "2"}', '{"id": "3", "New": 1}']
    items = read_list(f'{{"items": [{", ".join(rows)}]}}'.encode()).items
    assert [each.model_fields_set for each in items] == [names, names, {"id"}, {"id", "New"}]
    assert items[2].model_dump(exclude_unset=True) == {"id": "2"}


USUAL = b'{"items": [{"id": "1", "trackingId": "t"}, {"trackingId": null, "id": 2}], "title": "A"}'
#: Nearly usual: none of them may be read as a list whose items need not be made.
UNUSUAL = [
    '[{"id": "1", "trackingId": "t", "more": 1}]',
    '[{"id": "1"}]',
    '[{"id": "1", "more": "t"}]',
    '[{"id": "", "trackingId": "t"}, {"id": "2", "trackingId": "t"}]',
    '[{"id": null, "trackingId": "t"}, {"id": "2", "trackingId": "t"}]',
    '[{"trackingId": "t", "other": "x"}, {"id": "2", "trackingId": "t"}]',
    '[{"id": "1", "tracking_id": "t"}]',
    '[{"id": "1", "trackingId": ["t"]}]',
    '[{"id": true, "trackingId": "t"}, {"id": "2", "trackingId": "t"}]',
    '[7, {"id": "2", "trackingId": "t"}]',
    "null",
]


def test_the_items_of_a_list_are_made_when_they_are_asked_for_and_once() -> None:
    a_list = read_list(USUAL)
    assert (a_list.ids, len(a_list), "2" in a_list) == (["1", "2"], 2, True)
    assert isinstance(vars(a_list)["items"], ItemColumns)
    assert "items, made when `items` of the list is read" in repr(vars(a_list))
    assert a_list.out_of_memory(1.0).items is a_list.items
    assert a_list.items == (
        RecommendedItem(id="1", tracking_id="t"),
        RecommendedItem(id="2", tracking_id=None),
    )
    assert list(a_list) == list(a_list.items)
    assert a_list.ids == ["1", "2"]


def test_a_list_whose_items_were_not_made_is_the_list_that_pydantic_makes() -> None:
    whole = RecommendationList.model_validate_json(USUAL)
    assert read_list(USUAL) == whole
    assert hash(read_list(USUAL)) == hash(whole)
    assert repr(read_list(USUAL).items) == repr(whole.items)
    for options in (
        {},
        {"by_alias": True},
        {"include": {"items": {0: {"id"}}}},
        {"exclude": {"items"}},
    ):
        assert read_list(USUAL).model_dump(**options) == whole.model_dump(**options)
        assert read_list(USUAL).model_dump_json(**options) == whole.model_dump_json(**options)
    for again in (
        copy.copy(read_list(USUAL)),
        copy.deepcopy(read_list(USUAL)),
        pickle.loads(pickle.dumps(read_list(USUAL))),
        read_list(USUAL).model_copy(update={"status": None}),
    ):
        assert again == whole
        assert again.items == whole.items


def test_what_rich_shows_of_a_list_are_its_items() -> None:
    whole = RecommendationList.model_validate_json(USUAL)
    assert pretty_repr(read_list(USUAL)) == pretty_repr(whole)
    assert "RecommendedItem(id='1', tracking_id='t')" in pretty_repr(read_list(USUAL))


def test_how_items_are_written_is_no_part_of_a_lists_json_schema() -> None:
    described = RecommendationList.model_json_schema(mode="serialization")
    assert described["properties"]["items"] == {
        "items": {"$ref": "#/$defs/RecommendedItem"}, "title": "Items", "type": "array",
    }  # fmt: skip


def test_a_list_may_be_extended_and_has_no_items_by_default() -> None:
    class Extended(RecommendationList):
        shop: str = "web"

    assert Extended(items=(RecommendedItem(id="1"),)).ids == ["1"]
    with pytest.raises(ValidationError, match="items"):
        Extended()
    with pytest.raises(AttributeError, match="items"):
        _ = RecommendationList.model_construct().items
    with pytest.raises(ValidationError, match="frozen"):
        read_list(USUAL).items = ()  # type: ignore[misc]


@pytest.mark.parametrize("items", UNUSUAL)
def test_a_list_with_unusual_items_is_read_as_before(items: str) -> None:
    body = f'{{"items": {items}, "title": "A"}}'.encode()
    a_list = read_list(body)
    assert isinstance(vars(a_list)["items"], tuple)
    rows = [row for row in json.loads(body)["items"] or () if isinstance(row, dict)]
    usable = [row for row in rows if isinstance(row.get("id"), str) and row["id"]]
    assert a_list.ids == [row["id"] for row in usable]
