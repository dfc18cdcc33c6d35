"""The nine commands that ask the service for one list each: one table, a row for each command.

An option exists for every field of a query that is not an argument, so that a new parameter of a
query needs a line in `_OPTIONS` and nothing else.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from inspect import Parameter, Signature
from typing import Annotated, Any, Final, TypeAlias

import typer

from irclient.cli.asking import ask, ids_of
from irclient.cli.options import (
    Algo,
    AsJSON,
    Catalog,
    Channel,
    Config,
    Count,
    Deadline,
    FilterPairs,
    Modeling,
    ParamPairs,
    Refinements,
    Session,
    Skip,
    User,
    filters_of,
    params_of,
)
from irclient.queries import (
    BoughtTogether,
    Cart,
    ItemSelectors,
    ListQuery,
    New,
    Personalize,
    Picks,
    Popular,
    Similar,
    Trending,
)

__all__ = ["COMMANDS", "ListCommand", "list_command"]

_ItemId: TypeAlias = Annotated[
    str, typer.Argument(metavar="ITEM_ID", help="The item's id.", show_default=False)
]
_UserId: TypeAlias = Annotated[
    str, typer.Argument(metavar="USER_ID", help="The user.", show_default=False)
]
_PicksUserId: TypeAlias = Annotated[
    str | None, typer.Argument(metavar="USER_ID", help="The user.", show_default=False)
]
_CartIds: TypeAlias = Annotated[
    list[str],
    typer.Argument(
        metavar="ID", help="The ids in the cart; - reads them from stdin.", show_default=False
    ),
]
_Candidates: TypeAlias = Annotated[
    list[str],
    typer.Argument(
        metavar="ID", help="The ids to rank; - reads them from stdin.", show_default=False
    ),
]

#: The option for each field of a query, in the order in which the help shows them.
_OPTIONS: Final[Mapping[str, Any]] = {
    "count": Count,
    "skip": Skip,
    "filters": FilterPairs,
    "algo_type": Algo,
    "user_id": User,
    "session_id": Session,
    "channel_id": Channel,
    "catalog_id": Catalog,
    "modeling": Modeling,
    "refinements": Refinements,
    "params": ParamPairs,
}
#: How the words of the command line become the value of a field; the others are taken as given.
_READ: Final[Mapping[str, Callable[[Any], object]]] = {
    "filters": filters_of,
    "params": params_of,
    "refinements": lambda names: names or (),
    "item_ids": ids_of,
    "candidates": ids_of,
}


@dataclass(frozen=True, slots=True)
class ListCommand:
    """One row of the table.

    Attributes:
        name: The command's name.
        query: What it asks for.
        purpose: What it shows, in one line.
        examples: Arguments worth trying, in their order.
        arguments: The fields of the query that are arguments and not options.
    """

    name: str
    query: type[ListQuery | Personalize | ItemSelectors]
    purpose: str
    examples: tuple[str, ...]
    arguments: Mapping[str, Any]


COMMANDS: Final = (
    ListCommand(
        "new",
        New,
        "Show items by release date, newest first.",
        ("irclient new --count 5", "irclient new --filter Category=Clothing --json"),
        {},
    ),
    ListCommand(
        "popular",
        Popular,
        "Show the items with the most interactions.",
        ("irclient popular --count 5", "irclient popular --filter Category=Clothing --json"),
        {},
    ),
    ListCommand(
        "trending",
        Trending,
        "Show popular items, newer interactions weighing more.",
        ("irclient trending --count 5", "irclient trending --catalog spring"),
        {},
    ),
    ListCommand(
        "similar",
        Similar,
        "Show items similar to one item.",
        (
            "irclient similar 64702 --count 5",
            "irclient similar 64702 --filter Category=Clothing --algo Textual",
        ),
        {"item_id": _ItemId},
    ),
    ListCommand(
        "cart",
        Cart,
        "Show items that complete a cart.",
        ("irclient cart 64702 64718 --count 5", "cat cart.txt | irclient cart -"),
        {"item_ids": _CartIds},
    ),
    ListCommand(
        "bought-together",
        BoughtTogether,
        "Show items frequently bought together with one item.",
        ("irclient bought-together 64702 --count 5",),
        {"item_id": _ItemId},
    ),
    ListCommand(
        "picks",
        Picks,
        "Show picks for a user, or for an anonymous session.",
        ("irclient picks u-1017 --count 5", "irclient picks --session s-1 --algo RecentViews"),
        {"user_id": _PicksUserId},
    ),
    ListCommand(
        "personalize",
        Personalize,
        "Show the given items ranked for a user, likeliest first.",
        (
            "irclient personalize u-1017 64702 64718 64733",
            "cat candidates.txt | irclient personalize u-1017 -",
        ),
        {"user_id": _UserId, "candidates": _Candidates},
    ),
    ListCommand(
        "selectors",
        ItemSelectors,
        "Show the filters that apply to the items visually similar to one.",
        ("irclient selectors 64702",),
        {"item_id": _ItemId},
    ),
)


def list_command(row: ListCommand) -> Callable[..., None]:
    """Make the function that typer reads the arguments and options of a command from."""

    def asked(**given: Any) -> None:  # noqa: ANN401  (typer passes what the signature below says)
        config, deadline, as_json = (given.pop(name) for name in ("config", "deadline", "as_json"))
        values: dict[str, Any] = {
            name: _READ[name](said) if name in _READ else said for name, said in given.items()
        }
        ask(row.query(**values), config=config, deadline=deadline, as_json=as_json)

    parameters = list(_parameters(row))
    asked.__name__ = row.name
    asked.__doc__ = "\n".join(
        [row.purpose, "", "\b", "Examples:", *(f"$ {each}" for each in row.examples)]
    )
    # typer looks at both.
    asked.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    asked.__annotations__ = {each.name: each.annotation for each in parameters}
    return asked


def _parameters(row: ListCommand) -> Iterable[Parameter]:
    for name, kind in row.arguments.items():
        default = None if kind is _PicksUserId else Parameter.empty
        yield Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=kind)
    known = {field.name for field in fields(row.query)} - set(row.arguments)
    options = {name: kind for name, kind in _OPTIONS.items() if name in known}
    options |= {"config": Config, "deadline": Deadline}
    for name, kind in options.items():
        yield Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=kind)
    yield Parameter("as_json", Parameter.KEYWORD_ONLY, default=False, annotation=AsJSON)
