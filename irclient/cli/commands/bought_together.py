"""`irclient bought-together`: items frequently bought together with one item."""

from irclient.cli.asking import ask
from irclient.cli.options import (
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
    Skip,
    User,
    filters_of,
    params_of,
)
from irclient.queries import BoughtTogether

__all__ = ["bought_together"]


def bought_together(
    item_id: ItemId,
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
    """Show items frequently bought together with one item.

    \b
    Examples:
    $ irclient bought-together 64702 --count 5
    """
    query = BoughtTogether(
        item_id,
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
