"""`irclient picks`: picks for a user, or for an anonymous session."""

from typing import Annotated, TypeAlias

import typer

from irclient.cli.asking import ask
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
    filters_of,
    params_of,
)
from irclient.queries import Picks

__all__ = ["picks"]

UserId: TypeAlias = Annotated[str | None, typer.Argument(help="The user.", show_default=False)]


def picks(
    user_id: UserId = None,
    *,
    session: Session = None,
    count: Count = None,
    skip: Skip = None,
    filters: FilterPairs = None,
    algo: Algo = None,
    channel: Channel = None,
    catalog: Catalog = None,
    modeling: Modeling = None,
    refinements: Refinements = None,
    params: ParamPairs = None,
    config: Config = None,
    deadline: Deadline = None,
    as_json: AsJSON = False,
) -> None:
    """Show picks for a user, or for an anonymous session.

    \b
    Examples:
    $ irclient picks u-1017 --count 5
    $ irclient picks --session s-1 --algo RecentViews
    """
    query = Picks(
        user_id,
        session_id=session,
        count=count,
        skip=skip,
        filters=filters_of(filters),
        algo_type=algo,
        channel_id=channel,
        catalog_id=catalog,
        modeling=modeling,
        refinements=refinements or (),
        params=params_of(params),
    )
    ask(query, config=config, deadline=deadline, as_json=as_json)
