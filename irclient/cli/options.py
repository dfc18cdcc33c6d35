"""The options that several commands share, each said once."""

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
    "params_of",
]

_LIST = "The list"
_NARROWING = "Narrowing"
_CALL = "The call"

Count: TypeAlias = Annotated[
    int | None,
    typer.Option("--count", "-n", min=1, help="How many items.", rich_help_panel=_LIST),
]
Skip: TypeAlias = Annotated[
    int | None,
    typer.Option("--skip", min=0, help="How many items to leave out.", rich_help_panel=_LIST),
]
FilterPairs: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        "-f",
        metavar="NAME=VALUE",
        help="Only items that match; again for more names or values.",
        rich_help_panel=_NARROWING,
    ),
]
Algo: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--algo",
        metavar="NAME",
        help="The algorithm, such as Textual or Visual.",
        rich_help_panel=_LIST,
    ),
]
User: TypeAlias = Annotated[
    str | None, typer.Option("--user", help="The user to rank for.", rich_help_panel=_LIST)
]
Session: TypeAlias = Annotated[
    str | None, typer.Option("--session", help="An anonymous session.", rich_help_panel=_LIST)
]
Channel: TypeAlias = Annotated[
    str | None,
    typer.Option("--channel", help="Only items of this channel.", rich_help_panel=_NARROWING),
]
Catalog: TypeAlias = Annotated[
    str | None,
    typer.Option("--catalog", help="Only items of this catalog.", rich_help_panel=_NARROWING),
]
Modeling: TypeAlias = Annotated[
    str | None,
    typer.Option("--modeling", help="The modeling component.", rich_help_panel=_LIST),
]
Refinements: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--refine",
        metavar="NAME",
        help="A refinement, such as RemoveUserHistory; again for more.",
        rich_help_panel=_NARROWING,
    ),
]
ParamPairs: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--param",
        metavar="NAME=VALUE",
        help="A raw query parameter, sent as it is; again for more.",
        rich_help_panel=_CALL,
    ),
]
Config: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help="A TOML file; without one the environment's IRCLIENT_… variables are read.",
        rich_help_panel=_CALL,
    ),
]
Deadline: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--deadline",
        metavar="SECONDS",
        help="How long the whole call may take.",
        rich_help_panel=_CALL,
    ),
]
AsJSON: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


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
