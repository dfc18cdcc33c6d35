"""How well lists foretell what people take next, on a shop's own data.

The newest tenth of the interactions is set aside, every list is cooked from the others, and each is
asked for ten items: for users by what they had taken until then, for baskets by their other items.
What somebody had before is no hit. One split of one data set: small differences are chance.
"""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from irclient.cooking.data.partitions import read_model
from irclient.cooking.pipeline import open_engine
from irclient.cooking.recipes import Kitchen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    from irclient.cooking.engines.engine import Engine
    from irclient.cooking.pipeline import Effort
    from irclient.cooking.recipes import Lists

__all__ = ["ListQuality", "evaluate_folder"]

_ASKED_FOR: Final = 10
_SET_ASIDE: Final = 0.1
#: How many of the newest items of a user a list looks at, and how fast they fade.
_LOOKED_AT, _RECENT, _FADE = 100, 10, 0.85
#: Users or baskets that are asked about; more only cost time.
_MOST_ASKED: Final = 20_000

_Case = tuple["npt.NDArray[np.int64]", "npt.NDArray[np.float64]", "frozenset[int]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuality:
    """How well one list does.

    Attributes:
        name: The list, and whom it was asked for.
        asked: How many users or baskets.
        hit_rate: The share of them of whose later items one was among the ten.
        ndcg: The same, but a hit counts more the higher it stands, and each item counts.
        coverage: The share of the catalogue that was among anybody's ten.
    """

    name: str
    asked: int
    hit_rate: float
    ndcg: float
    coverage: float


def evaluate_folder(
    folder: Path, scratch: Path, *, effort: Effort, progress: Callable[[str, float], None]
) -> tuple[ListQuality, ...]:
    """Cook a folder's older interactions, and ask each list about the newer ones.

    Args:
        folder: Holds `model.json` and the CSV files.
        scratch: An existing folder for what does not fit into memory.
        effort: What cooking may use.
        progress: Called with a step's name and how far it is, from 0 to 1.

    Raises:
        DataContractError: The folder does not follow the data contract.
    """
    with tempfile.TemporaryDirectory(dir=scratch) as spill:
        engine = open_engine(effort, Path(spill), folder=folder)
        try:
            kitchen = Kitchen(engine, read_model(folder), progress)
            kitchen.read()
            cutoff = _cutoff(engine)
            lists = kitchen.cook(until=cutoff)
            progress("asking", 0.0)
            return tuple(_qualities(engine, lists, cutoff, kitchen.size))
        finally:
            engine.close()


def _cutoff(engine: Engine) -> int:
    rows = engine.columns(
        "select taken_at from interactions where problem is null and positive order by taken_at"
    )["taken_at"]
    return int(rows[int(len(rows) * (1.0 - _SET_ASIDE))]) if len(rows) else 0


def _qualities(engine: Engine, lists: Lists, cutoff: int, size: int) -> Iterator[ListQuality]:
    arrays = lists.arrays
    users = list(_users(engine, lists, cutoff))
    popular = np.zeros(size)
    popular[arrays["popular"]] = np.arange(len(arrays["popular"]), 0, -1)
    trending = np.zeros(size)
    trending[arrays["trending"]] = np.arange(len(arrays["trending"]), 0, -1)
    factors = arrays["factors"]

    def near(name: str) -> Callable[[_Case], npt.NDArray[np.float64]]:
        items, scores = arrays[f"{name}_items"], arrays[f"{name}_scores"]

        def scored(case: _Case) -> npt.NDArray[np.float64]:
            own, weights = case[0][:_LOOKED_AT], case[1][:_LOOKED_AT]
            if name == "people_also":
                own = own[:_RECENT]
                loudest = np.where(scores[own, 0] > 0, scores[own, 0], 1.0)
                weights = _FADE ** np.arange(len(own)) / loudest
            elif name == "cart":
                weights = 1.0 / np.where(scores[own, 0] > 0, scores[own, 0], 1.0)
            summed = scores[own] * weights[:, None]
            flat = items[own].ravel() + 1
            sums = np.bincount(flat, weights=summed.ravel(), minlength=size + 1)[1:]
            return sums.astype(np.float64)

        return scored

    def by_factors(case: _Case) -> npt.NDArray[np.float64]:
        return np.asarray(factors @ (case[1] @ factors[case[0]]), dtype=np.float64)

    yield _quality("popular, for users", users, lambda _: popular, size)
    yield _quality("trending, for users", users, lambda _: trending, size)
    yield _quality("picks, for users", users, near("picks"), size)
    yield _quality("picks RecentPurchases, for users", users, near("people_also"), size)
    yield _quality("personalize, for users", users, by_factors, size)
    baskets = list(_baskets(engine, cutoff))
    yield _quality("popular, for baskets", baskets, lambda _: popular, size)
    yield _quality("cart, for baskets", baskets, near("cart"), size)
    yield _quality("similar, for baskets", baskets, near("people_also"), size)


def _users(engine: Engine, lists: Lists, cutoff: int) -> Iterator[_Case]:
    """Users with a history and with new items after the cutoff."""
    rows = engine.columns(
        "select distinct u.person, i.item from interactions x join items i on x.item_id = i.item_id"
        " join users u on x.user_id = u.user_id where x.problem is null and x.positive and "
        f"x.taken_at >= {cutoff} order by u.person, i.item"
    )
    starts = lists.arrays["history_starts"]
    people, first = np.unique(rows["person"], return_index=True)
    for person, later in _sampled(people, np.split(rows["item"], first[1:])):
        own = slice(int(starts[person]), int(starts[person + 1]))
        history = lists.arrays["history_items"][own].astype(np.int64)
        new = frozenset(later.tolist()) - frozenset(history.tolist())
        if new:
            yield history, lists.arrays["history_weights"][own].astype(np.float64), new


def _baskets(engine: Engine, cutoff: int) -> Iterator[_Case]:
    """Baskets after the cutoff: the last item is asked for by the others."""
    rows = engine.columns(
        "select b.basket_id, i.item from (select basket_id, item_id, min(taken_at) as taken_at, "
        "min(row_) as row_ from interactions where problem is null and positive "
        f"and taken_at >= {cutoff} group by basket_id, item_id) b join items i on "
        "b.item_id = i.item_id order by b.basket_id, b.taken_at, b.row_"
    )
    baskets, first = np.unique(rows["basket_id"], return_index=True)
    for _, items in _sampled(np.arange(len(baskets)), np.split(rows["item"], first[1:])):
        if len(items) > 1:
            given = items[:-1].astype(np.int64)
            yield given, np.ones(len(given)), frozenset([int(items[-1])])


def _sampled(
    people: npt.NDArray[np.generic], items: list[npt.NDArray[np.generic]]
) -> Iterator[tuple[int, npt.NDArray[np.generic]]]:
    if len(people):
        step = max(1, len(people) // _MOST_ASKED)
        for at in range(0, len(people), step):
            yield int(people[at]), items[at]


def _quality(
    name: str,
    cases: list[_Case],
    scored: Callable[[_Case], npt.NDArray[np.float64]],
    size: int,
) -> ListQuality:
    hits, gains, shown = 0, 0.0, np.zeros(size, dtype=np.bool_)
    for case in cases:
        scores = scored(case).copy()
        scores[case[0]] = 0.0
        count = min(_ASKED_FOR, size)
        top = np.argpartition(-scores, count - 1)[:count]
        top = top[scores[top] > 0]
        top = top[np.lexsort((top, -scores[top]))]
        shown[top] = True
        found = [at for at, item in enumerate(top.tolist()) if item in case[2]]
        hits += bool(found)
        best = sum(1 / math.log2(at + 2) for at in range(min(len(case[2]), _ASKED_FOR)))
        gains += sum(1 / math.log2(at + 2) for at in found) / best
    asked = max(len(cases), 1)
    return ListQuality(
        name=name,
        asked=len(cases),
        hit_rate=hits / asked,
        ndcg=gains / asked,
        coverage=float(shown.mean()) if size else 0.0,
    )
