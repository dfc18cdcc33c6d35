"""The two clients of each door say the same things in the same words."""

from __future__ import annotations

import inspect
import re

import pytest

from irclient import AsyncIRClient, IRClient, queries
from irclient._clients.list_methods import ListMethods
from irclient._core.identity import KnownQueries
from irclient.modeling import AsyncModelingClient, ModelingClient

PAIRS = [(IRClient, AsyncIRClient), (ModelingClient, AsyncModelingClient)]
#: What is spelled differently because the language spells it differently.
TWINS = {"aclose": "close", "__aenter__": "__enter__", "__aexit__": "__exit__"}


def members(client: type) -> dict[str, object]:
    shown = {"__init__", "__enter__", "__exit__", *TWINS}
    found = {
        name: member
        for name, member in inspect.getmembers(client)
        if callable(member) and (not name.startswith("_") or name in shown)
    }
    return {TWINS.get(name, name): member for name, member in found.items()}


def shape(member) -> list[tuple[str, object, object]]:
    parameters = inspect.signature(member).parameters.values()
    return [(each.name, each.kind, each.default) for each in parameters]


def first_line(member) -> str:
    return (inspect.getdoc(member) or "").partition("\n")[0]


PAIRED = [
    pytest.param(blocking, tasks, name, id=f"{blocking.__name__}.{name}")
    for blocking, tasks in PAIRS
    for name in sorted({*members(blocking), *members(tasks)})
]


@pytest.mark.parametrize(("blocking", "tasks", "name"), PAIRED)
def test_a_method_has_the_same_arguments_and_words_in_both(blocking, tasks, name) -> None:
    ours, theirs = members(blocking)[name], members(tasks)[name]
    assert shape(ours) == shape(theirs)
    assert first_line(ours) == first_line(theirs)
    assert first_line(ours) or name.startswith("__")


@pytest.mark.parametrize(("blocking", "tasks"), PAIRS)
def test_the_class_docstrings_promise_the_same(blocking, tasks) -> None:
    def arguments(client: type) -> str:
        words = " ".join((inspect.getdoc(client) or "").partition("Args:")[2].split())
        return re.sub(r"\bAsync(?=[A-Z])", "", words)

    assert arguments(blocking) == arguments(tasks) != ""


def test_every_list_method_takes_what_its_query_takes() -> None:
    by_operation = {
        query.operation: query
        for query in vars(queries).values()
        if isinstance(query, type) and "operation" in vars(query)
    }
    assert len(by_operation) == 9
    for operation, query in by_operation.items():
        method = inspect.signature(getattr(ListMethods, operation)).parameters
        assert set(method) - {"self"} == set(inspect.signature(query).parameters)


class Asked(ListMethods):
    """Answers each query with itself."""

    _known_queries = KnownQueries(0)

    def fetch(self, query):
        return query

    def _note_refusal(self, operation):
        raise AssertionError(operation)


#: For each keyword a value that only this keyword may take.
VALUES = {
    "count": 11,
    "skip": 12,
    "filters": {"Color": "red"},
    "algo_type": "an algorithm",
    "user_id": "a user",
    "session_id": "a session",
    "channel_id": "a channel",
    "catalog_id": "a catalog",
    "modeling": "a modeling",
    "refinements": ("a refinement",),
    "params": (("a parameter", "its value"),),
    "item_id": "an item",
    "item_ids": ("one", "two"),
    "candidates": ("three", "four"),
}
OPERATIONS = [
    *("new", "popular", "trending", "similar", "cart", "bought_together"),
    *("picks", "personalize", "selectors"),
]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_keyword_of_a_list_method_arrives_in_the_field_of_its_name(operation) -> None:
    method = getattr(Asked(), operation)
    given = {name: VALUES[name] for name in inspect.signature(method).parameters}
    query = method(**given)
    assert query.operation == operation
    assert {name: getattr(query, name) for name in given} == given | (
        {"filters": {"Color": ("red",)}} if "filters" in given else {}
    )
