"""Writes the methods of the recommendation lists, for both clients, from the query classes.

What a method takes, its defaults and what is said of each argument stand in `irclient.queries`;
here stand the examples. ``make list-methods`` writes both modules, and a test compares them.
"""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
from dataclasses import MISSING, fields
from pathlib import Path
from typing import TYPE_CHECKING, Final

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from irclient import queries  # noqa: E402  (of this clone, installed or not)
from irclient.queries import ListQuery, Query  # noqa: E402

if TYPE_CHECKING:
    from dataclasses import Field

FOLDER = ROOT / "irclient" / "_clients"

#: For each method: how its example calls it, what it shows of the answer, and how that prints.
EXAMPLES: Final = {
    "new": ("new(count=3)", "{}.ids", "['64701', '64702', '64703']"),
    "popular": (
        'popular(count=2, filters={"Category": "Clothing"})',
        "{}.ids",
        "['64701', '64702']",
    ),
    "trending": ("trending(count=2)", "{}.ids", "['64701', '64702']"),
    "similar": ('similar("64705", count=3)', "{}.ids", "['64701', '64702', '64703']"),
    "cart": ('cart(["64705", "64709"], count=1)', "{}.ids", "['64701']"),
    "bought_together": ('bought_together("64705", count=2)', "{}.ids", "['64701', '64702']"),
    "picks": ('picks("a-user", count=2)', "{}.ids", "['64701', '64702']"),
    "personalize": ('personalize("a-user", ["7", "8"])', "{}.ids", "['7', '8']"),
    "selectors": ('selectors("64702")', "{}[0].name", "'color'"),
}
#: The order of the keywords; what is not among them can be given by its place.
KEYWORDS: Final = (
    *("count", "skip", "filters", "algo_type", "user_id", "session_id", "channel_id"),
    *("catalog_id", "modeling", "refinements", "params"),
)

HEAD: Final = '''"""The list methods of `{client}`; `make list-methods` writes them of the queries.

A query that was asked lately is looked up by its arguments, which costs less than to check them
again. The look-up stands in each method because handing the keywords on costs more than all of it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, {typing}

from irclient._runtime.deferred import Deferred
from irclient.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import {abstract}, Sequence

    from irclient import queries
    from irclient._core.identity import KnownQueries
    from irclient.filters import FilterValues
    from irclient.queries import ItemSelectors, ListQuery, Params, Personalize
    from irclient.results import RecommendationList, Selectors
else:
    queries = Deferred("irclient.queries")

__all__ = ["{name}"]


class {name}(ABC):
    """One method for each operation of the service; each raises one `IRError` or answers."""

    #: What was asked lately.
    _known_queries: KnownQueries

    @overload
    {define} fetch(self, query: ListQuery | Personalize) -> RecommendationList: ...
    @overload
    {define} fetch(self, query: ItemSelectors) -> Selectors: ...
    @abstractmethod
    {define} fetch(
        self, query: ListQuery | Personalize | ItemSelectors
    ) -> RecommendationList | Selectors:
        """Answer one query."""

    @abstractmethod
    def _note_refusal(self, operation: str) -> None:
        """Count a call whose arguments cannot be used, and tell the observers."""
'''

METHOD: Final = '''
    def {operation}(
        self,
{parameters}
    ) -> {answer}:
        """{summary}

        {source}

        Args:
{arguments}

        Returns:
            {returns}

        Raises:
            QueryError: An argument cannot be used; nothing was sent.
            IRError: No answer; its kind says who must act (`irclient.errors`).

{example}
        """
{body}
'''

#: Mostly there are none.
BY_FILTERS: Final = """\
        by_filters = None if filters is None else self._known_queries.lasting(filters)
"""

KNOWN: Final = """        asked = (
{asked},
        )  # fmt: skip
        query = self._known_queries.find(asked)
        if query is None:
            try:
                query = {made}
            except QueryError as problem:
                self._note_refusal("{operation}")
                # Its message says it all: frames of ours would only hide the caller's.
                raise problem.with_traceback(None) from None
            self._known_queries.learn(asked, query)
        return self.fetch(query)"""

#: Ranked for one page view, never shared, and so never known.
ALONE: Final = """        try:
            query = {made}
        except QueryError as problem:
            self._note_refusal("{operation}")
            raise problem.with_traceback(None) from None
        return self.fetch(query)"""


def module(client: str) -> str:
    """Return the source of a client's list methods."""
    is_async = client == "AsyncIRClient"
    name = "AsyncListMethods" if is_async else "ListMethods"
    define = "async def" if is_async else "def"
    typing = "Any, overload" if is_async else "overload"
    abstract = "Coroutine, Mapping" if is_async else "Mapping"
    head = HEAD.format(client=client, name=name, define=define, typing=typing, abstract=abstract)
    kinds = [kind for kind in vars(queries).values() if is_operation(kind)]
    return head + "".join(method(kind, is_async=is_async) for kind in kinds)


def is_operation(kind: object) -> bool:
    """Whether this is the query class of one operation."""
    return isinstance(kind, type) and issubclass(kind, Query) and "operation" in vars(kind)


def method(kind: type[Query], *, is_async: bool) -> str:
    """Return the source of one method."""
    by_place, by_name = parameters_of(kind)
    every = [*by_place, *by_name]
    said = attributes(kind)
    summary, source = first_line(kind)
    numbers = [f"type({each.name})" for each in every if "int" in str(each.type)]
    assigned = [f"{each.name}={each.name}" for each in every]
    answer = "Selectors" if kind is queries.ItemSelectors else "RecommendationList"
    is_shared = kind is not queries.Personalize
    made = call(f"queries.{kind.__name__}", assigned, indent=16 if is_shared else 12)
    return METHOD.format(
        operation=kind.operation,
        parameters="\n".join(f"        {each}," for each in written(by_place, by_name)),
        answer=f"Coroutine[Any, Any, {answer}]" if is_async else answer,
        summary=summary,
        source=source,
        arguments="\n".join(argument(each.name, said[each.name]) for each in every),
        returns=returns(kind, is_async=is_async),
        example=example(kind.operation, is_async=is_async),
        body=(BY_FILTERS if issubclass(kind, ListQuery) else "")
        + KNOWN.format(
            asked=textwrap.fill(
                ", ".join([f"queries.{kind.__name__}", *numbers, *map(looked_up, every)]),
                99,
                initial_indent=" " * 12,
                subsequent_indent=" " * 12,
                break_on_hyphens=False,
            ),
            made=made,
            operation=kind.operation,
        )
        if is_shared
        else ALONE.format(made=made, operation=kind.operation),
    )


def parameters_of(kind: type[Query]) -> tuple[list[Field[object]], list[Field[object]]]:
    """Return the fields that are given by their place, and those given by their name."""
    by_place = [each for each in fields(kind) if is_placed(kind, each)]
    named = {each.name: each for each in fields(kind) if each not in by_place}
    return by_place, [named.pop(name) for name in KEYWORDS if name in named]


def is_placed(kind: type[Query], field: Field[object]) -> bool:
    """Whether an argument says what the list is about, and so needs no name."""
    return field.default is MISSING or (kind is queries.Picks and field.name == "user_id")


def written(by_place: list[Field[object]], by_name: list[Field[object]]) -> list[str]:
    """Return the parameters as they stand in a signature."""
    return [*map(parameter, by_place), "*", *map(parameter, by_name)]


def looked_up(field: Field[object]) -> str:
    """Return by what an argument is looked up: a list or a mapping cannot be, as it is."""
    if field.name == "filters":
        return "by_filters"
    return f"self._known_queries.lasting({field.name})" if field.name == "item_ids" else field.name


def parameter(field: Field[object]) -> str:
    """Return one parameter, with its default."""
    if field.default is MISSING:
        return f"{field.name}: {field.type}"
    # No filters are an empty value of their own in a query, and None in a call.
    default = None if field.name == "filters" else field.default
    return f"{field.name}: {field.type} = {default!r}"


def attributes(kind: type[Query]) -> dict[str, str]:
    """Return what is said of each field, by the class itself or by one that it is made from."""
    said: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        section = (inspect.cleandoc(each.__doc__ or "")).partition("Attributes:\n")[2]
        for name, text in re.findall(r"^    (\w+): (.+(?:\n {8}.+)*)", section, re.MULTILINE):
            said[name] = " ".join(text.split())
    return said


def first_line(kind: type[Query]) -> tuple[str, str]:
    """Return what a method returns, in one line, and where that is known from."""
    said = " ".join(inspect.cleandoc(kind.__doc__ or "").partition("\nAttributes:")[0].split())
    named = re.search(r" ?\(?(?:Source: )?(contract [^)]+?)(?:\)\.|\.$)", said)
    if named is None:
        raise ValueError(f"the docstring of {kind.__name__} names no section of the contract")
    summary = said[: named.start()].partition(":")[0].rstrip(".")
    source = named[1] + ")" * (named[1].count("(") - named[1].count(")"))
    return f"Return {summary[0].lower()}{summary[1:]}.", wrapped(f"Source: {source}.", 8)


def argument(name: str, said: str) -> str:
    """Return what is said of an argument, as a docstring has it."""
    return " " * 12 + wrapped(f"{name}: {said}", 12, hanging=4)


def wrapped(text: str, indent: int, *, hanging: int = 0) -> str:
    """Return a text in lines of 100, all but the first indented."""
    lines = textwrap.wrap(text, 100 - indent - hanging, break_on_hyphens=False)
    return f"\n{' ' * (indent + hanging)}".join(lines)


def returns(kind: type[Query], *, is_async: bool) -> str:
    """Say what an answer is."""
    said = "The items that were given, in another order."
    if kind is queries.ItemSelectors:
        said = "The filters that apply, and the values that each can take."
    elif issubclass(kind, ListQuery):
        said = "The list, best first; its `served` says where it came from."
    # Not a coroutine function: what is asked is what the arguments held when they were given.
    return f"To be awaited: {said[0].lower()}{said[1:]}" if is_async else said


def example(operation: str, *, is_async: bool) -> str:
    """Return an example: a call on a client, and what it shows."""
    asked, shown, result = EXAMPLES[operation]
    called = f"ir.{asked}"
    if is_async:
        called = f"await {called}" if shown.endswith("]") else f"(await {called})"
    lines = ["Example:", f"    >>> {shown.format(called)}", f"    {result}"]
    return textwrap.indent("\n".join(lines), " " * 8)


def call(what: str, arguments: list[str], *, indent: int) -> str:
    """Return a call in few lines."""
    edge = " " * indent
    inside = textwrap.wrap(", ".join(arguments), 95 - indent)
    return (
        "\n".join([f"{what}(", *(f"{edge}    {line}" for line in inside), f"{edge})"])
        + "  # fmt: skip"
    )


def path_of(client: str) -> Path:
    """Return where the list methods of a client stand."""
    return FOLDER / ("async_list_methods.py" if client == "AsyncIRClient" else "list_methods.py")


if __name__ == "__main__":
    for client in ("IRClient", "AsyncIRClient"):
        path_of(client).write_text(module(client), "utf-8")
