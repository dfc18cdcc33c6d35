"""What each part of a data set is cooked into, under the names of `irclient.cooking.output`."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.sparse import csr_array

from irclient.cooking import algorithms
from irclient.cooking.data.partitions import DataContractError
from irclient.cooking.report import CookingReport
from irclient.cooking.tables import catalogue, histories, pairs, words
from irclient.cooking.tables.reading import read_config, read_entities

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

    from irclient.cooking.data.partitions import Model
    from irclient.cooking.engines.engine import Engine
    from irclient.cooking.neighbours import Neighbours
    from irclient.cooking.strings import Strings
    from irclient.cooking.tables.catalogue import Parts
    from irclient.cooking.tables.reading import Config

__all__ = ["STEPS", "Kitchen", "Lists"]

#: The steps of a cooking, in order, as people see them.
STEPS: Final = (
    "reading",
    "catalogue",
    "histories",
    "people also",
    "baskets",
    "factors",
    "texts",
    "pictures",
)


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
        self._collaborative(made)
        self._by_words(made)
        self._end()
        return made

    def _collaborative(self, made: Lists) -> None:
        engine, size = self.engine, self.size
        self._begin("people also")
        by_person = {"people_also": pairs.people_also, "picks": pairs.picks}
        for name, found in pairs.best_pairs(engine, "taken", by_person, size=size).items():
            made.arrays.update(_named(name, found))
        self._begin("baskets")
        by_basket = {"cart": pairs.bought_together}
        for name, found in pairs.best_pairs(engine, "in_baskets", by_basket, size=size).items():
            made.arrays.update(_named(name, found))
        self._begin("factors")
        rows = engine.columns("select person, item, strength from taken order by person, item")
        people = int(rows["person"].max()) + 1 if rows["person"].size else 1
        strengths = rows["strength"] / histories.STRENGTH
        took = csr_array((strengths, (rows["person"], rows["item"])), shape=(people, size))
        del rows, strengths
        factors, strong = algorithms.factors(took)
        made.arrays["factors"] = factors
        made.arrays.update(_named("mf", algorithms.nearest(factors * strong)))

    def _by_words(self, made: Lists) -> None:
        engine, size = self.engine, self.size
        self._begin("texts")
        texts = words.word_vectors(engine, words.texts(engine), size=size)
        made.arrays.update(_named("textual", algorithms.nearest(texts)))
        self._begin("pictures")
        looks = words.word_vectors(engine, words.looks(engine), size=size)
        own = words.categories(engine, size=size)
        visual, styles = algorithms.nearest_by_category(looks, own)
        made.arrays.update(_named("visual", visual))
        made.arrays.update(_named("styles", styles))

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


def _named(name: str, neighbours: Neighbours) -> dict[str, npt.NDArray[Any]]:
    return {
        f"{name}_items": np.ascontiguousarray(neighbours.items),
        f"{name}_scores": np.ascontiguousarray(neighbours.scores),
    }
