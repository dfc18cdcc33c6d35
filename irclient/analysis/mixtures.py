"""Which answers of a comparison are not what was meant, and which queries are left out for that."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from irclient.analysis.lists import Lists
from irclient.analysis.query_names import name_of, without_modeling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from irclient.analysis.query_names import AnyListQuery
    from irclient.results import RecommendationList

__all__ = ["Side", "left_out", "side_of"]


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison.

    Attributes:
        name: What it is called.
        asked: Its queries, by themselves without their modeling, which is what the two sides have
            in common.
        answers: Its lists, by the same.
        doubts: Why an answer is not what was meant, by the same.
    """

    name: str
    asked: dict[AnyListQuery, AnyListQuery]
    answers: dict[AnyListQuery, RecommendationList]
    doubts: dict[AnyListQuery, str] = field(default_factory=dict)

    def newer_data_than(self, other: Side) -> Iterator[AnyListQuery]:
        """Yield the queries that one account answered on both sides, from different cookings."""
        for key, answer in self.answers.items():
            opposite = other.answers.get(key)
            if opposite is None or key in self.doubts or key in other.doubts:
                continue
            versions = {answer.interactions_version, opposite.interactions_version}
            if answer.served.account == opposite.served.account and len(versions - {None}) > 1:
                yield key


def side_of(name: str, lists: Lists) -> Side:
    """Return a side, with what is in doubt of it.

    Raises:
        TypeError: It is no `Lists`.
        ValueError: It holds one query of two modelings.
    """
    if not isinstance(lists, Lists):
        raise TypeError(
            f"{name} must be Lists, as collect returns them, got {type(lists).__name__}"
        )
    asked: dict[AnyListQuery, AnyListQuery] = {}
    for query in lists.queries:
        key = without_modeling(query)
        if key in asked:
            raise ValueError(
                f"{name} holds {name_of(key)} of the modelings {asked[key].modeling!r} and "
                f"{query.modeling!r}; collect each modeling into Lists of its own"
            )
        asked[key] = query
    answers = {key: lists.answers[query] for key, query in asked.items() if query in lists.answers}
    side = Side(name, asked, answers)
    for key, answer in answers.items():
        doubt = _doubt(answer, lists.account)
        if doubt is not None:
            side.doubts[key] = doubt
    side.doubts.update(dict.fromkeys(_of_other_data(side), "other data"))
    return side


def left_out(a: Side, b: Side) -> dict[AnyListQuery, str]:
    """Return the queries that cannot be compared, each with one reason."""
    reasons: dict[AnyListQuery, str] = {}
    for key in a.asked | b.asked:
        reason = _reason(key, a, b)
        if reason is not None:
            reasons[key] = reason
    return reasons


def _reason(key: AnyListQuery, a: Side, b: Side) -> str | None:
    for side, other in ((a, b), (b, a)):
        if key not in side.asked:
            return f"only in {other.name}"
    for side in (a, b):
        if key not in side.answers:
            return f"no answer in {side.name}"
    return a.doubts.get(key) or b.doubts.get(key)


def _doubt(answer: RecommendationList, account: str | None) -> str | None:
    served = answer.served
    if served.source in {"fallback", "stale"}:
        return served.source
    if served.degraded:
        return "degraded"
    return "other account" if account not in {None, served.account} else None


def _of_other_data(side: Side) -> Iterator[AnyListQuery]:
    """Yield what was cooked otherwise than most of what the same account answered."""
    versions: defaultdict[str | None, Counter[str]] = defaultdict(Counter)
    sound = {key: answer for key, answer in side.answers.items() if key not in side.doubts}
    for answer in sound.values():
        if answer.interactions_version is not None:
            versions[answer.served.account][answer.interactions_version] += 1
    for key, answer in sound.items():
        version = answer.interactions_version
        if version is not None:
            usual = versions[answer.served.account].most_common(1)[0][0]
            if version != usual:
                yield key
