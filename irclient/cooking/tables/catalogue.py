"""What is said of items: words, filters, availability, images, manual changes, external lists.

Tables made: `items` (item, item_id, title, description, released_at), where `item` is the place in
the catalogue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from irclient.cooking.strings import Strings

if TYPE_CHECKING:
    import numpy.typing as npt

    from irclient.cooking.engines.engine import Columns, Engine

__all__ = ["Parts", "make_items", "parts_of_catalogue", "starts_of"]

#: Arrays by name, and columns of texts by name.
Parts = tuple["dict[str, npt.NDArray[Any]]", dict[str, Strings]]

_FROM_EVER: Final = -(2**62)
_FOR_EVER: Final = 2**62
_DEFAULT: Final = "0"


def make_items(engine: Engine) -> int:
    """Number the catalogue; without one, whatever was interacted with (D: it may be left out).

    The first row of an item gives its words and date.

    Returns:
        How many items there are.
    """
    has_rows = engine.columns("select count(*) as n from catalogue where problem is null")["n"][0]
    rows = (
        "select item_id, title, description, released_at, 0 as part, file, row_ from catalogue "
        "where problem is null"
        if has_rows
        else " union all ".join(
            "select item_id, '' as title, '' as description, cast(0 as bigint) as released_at, "
            f"{part} as part, file, row_ from {table} where problem is null"
            for part, table in enumerate(("interactions", "synthetic"))
        )
    )
    engine.keep(
        "items",
        "select cast(row_number() over (order by part, file, row_) - 1 as integer) as item, "
        "item_id, title, description, released_at from (select *, row_number() over "
        f"(partition by item_id order by part, file, row_) as nth from ({rows}) given) numbered "
        "where nth = 1",
    )
    return int(engine.columns("select count(*) as n from items")["n"][0])


def parts_of_catalogue(engine: Engine) -> Parts:
    """Everything but what interactions and words say."""
    arrays: dict[str, npt.NDArray[Any]] = {}
    texts: dict[str, Strings] = {}
    for found_arrays, found_texts in (
        _items(engine),
        _filters(engine),
        _windows(engine),
        _images(engine),
        _changes(engine),
        _external(engine),
    ):
        arrays |= found_arrays
        texts |= found_texts
    return arrays, texts


def starts_of(groups: npt.NDArray[Any], count: int) -> npt.NDArray[np.int64]:
    """Where each group starts among rows that are in the order of their groups."""
    return np.searchsorted(groups, np.arange(count + 1)).astype(np.int64)


class _Groups(NamedTuple):
    """Rows in groups of one name each.

    Attributes:
        names: The name of each group, in order.
        starts: Where each group starts, and where the last ends.
        order: The rows, group by group, within a group in the order they came in.
    """

    names: Strings
    starts: npt.NDArray[np.int64]
    order: npt.NDArray[np.intp]

    @classmethod
    def of(cls, name_of_row: npt.NDArray[Any]) -> _Groups:
        names, group = np.unique(name_of_row, return_inverse=True)
        order = np.argsort(group, kind="stable")
        return cls(Strings.of(names), starts_of(group[order], len(names)), order)


def _items(engine: Engine) -> Parts:
    rows = engine.columns("select item_id, title, released_at from items order by item")
    newest = np.argsort(-rows["released_at"], kind="stable").astype(np.int32)
    texts = {"ids": Strings.of(rows["item_id"]), "titles": Strings.of(rows["title"])}
    return {"new": newest}, texts


def _filters(engine: Engine) -> Parts:
    """The filter values and the categories (I for the latter) of items."""
    engine.keep(
        "filtered",
        "select item, key_, spelled, part, file, row_ from ("
        "select item, concat(lower(name), chr(10), setting) as key_, name as spelled, 0 as part, "
        "file, row_ from tags join items on tags.item_id = items.item_id where problem is null "
        "union all "
        "select item, concat('category', chr(10), category) as key_, 'Category' as spelled, "
        "1 as part, file, row_ from categories join items on categories.item_id = items.item_id "
        "where problem is null) given",
    )
    pairs = engine.columns(
        "select key_, spelled from (select key_, first_value(spelled) over (partition by "
        "split_part(key_, chr(10), 1) order by part, file, row_) as spelled, row_number() over "
        "(partition by key_ order by part, file, row_) as nth from filtered) named "
        "where nth = 1 order by key_"
    )
    engine.keep(
        "filter_pairs",
        "select key_, cast(row_number() over (order by key_) - 1 as integer) as pair from "
        "(select distinct key_ from filtered) known",
    )
    rows = engine.columns(
        "select distinct pair, item from filtered join filter_pairs on "
        "filtered.key_ = filter_pairs.key_ order by pair, item"
    )
    by_item = np.lexsort((rows["pair"], rows["item"]))
    size = int(engine.columns("select count(*) as n from items")["n"][0])
    arrays: dict[str, npt.NDArray[Any]] = {
        "filter_starts": starts_of(rows["pair"], len(pairs["key_"])),
        "filter_items": rows["item"].astype(np.int32),
        "item_filter_starts": starts_of(rows["item"][by_item], size),
        "item_filters": rows["pair"][by_item].astype(np.int32),
    }
    texts = {"filter_keys": Strings.of(pairs["key_"]), "filter_names": Strings.of(pairs["spelled"])}
    return arrays, texts


def _windows(engine: Engine) -> Parts:
    """Every window of every scope that a request can name, with the defaults spelled out.

    Our reading where the documentation stops (section 8): the dates that count in a default channel
    or catalog are those of rows that name it; an item without such rows has the dates of its other
    rows; an item without any row is always available in the default channel.
    """
    engine.keep(
        "windows_given",
        "select item, channel, catalog, starts_at, ends_at from availabilities join items on "
        "availabilities.item_id = items.item_id where problem is null",
    )
    # Channels of an item; in the default one, the rows of any channel where none names it.
    engine.keep(
        "windows_by_channel",
        "select item, channel, catalog, starts_at, ends_at, true as named from windows_given "
        f"union all select item, '{_DEFAULT}' as channel, catalog, starts_at, ends_at, "
        "false as named from windows_given where item not in "
        f"(select item from windows_given where channel = '{_DEFAULT}')",
    )
    # The same for catalogs, but those that a row names only by being in another channel.
    rows = engine.columns(
        "select distinct channel, catalog, item, starts_at, ends_at from ("
        "select channel, catalog, item, starts_at, ends_at from windows_by_channel where named "
        "union all select w.channel, w.catalog, w.item, w.starts_at, w.ends_at from "
        f"windows_by_channel w where not w.named and w.catalog = '{_DEFAULT}' "
        f"union all select w.channel, '{_DEFAULT}' as catalog, w.item, w.starts_at, w.ends_at from "
        "windows_by_channel w left join (select distinct item, channel from windows_by_channel "
        f"where catalog = '{_DEFAULT}') d on w.item = d.item and w.channel = d.channel "
        "where d.item is null "
        f"union all select '{_DEFAULT}' as channel, '{_DEFAULT}' as catalog, item, "
        f"cast({_FROM_EVER} as bigint) as starts_at, cast({_FOR_EVER} as bigint) as ends_at "
        "from items where item not in (select item from windows_given)) spelled "
        "order by channel, catalog, item, starts_at, ends_at"
    )
    names = [f"{a}\n{b}" for a, b in zip(rows["channel"], rows["catalog"], strict=True)]
    scopes = _Groups.of(np.array(names, dtype=np.object_))
    arrays: dict[str, npt.NDArray[Any]] = {
        "scope_starts": scopes.starts,
        "window_items": rows["item"][scopes.order].astype(np.int32),
        "window_starts_at": rows["starts_at"][scopes.order].astype(np.int64),
        "window_ends_at": rows["ends_at"][scopes.order].astype(np.int64),
    }
    return arrays, {"scopes": scopes.names}


def _images(engine: Engine) -> Parts:
    rows = engine.columns(
        "select image_id, item, min(place) as place from (select image_id, item, row_number() "
        "over (order by file, row_) as place from image_items join items on "
        "image_items.item_id = items.item_id where problem is null) given "
        "group by image_id, item order by image_id, place"
    )
    images = _Groups.of(rows["image_id"])
    items = rows["item"][images.order].astype(np.int32)
    return {"image_starts": images.starts, "image_items": items}, {"image_ids": images.names}


def _changes(engine: Engine) -> Parts:
    """Manual changes whose item, and seed if any, the catalogue has."""
    rows = engine.columns(
        "select list_name, algo_type, seed, item, excluded, place from ("
        "select c.list_name, c.algo_type, s.item as seed, i.item, c.action = 'exclude' as excluded,"
        " c.place, 0 as part, c.file, c.row_ from seeded_changes c join items i on "
        "c.item_id = i.item_id join items s on c.seed_id = s.item_id where c.problem is null "
        "union all select c.list_name, '' as algo_type, -1 as seed, i.item, "
        "c.action = 'exclude' as excluded, c.place, 1 as part, c.file, c.row_ from changes c "
        "join items i on c.item_id = i.item_id where c.problem is null) given "
        "order by part, file, row_"
    )
    names = [
        f"{name.strip().casefold()}\n{algo.strip().casefold()}"
        for name, algo in zip(rows["list_name"], rows["algo_type"], strict=True)
    ]
    arrays: dict[str, npt.NDArray[Any]] = {
        "enriched_seeds": rows["seed"].astype(np.int32),
        "enriched_items": rows["item"].astype(np.int32),
        "enriched_ranks": np.where(rows["excluded"], np.nan, rows["place"]).astype(np.float64),
    }
    return arrays, {"enriched_lists": Strings.of(names)}


def _external(engine: Engine) -> Parts:
    lists: Columns = engine.columns(
        "select list_name, title, starts_at, ends_at from (select *, row_number() over "
        "(partition by lower(list_name) order by file, row_) as nth from external_lists "
        "where problem is null) given where nth = 1 order by lower(list_name)"
    )
    engine.keep(
        "external_places",
        "select lower(list_name) as list_name, item, min(place) as place from external_items e "
        "join items i on e.item_id = i.item_id where problem is null "
        "group by lower(list_name), item",
    )
    rows = engine.columns(
        "select list_name, item from external_places order by list_name, place, item"
    )
    numbers = {name.lower(): at for at, name in enumerate(lists["list_name"])}
    own = np.array([numbers.get(name, -1) for name in rows["list_name"]], dtype=np.int64)
    order = np.argsort(own[own >= 0], kind="stable")
    arrays: dict[str, npt.NDArray[Any]] = {
        "external_starts": starts_of(own[own >= 0][order], len(numbers)),
        "external_items": rows["item"][own >= 0][order].astype(np.int32),
        "external_starts_at": lists["starts_at"].astype(np.int64),
        "external_ends_at": lists["ends_at"].astype(np.int64),
    }
    texts = {
        "external_names": Strings.of(lists["list_name"]),
        "external_titles": Strings.of(lists["title"]),
    }
    return arrays, texts
