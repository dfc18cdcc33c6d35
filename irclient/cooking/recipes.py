"""What each part of a data set is cooked into, under the names of `irclient.cooking.output`."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it has no types

from irclient.cooking import algorithms
from irclient.cooking.data.partitions import DataContractError
from irclient.cooking.report import CookingReport
from irclient.cooking.tables import catalogue, histories, pairs, words
from irclient.cooking.tables.reading import read_config, read_entities

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import Executor, Future

    import numpy.typing as npt
    from scipy.sparse import csr_array

    from irclient.cooking.data.partitions import Model
    from irclient.cooking.engines.engine import Engine
    from irclient.cooking.neighbours import Neighbours
    from irclient.cooking.strings import Strings
    from irclient.cooking.tables.catalogue import Parts
    from irclient.cooking.tables.reading import Config

__all__ = ["Kitchen", "Lists"]

#: How many steps are computed at the same time; each uses all processors for what it can.
_AT_ONCE: Final = 2


@dataclass(frozen=True, slots=True)
class Lists:
    """What was cooked.

    Attributes:
        arrays: Numbers by name.
        texts: Columns of texts by name.
    """

    arrays: dict[str, npt.NDArray[Any]]
    texts: dict[str, Strings]


@dataclass(slots=True)
class Kitchen:
    """A folder being cooked, step by step.

    Attributes:
        engine: What the relational part runs on.
        model: Where the folder's files are.
        progress: Told which step begins.
        check: Given the counts before the long part; may raise to stop the cooking.
        report: What was read, dropped and found.
    """

    engine: Engine
    model: Model
    progress: Callable[[str, float], None]
    check: Callable[[Mapping[str, int]], None] = lambda _: None
    report: CookingReport = field(default_factory=CookingReport)
    config: Config | None = None
    size: int = 0
    _step: tuple[str, float] | None = None

    def read(self) -> Config:
        """Read every entity.

        Raises:
            DataContractError: The folder does not follow the data contract, or holds no items.
        """
        self._begin("reading")
        self.report.notes.extend(self.model.notes)
        self.config, read = read_config(self.engine, self.model)
        self.report.entities.append(read)
        for entity in read_entities(self.engine, self.model, self.config):
            self.report.entities.append(entity)
            self.progress("reading", len(self.report.entities) / 15)
        self.size = catalogue.make_items(self.engine)
        if not self.size:
            folder = self.model.folder
            raise DataContractError(
                f"{folder} holds no items; put CSV files into {folder / 'Reco_ItemsAndVariants'}, "
                "or list them as partitions in model.json"
            )
        unknown, example = histories.unknown_items(self.engine)
        if unknown:
            self.report.notes.append(
                f"Reco_Interactions: {unknown} rows not used: Reco_ItemsAndVariants lacks their "
                f"items, such as {example!r}"
            )
        return self.config

    def cook(self, *, until: int | None = None) -> Lists:
        """Compute every list of what was read.

        Args:
            until: Use interactions before this instant only, in ms since 1970 UTC; None uses all.
        """
        if self.config is None:
            self.read()
        assert self.config is not None  # noqa: S101  (reading has just set it)
        made = Lists({}, {})
        self._begin("catalogue")
        _add(made, catalogue.parts_of_catalogue(self.engine))
        self._begin("histories")
        histories.make_histories(self.engine, until=until)
        _add(made, histories.parts_of_histories(self.engine, self.config, size=self.size))
        self.report.counts = {
            "items": self.size,
            "users": len(made.texts["users"]),
            "interactions": int(self.engine.columns("select count(*) as n from used")["n"][0]),
        }
        self.check(self.report.counts)
        for arrays in self._lists():
            made.arrays.update(arrays)
        self._end()
        return made

    def _lists(self) -> Iterator[dict[str, npt.NDArray[Any]]]:
        # The limit is the process's: a step that ends must not lift it for the one beside it.
        with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(_AT_ONCE) as jobs:
            try:
                self._begin("gathering")
                for step, job in self._begun(jobs).items():
                    self._begin(step)
                    yield job.result()
            finally:
                jobs.shutdown(wait=False, cancel_futures=True)

    def _begun(self, jobs: Executor) -> dict[str, Future[dict[str, npt.NDArray[Any]]]]:
        """Have each step computed while the engine gathers what the next one is made of."""
        engine, size = self.engine, self.size
        # First what keeps one processor busy for long, so that the others have work beside it.
        begun = {"factors": jobs.submit(_by_factors, histories.strengths(engine, size=size))}
        taken = pairs.voiced(engine, "taken", size=size)
        scores = {"people_also": pairs.people_also, "picks": pairs.picks}
        begun["people also"] = jobs.submit(_by_pairs, taken, scores)
        bought = pairs.voiced(engine, "in_baskets", size=size)
        begun["baskets"] = jobs.submit(_by_pairs, bought, {"cart": pairs.bought_together})
        texts = words.word_vectors(engine, words.texts(), size=size)
        begun["texts"] = jobs.submit(_by_texts, texts)
        looks = words.word_vectors(engine, words.looks(), size=size)
        own = words.categories(engine, size=size)
        begun["pictures"] = jobs.submit(_by_pictures, looks, own)
        return begun

    def _begin(self, step: str) -> None:
        self._end()
        self._step = (step, time.perf_counter())
        self.progress(step, 0.0)

    def _end(self) -> None:
        if self._step is not None:
            step, since = self._step
            self.report.seconds[step] = time.perf_counter() - since
            self._step = None


def _add(made: Lists, parts: Parts) -> None:
    made.arrays.update(parts[0])
    made.texts.update(parts[1])


def _by_factors(took: csr_array[np.float64]) -> dict[str, npt.NDArray[Any]]:
    factors, strong = algorithms.factors(took)
    return {"factors": factors, **_named("mf", algorithms.nearest(factors * strong))}


def _by_pairs(
    took: csr_array[np.complex128],
    scores: Mapping[str, Callable[[pairs.Pairs], npt.NDArray[np.float64]]],
) -> dict[str, npt.NDArray[Any]]:
    made: dict[str, npt.NDArray[Any]] = {}
    for name, found in pairs.best_pairs(took, scores).items():
        made.update(_named(name, found))
    return made


def _by_texts(texts: csr_array[np.float64]) -> dict[str, npt.NDArray[Any]]:
    return _named("textual", algorithms.nearest(texts))


def _by_pictures(
    looks: csr_array[np.float64], categories: npt.NDArray[np.int64]
) -> dict[str, npt.NDArray[Any]]:
    visual, styles = algorithms.nearest_by_category(looks, categories)
    return _named("visual", visual) | _named("styles", styles)


def _named(name: str, neighbours: Neighbours) -> dict[str, npt.NDArray[Any]]:
    return {
        f"{name}_items": np.ascontiguousarray(neighbours.items),
        f"{name}_scores": np.ascontiguousarray(neighbours.scores),
    }
