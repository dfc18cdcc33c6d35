"""The entities of IR's data contract 1.4: their names, their columns, what each column needs.

The names, the order of the columns, what is mandatory and the defaults are facts of the data
contract's own `model.json` (contract section 11.3: C). The order is what a CSV without a header
row is read by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["CONTRACT_VERSION", "ENTITIES", "Column", "Entity", "model_json"]

CONTRACT_VERSION: Final = "1.4"

_ALWAYS_FROM: Final = "0001-01-01T00:00:00.000Z"
_ALWAYS_TO: Final = "9999-12-31T23:59:59.999Z"
_NO_DATE: Final = "1970-01-01T00:00:00.000Z"


@dataclass(frozen=True, slots=True)
class Column:
    """One attribute of an entity.

    Attributes:
        name: As the data contract spells it; matched without regard to case.
        data_type: One of the contract's words: string, dateTime, double, int64, boolean.
        mandatory: A row without it cannot be used.
        default: What an empty cell means; None where the contract gives nothing.
    """

    name: str
    data_type: str = "string"
    mandatory: bool = False
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    """One data entity: a set of CSV files that share their columns."""

    name: str
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """The column of that name.

        Raises:
            KeyError: The entity has no such column.
        """
        for column in self.columns:
            if column.name.casefold() == name.casefold():
                return column
        raise KeyError(name)


def _needed(name: str, data_type: str = "string") -> Column:
    return Column(name, data_type, mandatory=True)


_ITEM: Final = (_needed("ItemId"), Column("ItemVariantId"))
_SCOPE: Final = (Column("Channel", default="0"), Column("Catalog", default="0"))
_ENRICHMENT: Final = (*_ITEM, _needed("EnrichmentAction"), Column("Rank", "int64"))
_INTERACTION: Final = (
    _needed("InteractionGroupingId"),
    *_ITEM,
    Column("UserId"),
    Column("InteractionType", default="Transaction"),
    Column("Timestamp", "dateTime", default=_NO_DATE),
    Column("RealtimeEventId"),
    Column("PaidPrice", "double"),
    *_SCOPE,
    Column("Strength", "double", default="1"),
    Column("IsPositive", "boolean", default="True"),
)

_ALL: Final = (
    Entity(
        "Reco_ItemsAndVariants",
        (
            *_ITEM,
            Column("Title"),
            Column("Description"),
            Column("ReleaseDate", "dateTime", default=_NO_DATE),
        ),
    ),
    Entity("Reco_ItemCategories", (_needed("ItemId"), _needed("Category"))),
    Entity(
        "Reco_ItemAndVariantImages",
        (*_ITEM, _needed("ImageFullUrl"), _needed("IsPrimaryImage", "boolean")),
    ),
    Entity(
        "Reco_ItemAndVariantDocuments",
        (*_ITEM, _needed("DocumentFullUrl"), _needed("DocumentType")),
    ),
    Entity(
        "Reco_ItemAndVariantFilters",
        (*_ITEM, _needed("FilterName"), _needed("FilterValue"), _needed("FilterType")),
    ),
    Entity(
        "Reco_ItemAndVariantAvailabilities",
        (
            *_ITEM,
            Column("StartDate", "dateTime", default=_ALWAYS_FROM),
            Column("EndDate", "dateTime", default=_ALWAYS_TO),
            Column("Price", "double"),
            *_SCOPE,
        ),
    ),
    Entity("Reco_Interactions", _INTERACTION),
    Entity("Reco_SyntheticInteractions", _INTERACTION),
    Entity("Reco_Config", (_needed("Key"), _needed("Value"))),
    Entity("Reco_OptOutUsers", (_needed("UserId"), _needed("LastModifiedDate", "dateTime"))),
    Entity(
        "Reco_SeededRecommendationsEnrichment",
        (
            _needed("RecoListName"),
            Column("AlgoType"),
            _needed("SeedItemId"),
            Column("SeedItemVariantId"),
            *_ENRICHMENT,
        ),
    ),
    Entity("Reco_RecommendationsEnrichment", (_needed("RecoListName"), *_ENRICHMENT)),
    Entity(
        "Reco_ExternalRecommendationsLists",
        (
            _needed("ListName"),
            _needed("Title"),
            Column("ListAvailabilityStartDate", "dateTime", default=_ALWAYS_FROM),
            Column("ListAvailabilityEndDate", "dateTime", default=_ALWAYS_TO),
        ),
    ),
    Entity(
        "Reco_ExternalRecommendationsItems",
        (_needed("ListName"), *_ITEM, _needed("Rank", "int64")),
    ),
    Entity(
        "Reco_ImagesInventory",
        (
            _needed("ImageId"),
            Column("ImageFullUrl"),
            Column("ImageType", default="Composite"),
        ),
    ),
    Entity("Reco_ImageToItemMappings", (_needed("ImageId"), *_ITEM)),
)

#: Every entity of the contract by its name.
ENTITIES: Final[dict[str, Entity]] = {entity.name: entity for entity in _ALL}


def model_json(name: str) -> dict[str, object]:
    """A `model.json` that names every entity and leaves the files to be found by folder.

    Args:
        name: What the data set calls itself.
    """
    return {
        "name": name,
        "version": "1.0",
        "culture": "en-US",
        "annotations": [{"name": "DRSDataContractsVersion", "value": CONTRACT_VERSION}],
        "entities": [
            {
                "type": "LocalEntity",
                "name": entity.name,
                "attributes": [_attribute(column) for column in entity.columns],
            }
            for entity in _ALL
        ],
    }


def _attribute(column: Column) -> dict[str, object]:
    annotations = [{"name": "IsMandatory", "value": str(column.mandatory)}]
    if column.default is not None:
        annotations.append({"name": "DefaultValue", "value": column.default})
    return {"name": column.name, "dataType": column.data_type, "annotations": annotations}
