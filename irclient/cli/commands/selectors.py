"""`irclient selectors`: the filters that apply to the items visually similar to one."""

from irclient.cli.asking import ask
from irclient.cli.options import (
    Algo,
    AsJSON,
    Catalog,
    Channel,
    Config,
    Deadline,
    ItemId,
    Modeling,
    ParamPairs,
    params_of,
)
from irclient.queries import ItemSelectors

__all__ = ["selectors"]


def selectors(
    item_id: ItemId,
    *,
    algo: Algo = None,
    channel: Channel = None,
    catalog: Catalog = None,
    modeling: Modeling = None,
    params: ParamPairs = None,
    config: Config = None,
    deadline: Deadline = None,
    as_json: AsJSON = False,
) -> None:
    """Show the filters that apply to the items visually similar to one.

    \b
    Examples:
    $ irclient selectors 64702
    """
    query = ItemSelectors(
        item_id,
        algo_type=algo,
        channel_id=channel,
        catalog_id=catalog,
        modeling=modeling,
        params=params_of(params),
    )
    ask(query, config=config, deadline=deadline, as_json=as_json)
