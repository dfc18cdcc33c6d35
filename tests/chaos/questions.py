"""The questions of many users: every operation, drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from irclient.queries import (
    AlgoType,
    BoughtTogether,
    Cart,
    ItemSelectors,
    New,
    Personalize,
    Picks,
    Popular,
    Similar,
    Trending,
)

if TYPE_CHECKING:
    from random import Random

    from irclient.queries import Query
    from tests.chaos.oracle import Oracle

__all__ = ["Question", "questions"]

#: No log may hold a user id; these cannot be there by chance.
STRANGERS = tuple(f"shopper-in-clear-{number}" for number in range(20))
_CATEGORIES = ("Clothing", "Shoes", "Home", "Pantry")


@dataclass(frozen=True, slots=True)
class Question:
    """A query, and what is known of its answer beside the data.

    Attributes:
        query: The query.
        views: The items that its session has seen.
        is_refused: Whether the service must refuse it.
    """

    query: Query
    views: tuple[str, ...] = ()
    is_refused: bool = False


def questions(random: Random, oracle: Oracle) -> tuple[Question, ...]:
    """One question, or two where the second depends on the first."""
    if not random.randrange(12):
        return _session(random, random.choice(oracle.item_ids))
    return (_question(random, oracle),)


def _question(random: Random, oracle: Oracle) -> Question:
    item = random.choice(oracle.item_ids)
    user = random.choice((*oracle.user_ids, *STRANGERS))
    count = random.choice((None, 1, 5, 10, 40))
    skip = random.choice((None, None, 0, 3, 30, 500))
    if not random.randrange(12):
        wrong = Popular(modeling=f"no-such-{random.randrange(5)}")
        return random.choice((Question(wrong, is_refused=True), _outlet(random)))
    algo_type = random.choice((None, AlgoType.VISUAL, AlgoType.TEXTUAL, "MF"))
    refinements = random.choice(((), ("RemoveUserHistory",)))
    return Question(
        random.choice(
            (
                Popular(count=count, skip=skip),
                New(count=count, skip=skip, filters=_filters(random)),
                Trending(count=count, skip=skip, filters=_filters(random)),
                Similar(item, algo_type=algo_type, count=count, skip=skip),
                Similar(item, algo_type=algo_type),
                Cart(random.sample(oracle.item_ids, random.choice((1, 2, 4)))),
                BoughtTogether(item, filters=_filters(random)),
                Picks(user, count=count, refinements=refinements),
                Picks(user, count=count),
                Personalize(user, random.sample(oracle.item_ids, 8)),
                ItemSelectors(item),
            )
        )
    )


def _session(random: Random, item: str) -> tuple[Question, ...]:
    session = f"session-in-clear-{random.getrandbits(64):x}"
    return (
        Question(Similar(item, session_id=session)),
        Question(Picks(session_id=session, algo_type=AlgoType.RECENT_VIEWS), views=(item,)),
    )


def _outlet(random: Random) -> Question:
    return Question(Popular(channel_id="1", catalog_id=random.choice((None, "10"))))


def _filters(random: Random) -> dict[str, str | list[str]]:
    return random.choice(
        ({}, {"Category": random.choice(_CATEGORIES)}, {"Category": list(_CATEGORIES[:2])})
    )
