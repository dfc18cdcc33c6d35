"""`irclient trending`: popular items, newer interactions weighing more."""

from irclient.cli.asking import ask
from irclient.cli.options import (
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
    Skip,
    User,
    filters_of,
    params_of,
)
from irclient.queries import Trending

__all__ = ["trending"]


def trending(
    *,
    count: Count = None,
    skip: Skip = None,
    filters: FilterPairs = None,
    user: User = None,
    channel: Channel = None,
    catalog: Catalog = None,
    modeling: Modeling = None,
    refinements: Refinements = None,
    params: ParamPairs = None,
    config: Config = None,
    deadline: Deadline = None,
    as_json: AsJSON = False,
) -> None:
    """Show popular items, newer interactions weighing more.

    \b
    Examples:
    $ irclient trending --count 5
    $ irclient trending --catalog spring
    """
    query = Trending(
        count=count,
        skip=skip,
        filters=filters_of(filters),
        user_id=user,
        channel_id=channel,
        catalog_id=catalog,
        modeling=modeling,
        refinements=refinements or (),
        params=params_of(params),
    )
    ask(query, config=config, deadline=deadline, as_json=as_json)
