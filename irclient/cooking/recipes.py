"""What each part of a data set is cooked into, under the names that `CookedData` reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from irclient.cooking import algorithms
from irclient.cooking.availability import windows
from irclient.cooking.cooked_cache import Cooked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt

    from irclient.cooking.algorithms import Neighbours
    from irclient.cooking.data.data_contract import DataSet, Interactions

    Arrays = dict[str, npt.NDArray[Any]]
    Texts = dict[str, list[str]]

__all__ = ["cooked_parts"]

_T = TypeVar("_T")


def cooked_parts(data: DataSet) -> Cooked:
    """Everything that `CookedData` needs of a data set."""
    index = {item_id: at for at, item_id in enumerate(data.items.ids)}
    arrays: Arrays = {
        "personalization_enabled": np.array([data.config.personalization_enabled]),
        "new": algorithms.newest(data.items.released_at),
    }
    texts: Texts = {
        "ids": list(data.items.ids),
        "titles": list(data.items.titles),
        "notes": [*data.notes, *_unknown_items(data, index)],
    }
    for found_arrays, found_texts in (
        _from_interactions(data, index),
        _from_words(data, index),
        _from_filters(data, index),
        _from_availability(data, index),
        _from_enrichments(data, index),
        _from_images(data, index),
    ):
        arrays.update(found_arrays)
        texts.update(found_texts)
    return Cooked(arrays, texts)


def _unknown_items(data: DataSet, index: Mapping[str, int]) -> Iterable[str]:
    unknown = [item_id for item_id in data.interactions.item_ids if item_id not in index]
    if unknown:
        yield (
            f"Reco_Interactions: {len(unknown)} rows not used: Reco_ItemsAndVariants lacks their "
            f"items, such as {unknown[0]!r}"
        )


def _from_interactions(data: DataSet, index: Mapping[str, int]) -> tuple[Arrays, Texts]:
    """The collaborative lists and the users' histories.

    Not used: interactions of users who opted out (D), negative ones and those of items that the
    catalogue does not have (our choice).
    """
    given, config, size = data.interactions, data.config, len(index)
    all_items = np.array([index.get(item_id, -1) for item_id in given.item_ids], dtype=np.int32)
    opted_in = [user not in data.opted_out for user in given.user_ids]
    used = np.flatnonzero((all_items >= 0) & given.positive & np.array(opted_in, dtype=np.bool_))
    items, at, strengths = all_items[used], given.at[used], given.strengths[used]
    # An anonymous visitor is known by the basket alone.
    people, people_of = _numbered(
        ("user", given.user_ids[row]) if given.user_ids[row] else ("basket", given.groupings[row])
        for row in used.tolist()
    )
    _, baskets = _numbered(given.groupings[row] for row in used.tolist())
    by_person = algorithms.counted(people_of, items, strengths, size=size)
    by_basket = algorithms.counted(baskets, items, strengths, size=size)
    factors, singular = algorithms.factors(by_person)
    arrays: Arrays = {
        "popular": algorithms.popular(
            items,
            at,
            size=size,
            look_back_days=config.best_selling_list_transactions_interval_days,
        ),
        "trending": algorithms.trending(
            items,
            at,
            data.items.released_at,
            look_back_days=config.trending_list_transactions_interval_days,
            max_age_days=config.trending_list_max_age_days,
        ),
        "factors": factors,
        **_named("people_also", algorithms.people_also(by_person)),
        **_named("cart", algorithms.bought_together(by_basket)),
        **_named("mf", algorithms.nearest(factors * singular)),
    }
    history, users = _histories(given, used, all_items, people, people_of)
    return arrays | history, {"users": users}


def _histories(
    given: Interactions,
    used: npt.NDArray[np.int64],
    all_items: algorithms.Order,
    people: Sequence[tuple[str, str]],
    people_of: npt.NDArray[np.int64],
) -> tuple[Arrays, list[str]]:
    """Each named user's items, latest first, without repeats, one user after the other."""
    latest_first: list[int] = np.argsort(-given.at[used], kind="stable").tolist()
    weights: list[dict[int, float]] = [{} for _ in people]
    item_of, strength_of = all_items[used].tolist(), given.strengths[used].tolist()
    person_of: list[int] = people_of.tolist()
    for row in latest_first:
        own = weights[person_of[row]]
        own[item_of[row]] = own.get(item_of[row], 0.0) + strength_of[row]
    named = [at for at, (kind, _) in enumerate(people) if kind == "user"]
    sizes = [len(weights[at]) for at in named]
    summed = [weight for at in named for weight in weights[at].values()]
    arrays: Arrays = {
        "history_starts": np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64),
        "history_items": np.array([i for at in named for i in weights[at]], dtype=np.int32),
        "history_weights": np.log1p(np.array(summed, dtype=np.float64)),
    }
    return arrays, [people[at][1] for at in named]


def _from_words(data: DataSet, index: Mapping[str, int]) -> tuple[Arrays, Texts]:
    """Textual, Visual and CompleteSimilarStyles.

    There are no pictures to look at offline: an item's picture is described by the words of its
    URL and by the item's filter values. What CompleteSimilarStyles means is not known: here, what
    looks alike in another category. Both are our choice.
    """
    items, size = data.items, len(index)
    texts = [
        algorithms.words_of(f"{title} {description}")
        for title, description in zip(items.titles, items.descriptions, strict=True)
    ]
    looks: list[list[str]] = [[] for _ in range(size)]
    pictured: set[int] = set()
    for item_id, url in zip(data.images.item_ids, data.images.values, strict=True):
        if item_id in index:
            name = url.rpartition("/")[2].rpartition(".")[0]
            looks[index[item_id]].extend(
                word for word in algorithms.words_of(name) if word != item_id
            )
            pictured.add(index[item_id])
    categories = _categories(data, index)
    tags = data.filters
    for item_id, name, value in zip(tags.item_ids, tags.names, tags.values, strict=True):
        at = index.get(item_id, -1)
        if at in pictured and name.casefold() not in {"category", "size"}:
            looks[at].append(f"{name}={value}")
    pictures = algorithms.word_vectors(looks)
    found = {
        **_named("textual", algorithms.nearest(algorithms.word_vectors(texts))),
        **_named("visual", algorithms.nearest(pictures)),
        **_named("styles", algorithms.in_another_category(pictures, categories)),
    }
    return found, {}


def _categories(data: DataSet, index: Mapping[str, int]) -> npt.NDArray[np.int64]:
    """One category an item, the first that is named; -1 for none."""
    numbers: dict[str, int] = {}
    found = np.full(len(index), -1, dtype=np.int64)
    for item_id, name, value in _tags(data):
        at = index.get(item_id, -1)
        if name.casefold() == "category" and at >= 0 and found[at] < 0:
            found[at] = numbers.setdefault(value, len(numbers))
    return found


def _tags(data: DataSet) -> Iterable[tuple[str, str, str]]:
    """What an item can be filtered by: its filter values and its categories (I for the latter)."""
    for tags in (data.filters, data.categories):
        yield from zip(tags.item_ids, tags.names, tags.values, strict=True)


def _from_filters(data: DataSet, index: Mapping[str, int]) -> tuple[Arrays, Texts]:
    found: dict[tuple[str, str], dict[int, None]] = {}
    for item_id, name, value in _tags(data):
        if item_id in index:
            found.setdefault((name, value), {})[index[item_id]] = None
    merged: dict[tuple[str, str], dict[int, None]] = {}
    spelling: dict[str, str] = {}
    for (name, value), own in found.items():
        spelled = spelling.setdefault(name.casefold(), name)
        merged.setdefault((spelled, value), {}).update(own)
    sizes = [len(own) for own in merged.values()]
    arrays: Arrays = {
        "filter_starts": np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64),
        "filter_items": np.array([at for own in merged.values() for at in own], dtype=np.int32),
    }
    names, values = [name for name, _ in merged], [value for _, value in merged]
    return arrays, {"filter_names": names, "filter_values": values}


def _from_availability(data: DataSet, index: Mapping[str, int]) -> tuple[Arrays, Texts]:
    found = windows(data.availabilities, index)
    scopes, scope = _numbered((channel, catalog) for channel, catalog, *_ in found)
    arrays: Arrays = {
        "window_scope": scope.astype(np.int32),
        "window_items": np.array([row[2] for row in found], dtype=np.int32),
        "window_starts_at": np.array([row[3] for row in found], dtype=np.int64),
        "window_ends_at": np.array([row[4] for row in found], dtype=np.int64),
    }
    return arrays, {"scopes": [part for pair in scopes for part in pair]}


def _from_enrichments(data: DataSet, index: Mapping[str, int]) -> tuple[Arrays, Texts]:
    """Manual changes whose item, and seed if any, the catalogue has."""
    rows = [
        row
        for row in data.enrichments
        if row.item_id in index and (not row.seed_item_id or row.seed_item_id in index)
    ]
    ranks = [row.rank if row.action == "Include" else np.nan for row in rows]
    arrays: Arrays = {
        "enriched_seeds": np.array(
            [index.get(row.seed_item_id, -1) for row in rows], dtype=np.int32
        ),
        "enriched_items": np.array([index[row.item_id] for row in rows], dtype=np.int32),
        "enriched_ranks": np.array(ranks, dtype=np.float64),
    }
    names = [f"{row.list_name.casefold()}\n{row.algo_type.casefold()}" for row in rows]
    return arrays, {"enriched_lists": names}


def _from_images(data: DataSet, index: Mapping[str, int]) -> tuple[Arrays, Texts]:
    images = data.images
    known = [
        (image, index[item_id])
        for image, item_id in zip(images.names, images.item_ids, strict=True)
        if image and item_id in index
    ]
    arrays: Arrays = {"image_items": np.array([item for _, item in known], dtype=np.int32)}
    return arrays, {"image_ids": [image for image, _ in known]}


def _named(name: str, neighbours: Neighbours) -> Arrays:
    return {f"{name}_items": neighbours.items, f"{name}_scores": neighbours.scores}


def _numbered(values: Iterable[_T]) -> tuple[list[_T], npt.NDArray[np.int64]]:
    """The distinct values in order of appearance, and for each value its place among them."""
    places: dict[_T, int] = {}
    found = [places.setdefault(value, len(places)) for value in values]
    return list(places), np.array(found, dtype=np.int64)
