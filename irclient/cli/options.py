"""The options that several commands share, each said once."""

from functools import partial
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from irclient.errors import QueryError

__all__ = [
    "Algo",
    "AsJSON",
    "Catalog",
    "Channel",
    "Config",
    "Count",
    "Deadline",
    "FilterPairs",
    "Modeling",
    "ParamPairs",
    "Refinements",
    "Session",
    "Skip",
    "User",
    "filters_of",
    "not_nan",
    "params_of",
]

_of_the_list = partial(typer.Option, rich_help_panel="The list")
_narrowing = partial(typer.Option, rich_help_panel="Narrowing")
_of_the_call = partial(typer.Option, rich_help_panel="The call")

Count: TypeAlias = Annotated[
    int | None,
    _of_the_list("--count", "-n", min=1, help="How many items."),
]
Skip: TypeAlias = Annotated[
    int | None,
    _of_the_list("--skip", min=0, help="How many items to leave out."),
]
FilterPairs: TypeAlias = Annotated[
    list[str] | None,
    _narrowing(
        "--filter", "-f", metavar="NAME=VALUE", help="Only items that match; again for more."
    ),
]
Algo: TypeAlias = Annotated[
    str | None,
    _of_the_list("--algo", metavar="NAME", help="The algorithm, such as Textual or Visual."),
]
User: TypeAlias = Annotated[str | None, _of_the_list("--user", help="The user to rank for.")]
Session: TypeAlias = Annotated[str | None, _of_the_list("--session", help="An anonymous session.")]
Channel: TypeAlias = Annotated[
    str | None,
    _narrowing("--channel", help="Only items of this channel."),
]
Catalog: TypeAlias = Annotated[
    str | None,
    _narrowing("--catalog", help="Only items of this catalog."),
]
Modeling: TypeAlias = Annotated[
    str | None,
    _of_the_list("--modeling", help="The modeling component."),
]
Refinements: TypeAlias = Annotated[
    list[str] | None,
    _narrowing(
        "--refine", metavar="NAME", help="A refinement, such as RemoveUserHistory; again for more."
    ),
]
ParamPairs: TypeAlias = Annotated[
    list[str] | None,
    _of_the_call(
        "--param",
        metavar="NAME=VALUE",
        help="A raw query parameter, sent as it is; again for more.",
    ),
]
Config: TypeAlias = Annotated[
    Path | None,
    _of_the_call(
        "--config",
        "-c",
        metavar="FILE",
        help="A TOML file; without one the environment's IRCLIENT_… variables are read.",
    ),
]
Deadline: TypeAlias = Annotated[
    float | None,
    _of_the_call("--deadline", metavar="SECONDS", help="How long the whole call may take."),
]
AsJSON: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def not_nan(seconds: float) -> float:
    """Refuse a time that is none; typer 0.26 finds it within any bounds."""
    if seconds != seconds:  # noqa: PLR0124  (NaN alone is not itself)
        raise typer.BadParameter(f"{seconds} is no time")
    return seconds


def filters_of(pairs: list[str] | None) -> dict[str, list[str]]:
    """Read ``Name=Value`` pairs as filters: the same name twice is two values of one filter."""
    filters: dict[str, list[str]] = {}
    for name, value in _split("--filter", pairs, example="Category=Clothing"):
        filters.setdefault(name, []).append(value)
    return filters


def params_of(pairs: list[str] | None) -> list[tuple[str, str]]:
    """Read ``name=value`` pairs as raw query parameters, in their order."""
    return _split("--param", pairs, example="ClientType=web")


def _split(option: str, pairs: list[str] | None, *, example: str) -> list[tuple[str, str]]:
    result: list[tuple[str, str]] = []
    for pair in pairs or ():
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise QueryError(f"{option} must be NAME=VALUE, got {pair!r}; write {example}")
        result.append((name, value))
    return result
