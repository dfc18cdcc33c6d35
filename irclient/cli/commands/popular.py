"""`irclient popular`: the items with the most interactions."""

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
from irclient.queries import Popular

__all__ = ["popular"]


def popular(
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
    """Show the items with the most interactions.

    \b
    Examples:
    $ irclient popular --count 5
    $ irclient popular --filter Category=Clothing --json
    """
    query = Popular(
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
