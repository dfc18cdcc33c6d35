"""The words of the made-up shop: what it sells, what goes with what, and when it sells.

Brands and products are invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = [
    "AMOUNTS", "BRANDS", "CATEGORIES", "CATEGORY_OF_KIND", "COLORS", "KINDS", "LETTER_SIZES",
    "SHOE_SIZES", "STYLES", "Kind",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of product.

    Attributes:
        noun: What it is called in a title.
        category: The category that it is listed under.
        materials: What it is made of; a title names one.
        price: A usual price; items spread around it.
        goes_with: Nouns of the kinds that are bought along with it.
        peak_month: When it sells best, 1 to 12; 0 for all year.
        sizes: The sizes it comes in; empty for none.
    """

    noun: str
    category: str
    materials: tuple[str, ...]
    price: float
    goes_with: tuple[str, ...] = ()
    peak_month: int = 0
    sizes: tuple[str, ...] = ()


LETTER_SIZES: Final = ("XS", "S", "M", "L", "XL")
SHOE_SIZES: Final = ("37", "38", "39", "40", "41", "42", "43", "44")

_KNIT: Final = ("Merino", "Cotton", "Lambswool", "Cashmere")
_WOVEN: Final = ("Linen", "Cotton", "Twill", "Denim")
_SHELL: Final = ("Waxed", "Quilted", "Waterproof", "Fleece")
_LEATHER: Final = ("Leather", "Suede", "Canvas")
_TABLE: Final = ("Stoneware", "Porcelain", "Glass", "Enamel")
_WOOD: Final = ("Oak", "Walnut", "Beech", "Bamboo")
_METAL: Final = ("Steel", "Copper", "Cast-Iron", "Aluminium")
_TEXTILE: Final = ("Wool", "Linen", "Cotton", "Jute")
_TRAIL: Final = ("Ripstop", "Titanium", "Recycled", "Down")

KINDS: Final = (
    Kind("Crew Sweater", "Clothing", _KNIT, 69, ("Jeans", "Scarf", "Shirt"), 11, LETTER_SIZES),
    Kind("Cardigan", "Clothing", _KNIT, 79, ("T-Shirt", "Chinos"), 10, LETTER_SIZES),
    Kind("Shirt", "Clothing", _WOVEN, 55, ("Chinos", "Belt", "Crew Sweater"), 0, LETTER_SIZES),
    Kind("T-Shirt", "Clothing", _WOVEN, 25, ("Jeans", "Shorts", "Cap"), 6, LETTER_SIZES),
    Kind(
        "Jeans",
        "Clothing",
        ("Denim", "Selvedge", "Stretch"),
        89,
        ("Belt", "T-Shirt"),
        0,
        LETTER_SIZES,
    ),
    Kind("Chinos", "Clothing", _WOVEN, 75, ("Shirt", "Loafers", "Belt"), 0, LETTER_SIZES),
    Kind("Shorts", "Clothing", _WOVEN, 45, ("T-Shirt", "Sandals"), 7, LETTER_SIZES),
    Kind("Summer Dress", "Clothing", _WOVEN, 85, ("Sandals", "Sun Hat"), 6, LETTER_SIZES),
    Kind("Parka", "Clothing", _SHELL, 189, ("Gloves", "Beanie", "Winter Boots"), 12, LETTER_SIZES),
    Kind("Rain Jacket", "Clothing", _SHELL, 129, ("Hiking Boots", "Umbrella"), 4, LETTER_SIZES),
    Kind("Sneakers", "Shoes", _LEATHER, 95, ("Socks", "Jeans"), 0, SHOE_SIZES),
    Kind("Loafers", "Shoes", _LEATHER, 120, ("Shoe Care Kit", "Chinos"), 5, SHOE_SIZES),
    Kind("Sandals", "Shoes", _LEATHER, 65, ("Sun Hat", "Shorts"), 7, SHOE_SIZES),
    Kind("Hiking Boots", "Shoes", _LEATHER, 159, ("Socks", "Trekking Poles"), 9, SHOE_SIZES),
    Kind("Winter Boots", "Shoes", _LEATHER, 149, ("Socks", "Shoe Care Kit"), 12, SHOE_SIZES),
    Kind(
        "Running Shoes",
        "Shoes",
        ("Mesh", "Knit", "Trail"),
        119,
        ("Socks", "Water Bottle"),
        4,
        SHOE_SIZES,
    ),
    Kind("Socks", "Accessories", _KNIT, 14, ("Sneakers",), 0, LETTER_SIZES),
    Kind("Belt", "Accessories", _LEATHER, 39, ("Jeans",)),
    Kind("Scarf", "Accessories", _KNIT, 42, ("Gloves", "Beanie"), 12),
    Kind("Beanie", "Accessories", _KNIT, 24, ("Scarf", "Gloves"), 12),
    Kind("Gloves", "Accessories", _KNIT, 32, ("Scarf", "Beanie"), 12, LETTER_SIZES),
    Kind("Cap", "Accessories", _WOVEN, 22, ("T-Shirt",), 7),
    Kind("Sun Hat", "Accessories", ("Straw", "Raffia", "Cotton"), 34, ("Sandals",), 7),
    Kind("Umbrella", "Accessories", ("Folding", "Windproof"), 29, ("Rain Jacket",), 10),
    Kind("Backpack", "Accessories", _LEATHER, 99, ("Water Bottle", "Notebook"), 9),
    Kind("Shoe Care Kit", "Accessories", ("Beeswax", "Cedar"), 27, ("Loafers",)),
    Kind("Mug", "Kitchen", _TABLE, 14, ("Coffee Beans", "Teapot")),
    Kind("Teapot", "Kitchen", _TABLE, 48, ("Mug", "Tea Sampler"), 11),
    Kind("Dinner Plate", "Kitchen", _TABLE, 18, ("Bowl", "Cutlery Set")),
    Kind("Bowl", "Kitchen", _TABLE, 16, ("Dinner Plate",)),
    Kind("Cutlery Set", "Kitchen", _METAL, 89, ("Dinner Plate", "Table Runner"), 12),
    Kind("Frying Pan", "Kitchen", _METAL, 69, ("Spatula", "Apron")),
    Kind("Saucepan", "Kitchen", _METAL, 75, ("Ladle", "Frying Pan")),
    Kind("Spatula", "Kitchen", _WOOD, 12, ("Frying Pan",)),
    Kind("Ladle", "Kitchen", _WOOD, 13, ("Saucepan",)),
    Kind("Chopping Board", "Kitchen", _WOOD, 39, ("Chef's Knife",)),
    Kind(
        "Chef's Knife",
        "Kitchen",
        ("Carbon-Steel", "Damascus", "Steel"),
        99,
        ("Chopping Board",),
        12,
    ),
    Kind("Apron", "Kitchen", _WOVEN, 32, ("Spatula",)),
    Kind("Coffee Grinder", "Kitchen", ("Burr", "Ceramic", "Hand"), 85, ("Coffee Beans", "Mug"), 12),
    Kind(
        "Coffee Beans",
        "Pantry",
        ("Single-Origin", "Dark-Roast", "Decaf"),
        15,
        ("Coffee Grinder", "Biscuits"),
    ),
    Kind("Tea Sampler", "Pantry", ("Green", "Black", "Herbal"), 19, ("Honey", "Biscuits"), 12),
    Kind("Honey", "Pantry", ("Heather", "Acacia", "Forest"), 11, ("Tea Sampler",)),
    Kind("Biscuits", "Pantry", ("Oat", "Ginger", "Almond"), 8, ("Tea Sampler",), 12),
    Kind("Olive Oil", "Pantry", ("Cold-Pressed", "Lemon", "Smoked"), 17, ("Sea Salt",)),
    Kind("Sea Salt", "Pantry", ("Flaked", "Smoked", "Herb"), 9, ("Olive Oil",)),
    Kind("Throw Blanket", "Home", _TEXTILE, 69, ("Cushion", "Candle"), 11),
    Kind("Cushion", "Home", _TEXTILE, 35, ("Throw Blanket",)),
    Kind("Rug", "Home", _TEXTILE, 179, ("Floor Lamp",)),
    Kind("Candle", "Home", ("Beeswax", "Soy", "Cedar"), 22, ("Throw Blanket",), 12),
    Kind("Floor Lamp", "Home", (*_WOOD, "Brass"), 139, ("Light Bulb",)),
    Kind("Desk Lamp", "Home", (*_WOOD, "Brass"), 79, ("Light Bulb", "Notebook"), 9),
    Kind("Light Bulb", "Home", ("Filament", "Dimmable", "Smart"), 12, ("Desk Lamp",)),
    Kind("Table Runner", "Home", _TEXTILE, 38, ("Dinner Plate",), 12),
    Kind("Picture Frame", "Home", _WOOD, 28, ("Candle",)),
    Kind("Tent", "Outdoor", _TRAIL, 299, ("Sleeping Bag", "Camp Stove"), 6),
    Kind("Sleeping Bag", "Outdoor", _TRAIL, 159, ("Sleeping Mat", "Tent"), 6),
    Kind("Sleeping Mat", "Outdoor", _TRAIL, 79, ("Sleeping Bag",), 6),
    Kind("Camp Stove", "Outdoor", _METAL, 65, ("Tent", "Enamel Pot"), 7),
    Kind("Enamel Pot", "Outdoor", _METAL, 29, ("Camp Stove",), 7),
    Kind("Trekking Poles", "Outdoor", ("Carbon", "Aluminium"), 89, ("Hiking Boots",), 8),
    Kind("Water Bottle", "Outdoor", _METAL, 28, ("Backpack",), 7),
    Kind("Headlamp", "Outdoor", ("Rechargeable", "Compact"), 45, ("Tent",), 9),
    Kind("Yoga Mat", "Sports", ("Cork", "Natural-Rubber"), 59, ("Yoga Block", "Water Bottle"), 1),
    Kind("Yoga Block", "Sports", ("Cork", "Foam"), 18, ("Yoga Mat",), 1),
    Kind("Dumbbell Set", "Sports", ("Rubber", "Cast-Iron"), 89, ("Yoga Mat",), 1),
    Kind("Swim Goggles", "Sports", ("Anti-Fog", "Mirrored"), 27, ("Beach Towel",), 6),
    Kind("Beach Towel", "Sports", _TEXTILE, 34, ("Swim Goggles", "Sun Hat"), 7),
    Kind("Notebook", "Stationery", ("Dotted", "Ruled", "Recycled"), 16, ("Fountain Pen",), 9),
    Kind("Fountain Pen", "Stationery", ("Brass", "Resin", "Steel"), 49, ("Ink", "Notebook"), 9),
    Kind("Ink", "Stationery", ("Pigment", "Iron-Gall"), 14, ("Fountain Pen",)),
)

CATEGORIES: Final = tuple(dict.fromkeys(kind.category for kind in KINDS))
#: The place of each kind's category among them.
CATEGORY_OF_KIND: Final = tuple(CATEGORIES.index(kind.category) for kind in KINDS)

#: The latent tastes: a word that a title shows, and a sentence for the description.
STYLES: Final = (
    ("Classic", "A quiet shape that has not changed for decades."),
    ("Nordic", "Clean lines, pale tones, nothing too much."),
    ("Heritage", "Made the old way and meant to be mended."),
    ("Modern", "Slim, light and free of ornament."),
    ("Weekend", "Relaxed and ready for the muddy path."),
    ("Studio", "Bold, a little odd, a favourite of designers."),
)

BRANDS: Final = (
    "Harrow & Pine", "Kestrel", "Oakline", "Brightwater", "Tallow", "Fernhill", "Marlow",
    "Sixpence", "Copperfield", "Lantern Row", "Northgate", "Pebble", "Ravenscar", "Solveig",
    "Tidewater", "Umber", "Wilder", "Yarrow",
)  # fmt: skip

COLORS: Final = (
    "Black", "White", "Navy", "Forest Green", "Oatmeal", "Rust", "Charcoal", "Mustard",
    "Sky Blue", "Burgundy", "Sand", "Olive",
)  # fmt: skip

AMOUNTS: Final = ("100 g", "250 g", "500 g", "1 kg")
