"""Items that the same people took: counted in pairs, scored, and the best of each item kept.

Microsoft never published how its lists are computed. What is documented is what each list is
about (contract sections 6, 7 and 11: D); every formula here is our own choice, and
`irclient cook --evaluate` says how it does on a shop's own data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from irclient.cooking.neighbours import for_each_block, no_neighbours

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from irclient.cooking.engines.engine import Engine
    from irclient.cooking.neighbours import Neighbours

__all__ = ["Pairs", "best_pairs", "bought_together", "people_also", "picks", "voiced"]

_Items: TypeAlias = npt.NDArray[np.integer[Any]]
_Numbers: TypeAlias = npt.NDArray[np.float64]

#: Pairs of rows that one block may join: what it takes in memory follows from it.
_BLOCK_PAIRS: Final = 1_000_000
#: Pairs of rows in all blocks together; longer histories are cut until they fit.
_MOST_PAIRS: Final = 400_000_000
_HISTORY_LENGTHS: Final = (5000, 500, 300, 200, 150, 100, 70, 50, 30, 20, 10)
#: What a person's voice is counted in, so that its sum does not depend on its order.
_VOICE: Final = 1024
#: Two people who happen to share two rare items prove little: this many are added as doubt.
_DOUBT: Final = 4.0
#: With fewer baskets than this there is no surprise at all; then any shared basket counts.
_FEW_BASKETS: Final = 50
#: The least score that is told from nothing.
_LEAST_SCORE: Final = 1e-6
#: Okapi's two constants, and to which power a person's rarity is taken. Chosen on other shops and
#: earlier splits than those of the documentation; the decisions say how.
_K1: Final = 0.7
_B: Final = 0.7
_RARITY: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Pairs of items that the same people took.

    Attributes:
        one: The first item of each pair.
        other: The second item of each pair.
        together: How many people took both, for each pair.
        voices: The sum of their voices, for each pair: who took much says little with each item.
        people: How many people took each item of the catalogue.
        everyone: How many people there are.
    """

    one: _Items
    other: _Items
    together: _Numbers
    voices: _Numbers
    people: _Numbers
    everyone: int


def best_pairs(
    voices: csr_array[np.complex128], scores: Mapping[str, Callable[[Pairs], _Numbers]]
) -> dict[str, Neighbours]:
    """The best pairs of each item, by several scores.

    Args:
        voices: Who took what, as `voiced` tells it.
        scores: What a pair scores, by name.
    """
    size = int(voices.shape[1])
    found = {name: no_neighbours(size) for name in scores}
    if not voices.nnz:
        return found
    took = voices.copy()
    took.data = np.ones_like(voices.data)
    people = np.bincount(took.indices, minlength=size).astype(np.float64)
    everyone = int(np.count_nonzero(np.diff(took.indptr)))
    turned = csr_array(voices.T)

    def work(start: int, stop: int) -> None:
        both = csr_array(turned[start:stop] @ took)
        pairs = Pairs(
            one=np.repeat(np.arange(start, stop), np.diff(both.indptr)),
            other=both.indices,
            together=both.data.real,
            voices=both.data.imag,
            people=people,
            everyone=everyone,
        )
        for name, score in scores.items():
            values = score(pairs)
            values[(values <= _LEAST_SCORE) | (pairs.one == pairs.other)] = 0.0
            found[name].keep_best(start, both.indptr, pairs.other, values)

    for_each_block(work, _blocks(took))
    return found


def people_also(pairs: Pairs) -> _Numbers:
    """The cosine of who took what, less some doubt."""
    root = np.sqrt(pairs.people)
    return pairs.together / (root[pairs.one] * root[pairs.other] + _DOUBT)


def picks(pairs: Pairs) -> _Numbers:
    """BM25 of item and item, as for a word and a text: common items and busy people say less."""
    people = pairs.people
    length = people / float(people[people > 0].mean())
    weight: _Numbers = (_K1 + 1) / (_K1 * (1 - _B + _B * length) + 1)
    return pairs.voices * weight[pairs.one] * weight[pairs.other] / _VOICE


def bought_together(pairs: Pairs) -> _Numbers:
    """Dunning's log-likelihood ratio of what chance would give."""
    both, total = pairs.together, float(pairs.everyone)
    if total < _FEW_BASKETS:
        return both.copy()
    one, other = pairs.people[pairs.one], pairs.people[pairs.other]
    ratio = (
        _surprise(both, one * other / total)
        + _surprise(one - both, one * (total - other) / total)
        + _surprise(other - both, (total - one) * other / total)
        + _surprise(total - one - other + both, (total - one) * (total - other) / total)
    )
    return np.where(both * total > one * other, 2.0 * ratio, 0.0)


def _surprise(seen: _Numbers, expected: _Numbers) -> _Numbers:
    """x·ln(x/e), which is 0 where nothing was seen."""
    something = (seen > 0) & (expected > 0)
    shares = np.divide(seen, expected, out=np.ones_like(seen), where=something)
    return seen * np.log(shares)


def voiced(engine: Engine, source: str, *, size: int) -> csr_array[np.complex128]:
    """Who took what, shape (people, items): 1, and in the imaginary part the person's voice.

    So one product counts people and sums voices.

    Args:
        engine: Where the source is.
        source: A table of `person`, `item` and `place`.
        size: How many items there are.
    """
    rarity = f"pow(ln(1 + everyone / (1.0 * n)), {_RARITY})"
    rows = engine.columns(
        f"select t.person, t.item, round({_VOICE} * {rarity}) as voice "
        f"from {source} t join (select person, count(*) as n from {source} group by person) p "
        "on t.person = p.person cross join (select count(distinct person) as everyone from "
        f"{source}) e where t.place <= {_longest(engine, source)}"
    )
    people = int(rows["person"].max()) + 1 if rows["person"].size else 1
    return csr_array((1.0 + 1j * rows["voice"], (rows["person"], rows["item"])), (people, size))


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


def _blocks(took: csr_array[np.complex128]) -> Iterator[tuple[int, int]]:
    lengths = np.diff(took.indptr)
    joined = np.bincount(took.indices, np.repeat(lengths, lengths), minlength=took.shape[1])
    block = (np.cumsum(joined) // _BLOCK_PAIRS).astype(np.int64)
    starts = np.flatnonzero(np.diff(block, prepend=-1))
    for start, stop in zip(starts.tolist(), [*starts[1:].tolist(), joined.size], strict=True):
        if joined[start:stop].any():
            yield start, stop
