"""The words of items: what their texts say, and what their pictures are called.

There are no pictures to look at: an item's picture is described by the words of its URL and by the
item's filter values. What CompleteSimilarStyles means is not known: here, what looks alike in
another category. Both are our choice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.sparse import csr_array

if TYPE_CHECKING:
    import numpy.typing as npt

    from irclient.cooking.engines.engine import Engine

__all__ = ["categories", "looks", "texts", "word_vectors"]

#: A word that more than this share of a large catalogue has says nothing.
_COMMON_WORD: Final = 0.25
_FEW_ITEMS: Final = 50
_WORD: Final = r"[\p{L}\p{N}]+"


def texts() -> str:
    """A statement: `item` and `word`, a row for each word of title and description."""
    words = _words("concat(title, ' ', description)")
    return f"select item, {words} as word from items"


def looks() -> str:
    """A statement: `item` and `word`, a row for each word that describes its pictures."""
    urls = (
        "select i.item, i.item_id, g.url from images g join items i on g.item_id = i.item_id "
        "where g.problem is null union all "
        "select i.item, i.item_id, v.url from image_items m join items i on m.item_id = i.item_id "
        "left join (select image_id, min(url) as url from inventory where problem is null "
        "group by image_id) v on m.image_id = v.image_id where m.problem is null"
    )
    words = _words("regexp_extract(url, '([^/]*)[.][^./]*$', 1)")
    return (
        f"select item, word from (select item, item_id, {words} as word from ({urls}) pictured) "
        "named where word <> lower(item_id) union all "
        "select i.item, concat(lower(t.name), '=', t.setting) as word from tags t "
        "join items i on t.item_id = i.item_id where t.problem is null "
        "and lower(t.name) not in ('category', 'size') "
        f"and i.item in (select item from ({urls}) pictured)"
    )


def word_vectors(engine: Engine, statement: str, *, size: int) -> csr_array[np.float64]:
    """TF-IDF vectors, one row an item; an item without words is all zero.

    Args:
        engine: Where the statement can run.
        statement: `item` and `word`.
        size: How many items there are.
    """
    engine.keep("spoken", f"select item, word, count(*) as times from ({statement}) w "
                          "group by item, word")  # fmt: skip
    common = size if size <= _FEW_ITEMS else _COMMON_WORD * size
    engine.keep(
        "vocabulary",
        "select word, found, cast(row_number() over (order by word) - 1 as integer) as number "
        "from (select word, count(*) as found from spoken group by word) counted "
        f"where found <= {common}",
    )
    rows = engine.columns(
        "select s.item, v.number, s.times, v.found from spoken s join vocabulary v "
        "on s.word = v.word order by s.item, v.number"
    )
    engine.drop("spoken")
    engine.drop("vocabulary")
    rarity = np.log((1.0 + size) / (1.0 + rows["found"])) + 1.0
    weighed = (1.0 + np.log(rows["times"])) * rarity
    width = int(rows["number"].max()) + 1 if rows["number"].size else 1
    return csr_array((weighed, (rows["item"], rows["number"])), shape=(size, width))


def categories(engine: Engine, *, size: int) -> npt.NDArray[np.int64]:
    """One category an item, the first that is named; -1 for none."""
    rows = engine.columns(
        "select item, dense_rank() over (order by key_) as category from (select item, key_, "
        "row_number() over (partition by item order by part, file, row_) as nth from filtered "
        "where split_part(key_, chr(10), 1) = 'category') named where nth = 1"
    )
    found = np.full(size, -1, dtype=np.int64)
    found[rows["item"]] = rows["category"]
    return found


def _words(text: str) -> str:
    """An expression that makes a row of each word of a text."""
    return f"unnest(regexp_extract_all(lower({text}), '{_WORD}'))"
