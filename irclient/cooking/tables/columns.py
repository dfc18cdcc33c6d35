"""Which columns of each entity are read, and how long texts may be (contract section 11.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient.cooking.tables.checks import Checks

    #: What reads one column, given how long an item's id may be.
    Step = Callable[[Checks, int], None]

__all__ = ["COLUMNS", "GUID_LENGTH", "ID_LENGTH", "text"]

#: The longest id of an item, a variant or an image (contract section 11.3: D), and of a GUID.
ID_LENGTH: Final = 16
GUID_LENGTH: Final = 36
_USER_LENGTH: Final = 256
#: The name of a channel, a catalog or a list.
_NAME_LENGTH: Final = 64
_URL_LENGTH: Final = 2048


def text(
    column: str,
    name: str,
    *,
    longest: int | None = None,
    too_long: Literal["drop", "trim"] = "drop",
) -> Step:
    """Read a column of texts.

    Args:
        column: The entity's.
        name: The table's.
        longest: How many characters a text may have.
        too_long: What becomes of a row whose text has more.
    """
    return lambda made, _: made.text(column, name, longest=longest, too_long=too_long)


def _id(column: str, name: str) -> Step:
    return lambda made, longest: made.text(column, name, longest=longest)


def _instant(column: str, name: str) -> Step:
    return lambda made, _: made.instant(column, name)


def _number(column: str, name: str) -> Step:
    return lambda made, _: made.number(column, name)


def _flag(column: str, name: str) -> Step:
    return lambda made, _: made.flag(column, name)


def _word(column: str, name: str, *known: str) -> Step:
    return lambda made, _: made.word(column, name, known=known)


_ITEM: Final = _id("ItemId", "item_id")
_INTERACTION: Final = (
    text("InteractionGroupingId", "basket_id", longest=_USER_LENGTH),
    _ITEM,
    text("UserId", "user_id", longest=_USER_LENGTH),
    _instant("Timestamp", "taken_at"),
    _flag("IsPositive", "positive"),
    _number("Strength", "strength"),
)
_CHANGE: Final = (
    text("RecoListName", "list_name"),
    _ITEM,
    _word("EnrichmentAction", "action", "Include", "Exclude"),
    _number("Rank", "place"),
)
_LIST_NAME: Final = text("ListName", "list_name", longest=_NAME_LENGTH)

#: Each entity, its table, and the columns that are read.
COLUMNS: Final[tuple[tuple[str, str, tuple[Step, ...]], ...]] = (
    (
        "Reco_ItemsAndVariants",
        "catalogue",
        (
            _ITEM,
            text("Title", "title"),
            text("Description", "description"),
            _instant("ReleaseDate", "released_at"),
        ),
    ),
    ("Reco_ItemCategories", "categories", (_ITEM, text("Category", "category"))),
    (
        "Reco_ItemAndVariantFilters",
        "tags",
        (_ITEM, text("FilterName", "name"), text("FilterValue", "setting")),
    ),
    (
        "Reco_ItemAndVariantImages",
        "images",
        (_ITEM, text("ImageFullUrl", "url", longest=_URL_LENGTH)),
    ),
    (
        "Reco_ImagesInventory",
        "inventory",
        (_id("ImageId", "image_id"), text("ImageFullUrl", "url", longest=_URL_LENGTH)),
    ),
    ("Reco_ImageToItemMappings", "image_items", (_id("ImageId", "image_id"), _ITEM)),
    (
        "Reco_ItemAndVariantAvailabilities",
        "availabilities",
        (
            _ITEM,
            _instant("StartDate", "starts_at"),
            _instant("EndDate", "ends_at"),
            text("Channel", "channel", longest=_NAME_LENGTH, too_long="trim"),
            text("Catalog", "catalog", longest=_NAME_LENGTH, too_long="trim"),
        ),
    ),
    ("Reco_Interactions", "interactions", _INTERACTION),
    ("Reco_SyntheticInteractions", "synthetic", _INTERACTION),
    ("Reco_OptOutUsers", "opt_outs", (text("UserId", "user_id", longest=_USER_LENGTH),)),
    (
        "Reco_SeededRecommendationsEnrichment",
        "seeded_changes",
        (*_CHANGE, text("AlgoType", "algo_type"), _id("SeedItemId", "seed_id")),
    ),
    ("Reco_RecommendationsEnrichment", "changes", _CHANGE),
    (
        "Reco_ExternalRecommendationsLists",
        "external_lists",
        (
            _LIST_NAME,
            text("Title", "title", longest=_USER_LENGTH),
            _instant("ListAvailabilityStartDate", "starts_at"),
            _instant("ListAvailabilityEndDate", "ends_at"),
        ),
    ),
    (
        "Reco_ExternalRecommendationsItems",
        "external_items",
        (_LIST_NAME, _ITEM, _number("Rank", "place")),
    ),
)
