"""`irclient personalize`: the given items ranked for a user, likeliest first."""

from typing import Annotated, TypeAlias

import typer

from irclient.cli.asking import ask, ids_of
from irclient.cli.options import (
    AsJSON,
    Catalog,
    Channel,
    Config,
    Deadline,
    Modeling,
    ParamPairs,
    params_of,
)
from irclient.queries import Personalize

__all__ = ["personalize"]

UserId: TypeAlias = Annotated[str, typer.Argument(help="The user.", show_default=False)]
Candidates: TypeAlias = Annotated[
    list[str],
    typer.Argument(
        metavar="ID...", help="The ids to rank; - reads them from stdin.", show_default=False
    ),
]


def personalize(
    user_id: UserId,
    candidates: Candidates,
    *,
    channel: Channel = None,
    catalog: Catalog = None,
    modeling: Modeling = None,
    params: ParamPairs = None,
    config: Config = None,
    deadline: Deadline = None,
    as_json: AsJSON = False,
) -> None:
    """Show the given items ranked for a user, likeliest first.

    \b
    Examples:
    $ irclient personalize u-1017 64702 64718 64733
    $ cat candidates.txt | irclient personalize u-1017 -
    """
    query = Personalize(
        user_id,
        ids_of(candidates),
        channel_id=channel,
        catalog_id=catalog,
        modeling=modeling,
        params=params_of(params),
    )
    ask(query, config=config, deadline=deadline, as_json=as_json)
