"""A shop's data as IR's data contract 1.4 hands it over: one frozen `DataSet` from one folder.

What the reader needs of the 16 entities (contract section 11.3). Item variants count as their
item, since every list is a list of items. Documents, prices and external lists are accepted and
not used: no public operation of the service shows them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np

from irclient.cooking.data.cells import Cells
from irclient.cooking.data.entities import ENTITIES
from irclient.cooking.data.partitions import (
    DataContractError,
    read_model,
    read_table,
)

if TYPE_CHECKING:
    from pathlib import Path

    from irclient.cooking.data.cells import Flags, Milliseconds, Numbers
    from irclient.cooking.data.partitions import (
        Model,
        Table,
    )

__all__ = [
    "Availabilities",
    "Config",
    "DataContractError",
    "DataSet",
    "Enrichment",
    "Interactions",
    "Items",
    "Tags",
    "read_data_set",
]

#: The longest id of an item, a variant or an image (contract section 11.3: D), and of a GUID.
_ID_LENGTH: Final = 16
_GUID_LENGTH: Final = 36
_USER_LENGTH: Final = 256
_SCOPE_LENGTH: Final = 64

Action: TypeAlias = Literal["Include", "Exclude"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """The catalogue, one entry an item; the first row of an item gives its words and date."""

    ids: tuple[str, ...]
    titles: tuple[str, ...]
    descriptions: tuple[str, ...]
    released_at: Milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """Rows of an item and something said of it: a filter's value, a category, an image."""

    item_ids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Availabilities:
    """When, and in which channel and catalog, an item may be returned."""

    item_ids: tuple[str, ...]
    starts_at: Milliseconds
    ends_at: Milliseconds
    channels: tuple[str, ...]
    catalogs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interactions:
    """Who took what, together with what, when. An empty user id is an anonymous visitor."""

    groupings: tuple[str, ...]
    item_ids: tuple[str, ...]
    user_ids: tuple[str, ...]
    at: Milliseconds
    strengths: Numbers
    positive: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrichment:
    """One manual change to a list: `Include` puts the item on top by rank, `Exclude` removes it.

    Attributes:
        list_name: The RecoListName, as given.
        algo_type: Empty where the row names none.
        seed_item_id: Empty when the change is for the list as a whole.
        item_id: The item that is put on top or removed.
        action: What to do with it.
        rank: The order among the included; smaller is higher.
    """

    list_name: str
    algo_type: str = ""
    seed_item_id: str = ""
    item_id: str
    action: Action
    rank: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What `Reco_Config` sets; the defaults are the documented ones (contract section 11.2: D)."""

    trending_list_max_age_days: int = 18250
    trending_list_transactions_interval_days: int = 18250
    best_selling_list_transactions_interval_days: int = 36500
    personalization_enabled: bool = False
    item_id_as_guid: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """Everything that cooking needs, in one value.

    Attributes:
        items: The catalogue.
        categories: The categories of items; `names` is always "Category".
        filters: The values that a query can filter by.
        images: The images of items; `names` is the image id if it is known, `values` the URL.
        availabilities: None when the data set says nothing of availability at all.
        interactions: All interactions, synthetic ones included.
        opted_out: The users whose interactions must not be used.
        enrichments: Manual changes to lists.
        config: The configuration.
        notes: What was dropped or is unusual, for people to read.
    """

    items: Items
    categories: Tags = field(default_factory=Tags)
    filters: Tags = field(default_factory=Tags)
    images: Tags = field(default_factory=Tags)
    availabilities: Availabilities | None = None
    interactions: Interactions
    opted_out: frozenset[str] = frozenset()
    enrichments: tuple[Enrichment, ...] = ()
    config: Config = field(default_factory=Config)
    notes: tuple[str, ...] = ()


def read_data_set(folder: Path) -> DataSet:
    """Read a data-contract folder.

    Rows that cannot be used are dropped, as the service documents, and said so in `notes`.

    Raises:
        DataContractError: The folder, `model.json` or a CSV does not follow the contract.
    """
    data = _Reading(read_model(folder)).data_set()
    if not data.items.ids:
        raise DataContractError(
            f"{folder} holds no items; put CSV files into {folder / 'Reco_ItemsAndVariants'}, or "
            "list them as partitions in model.json"
        )
    return data


class _Reading:
    """One folder being read: the model, the length that ids may have, and the notes so far."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._notes: list[str] = []
        self._config = _config(self._table("Reco_Config"))
        self._id_length = _GUID_LENGTH if self._config.item_id_as_guid else _ID_LENGTH

    def data_set(self) -> DataSet:
        interactions = self._interactions()
        return DataSet(
            items=self._items(interactions),
            categories=self._tags("Reco_ItemCategories", None, "Category"),
            filters=self._tags("Reco_ItemAndVariantFilters", "FilterName", "FilterValue"),
            images=self._images(),
            availabilities=self._availabilities(),
            interactions=interactions,
            opted_out=self._opted_out(),
            enrichments=(
                *self._enrichments("Reco_SeededRecommendationsEnrichment"),
                *self._enrichments("Reco_RecommendationsEnrichment"),
            ),
            config=self._config,
            notes=tuple(self._notes),
        )

    def _table(self, name: str) -> Table:
        return read_table(self._model, ENTITIES[name])

    def _ids(self, cells: Cells, name: str = "ItemId") -> list[str]:
        return cells.text(name, longest=self._id_length)

    def _items(self, interactions: Interactions) -> Items:
        """The catalogue; without one, whatever was interacted with (D: it may be left out)."""
        cells = Cells(self._table("Reco_ItemsAndVariants"))
        if not cells.rows:
            seen = tuple(dict.fromkeys(interactions.item_ids))
            blank = ("",) * len(seen)
            when = np.zeros(len(seen), dtype=np.int64)
            return Items(ids=seen, titles=blank, descriptions=blank, released_at=when)
        ids, titles = self._ids(cells), cells.text("Title")
        descriptions, released_at = cells.text("Description"), cells.instants("ReleaseDate")
        self._notes.extend(cells.notes())
        first: dict[str, int] = {}
        for at in np.flatnonzero(cells.usable).tolist():
            first.setdefault(ids[at], at)
        rows = list(first.values())
        return Items(
            ids=tuple(first),
            titles=tuple(titles[at] for at in rows),
            descriptions=tuple(descriptions[at] for at in rows),
            released_at=released_at[rows],
        )

    def _tags(self, entity: str, name: str | None, value: str) -> Tags:
        cells = Cells(self._table(entity))
        ids, values = self._ids(cells), cells.text(value)
        names = cells.text(name) if name else ["Category"] * cells.rows
        self._notes.extend(cells.notes())
        return Tags(item_ids=cells.kept(ids), names=cells.kept(names), values=cells.kept(values))

    def _images(self) -> Tags:
        """Images by item, from both ways of saying so: per item, and by an inventory's id."""
        own = Cells(self._table("Reco_ItemAndVariantImages"))
        ids, urls = self._ids(own), own.text("ImageFullUrl", longest=2048)
        self._notes.extend(own.notes())
        inventory = Cells(self._table("Reco_ImagesInventory"))
        url_of = dict(
            zip(self._ids(inventory, "ImageId"), inventory.text("ImageFullUrl"), strict=True)
        )
        mapping = Cells(self._table("Reco_ImageToItemMappings"))
        image_ids, mapped = self._ids(mapping, "ImageId"), self._ids(mapping)
        self._notes.extend((*inventory.notes(), *mapping.notes()))
        kept, kept_images = own.kept(ids), mapping.kept(image_ids)
        return Tags(
            item_ids=(*kept, *mapping.kept(mapped)),
            names=(*("" for _ in kept), *kept_images),
            values=(*own.kept(urls), *(url_of.get(image, "") for image in kept_images)),
        )

    def _availabilities(self) -> Availabilities | None:
        cells = Cells(self._table("Reco_ItemAndVariantAvailabilities"))
        if not cells.rows:
            return None
        ids = self._ids(cells)
        starts_at, ends_at = cells.instants("StartDate"), cells.instants("EndDate")
        channels = cells.text("Channel", longest=_SCOPE_LENGTH, too_long="trim")
        catalogs = cells.text("Catalog", longest=_SCOPE_LENGTH, too_long="trim")
        self._notes.extend(cells.notes())
        return Availabilities(
            item_ids=cells.kept(ids),
            starts_at=starts_at[cells.usable],
            ends_at=ends_at[cells.usable],
            channels=cells.kept(channels),
            catalogs=cells.kept(catalogs),
        )

    def _interactions(self) -> Interactions:
        parts = [
            self._interactions_of(name)
            for name in ("Reco_Interactions", "Reco_SyntheticInteractions")
        ]
        return Interactions(
            groupings=tuple(g for part in parts for g in part.groupings),
            item_ids=tuple(i for part in parts for i in part.item_ids),
            user_ids=tuple(u for part in parts for u in part.user_ids),
            at=np.concatenate([part.at for part in parts]),
            strengths=np.concatenate([part.strengths for part in parts]),
            positive=np.concatenate([part.positive for part in parts]),
        )

    def _interactions_of(self, entity: str) -> Interactions:
        cells = Cells(self._table(entity))
        groupings = cells.text("InteractionGroupingId", longest=256)
        ids, users = self._ids(cells), cells.text("UserId", longest=_USER_LENGTH)
        at, positive = cells.instants("Timestamp"), cells.flags("IsPositive")
        strengths = cells.numbers("Strength")
        self._notes.extend(cells.notes())
        return Interactions(
            groupings=cells.kept(groupings),
            item_ids=cells.kept(ids),
            user_ids=cells.kept(users),
            at=at[cells.usable],
            strengths=np.maximum(strengths[cells.usable], 0.0),
            positive=positive[cells.usable],
        )

    def _opted_out(self) -> frozenset[str]:
        cells = Cells(self._table("Reco_OptOutUsers"))
        users = cells.text("UserId", longest=_USER_LENGTH)
        self._notes.extend(cells.notes())
        return frozenset(cells.kept(users))

    def _enrichments(self, entity: str) -> tuple[Enrichment, ...]:
        cells = Cells(self._table(entity))
        seeded = "Seeded" in entity
        blank = [""] * cells.rows
        names, ids = cells.text("RecoListName"), self._ids(cells)
        algo_types = cells.text("AlgoType") if seeded else blank
        seeds = self._ids(cells, "SeedItemId") if seeded else blank
        actions = cells.words("EnrichmentAction", known=("Include", "Exclude"))
        ranks = cells.numbers("Rank").tolist()
        self._notes.extend(cells.notes())
        return tuple(
            Enrichment(
                list_name=names[at].strip(),
                algo_type=algo_types[at].strip(),
                seed_item_id=seeds[at],
                item_id=ids[at],
                action="Include" if actions[at] == "Include" else "Exclude",
                rank=ranks[at],
            )
            for at in np.flatnonzero(cells.usable).tolist()
        )


def _config(table: Table) -> Config:
    """Keys are case-insensitive, unknown ones are ignored (contract section 11.2: D).

    Of several rows with one key one is used (D); the last one (our choice).
    """
    rows: dict[str, tuple[str, int]] = {}
    cells = zip(table.columns.get("Key", ()), table.columns.get("Value", ()), strict=True)
    for at, (key, value) in enumerate(cells):
        rows[key.strip().casefold()] = (value.strip(), at)

    def days(key: str, default: int) -> int:
        value, at = rows.get(key.casefold(), (str(default), 0))
        if not value.isdecimal():
            raise DataContractError(
                f"{table.place(at)}: {key} is {value!r}; write a whole number of days"
            )
        return int(value)

    def flag(key: str) -> bool:
        value, at = rows.get(key.casefold(), ("False", 0))
        if value.casefold() not in {"true", "false"}:
            raise DataContractError(f"{table.place(at)}: {key} is {value!r}; write True or False")
        return value.casefold() == "true"

    usual = Config()
    return Config(
        trending_list_max_age_days=days("TrendingListMaxAgeDays", usual.trending_list_max_age_days),
        trending_list_transactions_interval_days=days(
            "TrendingListTransactionsIntervalDays", usual.trending_list_transactions_interval_days
        ),
        best_selling_list_transactions_interval_days=days(
            "BestSellingListTransactionsIntervalDays",
            usual.best_selling_list_transactions_interval_days,
        ),
        personalization_enabled=flag("PersonalizationEnabled"),
        item_id_as_guid=flag("ItemIdAsGuid"),
    )
