"""`irclient cart`: items that complete a cart."""

from typing import Annotated, TypeAlias

import typer

from irclient.cli.asking import ask, ids_of
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
from irclient.queries import Cart

__all__ = ["cart"]

ItemIds: TypeAlias = Annotated[
    list[str],
    typer.Argument(
        metavar="ID...", help="The ids in the cart; - reads them from stdin.", show_default=False
    ),
]


def cart(
    item_ids: ItemIds,
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
    """Show items that complete a cart.

    \b
    Examples:
    $ irclient cart 64702 64718 --count 5
    $ cat cart.txt | irclient cart -
    """
    query = Cart(
        ids_of(item_ids),
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
