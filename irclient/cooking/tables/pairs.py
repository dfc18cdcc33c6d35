"""Items that the same people took: counted in pairs, scored, and the best of each item kept.

Microsoft never published how its lists are computed. What is documented is what each list is
about (contract sections 6, 7 and 11: D); every formula here is our own choice, and
`irclient cook --evaluate` says how it does on a shop's own data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from irclient.cooking.algorithms import NEIGHBOURS, Neighbours
from irclient.cooking.engines.engine import LEAST_SCORE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from irclient.cooking.engines.engine import Columns, Engine

__all__ = ["bought_together", "counted_pairs", "people_also", "picks"]

#: Pairs of rows that one block may join: what it takes in memory follows from it.
_BLOCK_PAIRS: Final = 6_000_000
#: Pairs of rows in all blocks together; longer histories are cut until they fit.
_MOST_PAIRS: Final = 400_000_000
_HISTORY_LENGTHS: Final = (5000, 500, 300, 200, 150, 100, 70, 50, 30, 20, 10)
#: What a person's voice is counted in, so that its sum does not depend on its order.
_VOICE: Final = 1024
#: Two people who happen to share two rare items prove little: this many are added as doubt.
_DOUBT: Final = 4.0
#: With fewer baskets than this there is no surprise at all; then any shared basket counts.
_FEW_BASKETS: Final = 50


def counted_pairs(engine: Engine, source: str, *, size: int) -> Iterator[tuple[int, int]]:
    """Count who took both of two items, for a block of items at a time.

    While a block is being looked at, `pairs` holds `one` (an item of the block), `other`,
    `together` (how many people took both) and `voices` (the sum of their voices: whoever took
    much says little with each item); `popularity` holds `item`, `people` and `voices`.

    Args:
        engine: Where the source is.
        source: A table of `person`, `item` and `place`.
        size: How many items there are.

    Yields:
        The first item of a block, and the one after its last.
    """
    longest = _longest(engine, source)
    engine.keep(
        "voiced",
        f"select t.person, t.item, cast(round({_VOICE} * pow(ln(1 + everyone / (1.0 * n)), 2)) "
        f"as double) as voice from {source} t join (select person, count(*) as n from {source} "
        "group by person) p on t.person = p.person cross join (select count(distinct person) as "
        f"everyone from {source}) e where t.place <= {longest}",
    )
    engine.keep(
        "popularity",
        "select item, count(*) as people, sum(voice) as voices from voiced group by item",
    )
    for start, stop in _blocks(engine, size):
        engine.keep(
            "pairs",
            "select a.item as one, b.item as other, count(*) as together, sum(a.voice) as voices "
            "from voiced a join voiced b on a.person = b.person "
            f"where a.item >= {start} and a.item < {stop} and a.item <> b.item "
            "group by a.item, b.item",
        )
        yield start, stop
        engine.drop("pairs")
    engine.drop("voiced")
    engine.drop("popularity")


def best_pairs(
    engine: Engine, source: str, scores: Mapping[str, Callable[[Engine], str]], *, size: int
) -> dict[str, Neighbours]:
    """The best pairs of each item, by several scores.

    Args:
        engine: Where the source is.
        source: As for `counted_pairs`.
        scores: Statements with `one`, `other` and `score` over `pairs` and `popularity`, by name.
        size: How many items there are.
    """
    kept = max(1, min(NEIGHBOURS, size))
    found = {
        name: Neighbours(
            np.full((size, kept), -1, dtype=np.int32), np.zeros((size, kept), dtype=np.float32)
        )
        for name in scores
    }
    for _ in counted_pairs(engine, source, size=size):
        for name, statement in scores.items():
            _fill(found[name], engine.best(statement(engine), kept=kept))
    return found


def people_also(_: Engine) -> str:
    """The cosine of who took what, less some doubt."""
    return _scored(f"p.together / (sqrt(1.0 * a.people * b.people) + {_DOUBT})")


def picks(_: Engine) -> str:
    """BM25 of item and item, as for a word and a text: common items and busy people say less."""
    return _scored(_bm25())


def bought_together(engine: Engine) -> str:
    """Dunning's log-likelihood ratio of what chance would give."""
    total = float(engine.columns("select count(distinct person) as n from voiced")["n"][0])
    if total < _FEW_BASKETS:
        return _scored("1.0 * p.together")
    both, one, other = "p.together", "a.people", "b.people"
    neither = f"({total} - {one} - {other} + {both})"
    ratio = " + ".join(
        (
            _surprise(both, f"({one} * {other} / {total})"),
            _surprise(f"({one} - {both})", f"({one} * ({total} - {other}) / {total})"),
            _surprise(f"({other} - {both})", f"(({total} - {one}) * {other} / {total})"),
            _surprise(neither, f"(({total} - {one}) * ({total} - {other}) / {total})"),
        )
    )
    attracted = f"{both} * {total} > 1.0 * {one} * {other}"
    return _scored(f"case when {attracted} then 2.0 * ({ratio}) else 0.0 end")


def _bm25() -> str:
    # Okapi's two constants, as the `implicit` package sets them.
    k1, b = 1.2, 0.8

    def weight(side: str) -> str:
        return f"({k1} + 1) / ({k1} * ({1 - b} + {b} * {side}.people / m.mean) + 1)"

    return f"p.voices / {_VOICE}.0 * {weight('a')} * {weight('b')}"


def _scored(score: str) -> str:
    return (
        f"select one, other, score from (select p.one, p.other, {score} as score from pairs p "
        "join popularity a on p.one = a.item join popularity b on p.other = b.item "
        "cross join (select avg(people) as mean from popularity) m) scored "
        f"where score > {LEAST_SCORE}"
    )


def _surprise(seen: str, expected: str) -> str:
    """x·ln(x/e), which is 0 where nothing was seen."""
    return (
        f"case when {seen} > 0 and {expected} > 0 then {seen} * ln({seen} / {expected}) "
        "else 0.0 end"
    )


def _longest(engine: Engine, source: str) -> int:
    """How many of a person's items are counted, so that one busy person does not fill memory."""
    sums = ", ".join(
        f"sum(least(n, {length}) * 1.0 * least(n, {length})) as upto_{length}"
        for length in _HISTORY_LENGTHS
    )
    rows = engine.columns(
        f"select {sums} from (select count(*) as n from {source} group by person) p"
    )
    for length in _HISTORY_LENGTHS:
        pairs = rows[f"upto_{length}"][0]
        if not pairs or pairs <= _MOST_PAIRS:
            return length
    return _HISTORY_LENGTHS[-1]


def _blocks(engine: Engine, size: int) -> Iterator[tuple[int, int]]:
    rows = engine.columns(
        "select v.item, sum(1.0 * n) as joined from voiced v join (select person, count(*) as n "
        "from voiced group by person) p on v.person = p.person group by v.item order by v.item"
    )
    joined = np.zeros(size)
    joined[rows["item"]] = rows["joined"]
    block = (np.cumsum(joined) // _BLOCK_PAIRS).astype(np.int64)
    starts = np.flatnonzero(np.diff(block, prepend=-1))
    for start, stop in zip(starts, [*starts[1:], size], strict=True):
        if joined[start:stop].any():
            yield int(start), int(stop)


def _fill(neighbours: Neighbours, rows: Columns) -> None:
    """Write rows, in the order of `one` and then of their scores, into their places."""
    one = rows["one"].astype(np.int64)
    if not one.size:
        return
    first = np.flatnonzero(np.diff(one, prepend=-1))
    place = np.arange(one.size) - np.repeat(first, np.diff(first, append=one.size))
    neighbours.items[one, place] = rows["other"]
    neighbours.scores[one, place] = rows["score"]
