"""`irclient similar`: items similar to one item."""

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
    ItemId,
    Modeling,
    ParamPairs,
    Refinements,
    Session,
    Skip,
    User,
    filters_of,
    params_of,
)
from irclient.queries import Similar

__all__ = ["similar"]


def similar(
    item_id: ItemId,
    *,
    count: Count = None,
    skip: Skip = None,
    filters: FilterPairs = None,
    algo: Algo = None,
    user: User = None,
    session: Session = None,
    channel: Channel = None,
    catalog: Catalog = None,
    modeling: Modeling = None,
    refinements: Refinements = None,
    params: ParamPairs = None,
    config: Config = None,
    deadline: Deadline = None,
    as_json: AsJSON = False,
) -> None:
    """Show items similar to one item.

    \b
    Examples:
    $ irclient similar 64702 --count 5
    $ irclient similar 64702 --filter Category=Clothing --algo Textual
    """
    query = Similar(
        item_id,
        count=count,
        skip=skip,
        filters=filters_of(filters),
        algo_type=algo,
        user_id=user,
        session_id=session,
        channel_id=channel,
        catalog_id=catalog,
        modeling=modeling,
        refinements=refinements or (),
        params=params_of(params),
    )
    ask(query, config=config, deadline=deadline, as_json=as_json)
