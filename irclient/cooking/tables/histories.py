"""Who took what, when: what interactions say, counted.

Not used: interactions of users who opted out (D), negative ones and those of items that the
catalogue does not have (our choice).

Tables made: `used` (item, person, basket, taken_at, strength), `taken` (person, item, taken_at,
strength, place: a person's items, latest first), `in_baskets` (person: the basket; item). A person
is a user, or for anonymous visitors a basket. Strengths are whole numbers, so that a sum does not
depend on its order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.sparse import csr_array

from irclient.cooking.data.instants import DAY
from irclient.cooking.strings import Strings
from irclient.cooking.tables.catalogue import starts_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from irclient.cooking.engines.engine import Engine
    from irclient.cooking.tables.catalogue import Parts
    from irclient.cooking.tables.reading import Config

__all__ = ["make_histories", "parts_of_histories", "strengths", "unknown_items"]

#: How many of a person's latest items are kept.
LONGEST_HISTORY: Final = 5_000
#: What a strength of 1 counts.
STRENGTH: Final = 1_000_000
#: The most that one interaction counts, so that sums are numbers.
_MOST: Final = 1_000_000_000
#: An interaction counts half as much in Trending after this long.
_HALF_LIFE_DAYS: Final = 7.0
_TRENDING_STEPS: Final = 2**30


def unknown_items(engine: Engine) -> tuple[int, str]:
    """How many interactions name an item that the catalogue lacks, and one such item."""
    rows = engine.columns(
        "select count(*) as n, coalesce(min(g.item_id), '') as example from ("
        "select item_id from interactions where problem is null union all "
        "select item_id from synthetic where problem is null) g "
        "left join items i on g.item_id = i.item_id where i.item is null"
    )
    return int(rows["n"][0]), str(rows["example"][0])


def make_histories(engine: Engine, *, until: int | None = None) -> None:
    """Number people and baskets, and gather what they took.

    Args:
        engine: Where the checked tables are, and `items`.
        until: Only what was taken before this instant, in ms since 1970 UTC; None is all.
    """
    before = "" if until is None else f" and taken_at < {until}"
    rows = " union all ".join(
        "select item_id, user_id, basket_id, taken_at, strength from "
        f"{table} where problem is null and positive{before}"
        for table in ("interactions", "synthetic")
    )
    engine.keep(
        "given",
        "select i.item, g.user_id, g.basket_id, g.taken_at, "
        f"cast(round(least(greatest(g.strength, 0), {_MOST}) * {STRENGTH}) as bigint) as strength "
        f"from ({rows}) g join items i on g.item_id = i.item_id left join "
        "(select distinct user_id from opt_outs where problem is null) o "
        "on g.user_id = o.user_id where o.user_id is null",
    )
    engine.keep(
        "users",
        "select user_id, cast(row_number() over (order by user_id) - 1 as integer) as person "
        "from (select distinct user_id from given where user_id <> '') named",
    )
    engine.keep(
        "baskets",
        "select basket_id, cast(row_number() over (order by basket_id) - 1 as integer) as basket "
        "from (select distinct basket_id from given) known",
    )
    users = int(engine.columns("select count(*) as n from users")["n"][0])
    engine.keep(
        "used",
        f"select g.item, coalesce(u.person, {users} + b.basket) as person, b.basket, g.taken_at, "
        "g.strength from given g join baskets b on g.basket_id = b.basket_id "
        "left join users u on g.user_id = u.user_id",
    )
    engine.drop("given")
    engine.drop("baskets")
    engine.keep(
        "taken",
        "select person, item, taken_at, strength, cast(place as integer) as place from ("
        "select *, row_number() over (partition by person order by taken_at desc, item) as place "
        "from (select person, item, max(taken_at) as taken_at, cast(sum(strength) as bigint) as "
        "strength from used group by person, item) summed) placed "
        f"where place <= {LONGEST_HISTORY}",
    )
    engine.keep(
        "in_baskets",
        "select basket as person, item, cast(place as integer) as place from (select basket, item, "
        "row_number() over (partition by basket order by item) as place from (select distinct "
        f"basket, item from used) known) placed where place <= {LONGEST_HISTORY}",
    )


def parts_of_histories(engine: Engine, config: Config, *, size: int) -> Parts:
    """Popular, trending, and the users' histories."""
    users = engine.columns("select user_id from users order by person")["user_id"]
    rows = engine.columns(
        "select t.person, t.item, t.strength from taken t join users u on t.person = u.person "
        "order by t.person, t.place"
    )
    weights = np.log1p(rows["strength"].astype(np.float64) / STRENGTH)
    arrays: dict[str, npt.NDArray[Any]] = {
        "popular": _popular(engine, config, size),
        "trending": _trending(engine, config, size),
        "history_starts": starts_of(rows["person"], len(users)),
        "history_items": rows["item"].astype(np.int32),
        "history_weights": weights.astype(np.float32),
    }
    return arrays, {"users": Strings.of(users)}


def strengths(engine: Engine, *, size: int) -> csr_array[np.float64]:
    """How much of what each person took, shape (people, items)."""
    rows = engine.columns("select person, item, strength from taken order by person, item")
    people = int(rows["person"].max()) + 1 if rows["person"].size else 1
    taken = rows["strength"] / STRENGTH
    return csr_array((taken, (rows["person"], rows["item"])), shape=(people, size))


def _popular(engine: Engine, config: Config, size: int) -> npt.NDArray[np.int32]:
    """Items by their number of interactions in the look-back (D), which ends at the newest one.

    That end is our choice: data at rest would otherwise run out of its look-back.
    """
    look_back = config.best_selling_list_transactions_interval_days * DAY
    rows = engine.columns(
        "select item, count(*) as n from used cross join (select max(taken_at) as latest from used)"
        f" l where taken_at >= latest - {look_back} group by item order by item"
    )
    return _descending(rows["item"], rows["n"], size)


def _trending(engine: Engine, config: Config, size: int) -> npt.NDArray[np.int32]:
    """Items by interactions that weigh less the older they are; old items are no candidates (D).

    The weight halves every week (our choice).
    """
    look_back = config.trending_list_transactions_interval_days * DAY
    age = config.trending_list_max_age_days * DAY
    weight = f"pow(2.0, (taken_at - latest) / {_HALF_LIFE_DAYS * DAY})"
    rows = engine.columns(
        f"select u.item, cast(sum(cast(round({weight} * {_TRENDING_STEPS}) as bigint)) as double) "
        "as n from used u join items i on u.item = i.item cross join (select max(taken_at) as "
        f"latest from used) l where u.taken_at >= latest - {look_back} "
        f"and i.released_at >= latest - {age} group by u.item order by u.item"
    )
    return _descending(rows["item"], rows["n"], size)


def _descending(
    items: npt.NDArray[Any], scores: npt.NDArray[Any], size: int
) -> npt.NDArray[np.int32]:
    found = np.zeros(size)
    found[items] = scores
    order = np.argsort(-found, kind="stable")
    return order[: int((found > 0).sum())].astype(np.int32)
