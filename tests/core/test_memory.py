"""Memory: what is kept, what is recalled, and what is forgotten."""

from __future__ import annotations

import threading

import pytest

from irclient import queries
from irclient._core.flights import Flights
from irclient._core.forgetting import Cache
from irclient._core.freshness import Freshness
from irclient._core.memory import Memory
from irclient.results import RecommendationList, RecommendedItem, Selectors
from irclient.settings import Caching
from irclient.stores import MemoryStore
from irclient.topology import ServiceEndpoint
from tests.scenarios.scenario import A, B

CACHING = Caching(fresh_for=60, stale_while_refresh_for=600)
OLD, NEW = "20220104115104", "20220713231250"
POPULAR, TRENDING = queries.Popular(), queries.Trending()


def answer(*ids: str, version: str | None = None) -> RecommendationList:
    return RecommendationList(
        items=tuple(RecommendedItem(id=each) for each in ids), interactions_version=version
    )


@pytest.fixture
def memory() -> Memory:
    return Memory(MemoryStore(max_entries=10), max_entries=10)


def situation(memory: Memory, key: str, now: float) -> Freshness:
    return memory.recall(key, CACHING, now)[1]


def test_what_was_kept_is_recalled_with_its_situation(memory) -> None:
    kept = answer("1")
    memory.keep("k", POPULAR, kept, A, 10.0)
    entry, is_so = memory.recall("k", CACHING, 20.0)
    assert (entry.answer, entry.stored_at, is_so) == (kept, 10.0, Freshness.FRESH)
    assert memory.recall("other", CACHING, 20.0) == (None, Freshness.EXPIRED)
    assert len(memory) == 1


def test_a_newer_data_set_of_an_account_outdates_what_came_before_it(memory) -> None:
    memory.keep("popular", POPULAR, answer("1", version=OLD), A, 10.0)
    memory.keep("trending", TRENDING, answer("2", version=NEW), A, 20.0)
    assert situation(memory, "popular", 21.0) is Freshness.USABLE
    assert situation(memory, "trending", 21.0) is Freshness.FRESH


def test_the_pair_has_data_sets_of_its_own(memory) -> None:
    memory.keep("popular", POPULAR, answer("1", version=OLD), A, 10.0)
    memory.keep("trending", TRENDING, answer("2", version=NEW), B, 20.0)
    memory.keep("popular", POPULAR, answer("1", version=OLD), A, 30.0)
    assert situation(memory, "popular", 31.0) is Freshness.FRESH
    assert situation(memory, "trending", 31.0) is Freshness.FRESH


@pytest.mark.parametrize("modeling_of", ["endpoint", "query"])
def test_each_modeling_of_an_account_is_a_data_set(memory, modeling_of) -> None:
    if modeling_of == "endpoint":
        here, other = A, ServiceEndpoint("a", "web", tps=1, modeling="m2")
        query = TRENDING
    else:
        here, other, query = A, A, queries.Trending(modeling="m2")
    memory.keep("popular", POPULAR, answer("1", version=OLD), here, 10.0)
    memory.keep("trending", query, answer("2", version=NEW), other, 20.0)
    assert situation(memory, "popular", 21.0) is Freshness.FRESH


def test_an_older_data_set_that_an_account_goes_on_to_answer_is_fresh(memory) -> None:
    # A list that is cooked less often, or a data set that was taken back: asking again and
    # again would bring the same answer.
    memory.keep("trending", TRENDING, answer("2", version=NEW), A, 10.0)
    memory.keep("popular", POPULAR, answer("1", version=OLD), A, 20.0)
    assert situation(memory, "popular", 21.0) is Freshness.FRESH
    memory.keep("trending", TRENDING, answer("2", version=NEW), A, 30.0)
    assert situation(memory, "popular", 31.0) is Freshness.FRESH


def test_answers_without_a_version_outdate_nothing(memory) -> None:
    memory.keep("popular", POPULAR, answer("1", version=OLD), A, 10.0)
    memory.keep("trending", TRENDING, answer("2"), A, 20.0)
    selectors = Selectors.model_validate({"value": []})
    memory.keep("selectors", queries.ItemSelectors("7"), selectors, A, 20.0)
    assert situation(memory, "popular", 21.0) is Freshness.FRESH
    assert situation(memory, "selectors", 21.0) is Freshness.FRESH


# Forgetting.


@pytest.fixture
def full(memory) -> Memory:
    kept = {
        "picks of u1": (queries.Picks("u1"), answer("1", "2")),
        "similar for u1": (queries.Similar("7", user_id="u1"), answer("3")),
        "picks of u2": (queries.Picks("u2"), answer("1")),
        "similar": (queries.Similar("1"), answer("8")),
        "bought": (queries.BoughtTogether("1"), answer("8")),
        "cart": (queries.Cart(("5", "1")), answer("8")),
        "selectors": (queries.ItemSelectors("1"), Selectors.model_validate({"value": []})),
        "popular": (POPULAR, answer("9")),
    }
    for key, (query, given) in kept.items():
        memory.keep(key, query, given, A, 10.0)
    return memory


def left(memory: Memory) -> set[str]:
    keys = ["picks of u1", "similar for u1", "picks of u2", "similar", "bought", "cart",
            "selectors", "popular"]  # fmt: skip
    return {key for key in keys if memory.recall(key, CACHING, 11.0)[0] is not None}


def test_clearing_forgets_everything(full) -> None:
    assert Cache(full.forget).clear() == 8
    assert len(full) == 0
    assert Cache(full.forget).clear() == 0


def test_a_user_is_forgotten_in_every_list_that_was_ranked_for_them(full) -> None:
    assert Cache(full.forget).forget_user("u1") == 2
    assert left(full) == {"picks of u2", "similar", "bought", "cart", "selectors", "popular"}
    assert Cache(full.forget).forget_user("nobody") == 0


def test_an_item_is_forgotten_as_seed_and_as_answer(full) -> None:
    assert Cache(full.forget).forget_item("1") == 6
    assert left(full) == {"similar for u1", "popular"}


def versions_seen(memory: Memory) -> None:
    memory.keep("old", POPULAR, answer("1", version=OLD), A, 10.0)
    memory.keep("new", TRENDING, answer("2", version=NEW), A, 20.0)
    memory.keep("pair", POPULAR, answer("3", version=OLD), B, 15.0)
    memory.keep("none", POPULAR, answer("4"), A, 12.0)
    memory.keep("late", POPULAR, answer("5", version=OLD), A, 30.0)


@pytest.mark.parametrize("now", [-1e6, -50.0, 9.95, 9.5, 30.0, 69.0, 71.0, 75.5, 81.0, 400.0, 1e6])
@pytest.mark.parametrize("key", ["old", "new", "pair", "none", "late", "unknown"])
def test_what_is_recalled_fresh_is_what_is_recalled_as_fresh(memory, key, now) -> None:
    versions_seen(memory)
    entry, is_so = memory.recall(key, CACHING, now)
    assert memory.recall_fresh(key, CACHING, now) is (entry if is_so is Freshness.FRESH else None)


def test_a_store_that_cannot_be_read_has_nothing_fresh() -> None:
    class Broken(MemoryStore):
        def get(self, key: str, /):
            raise OSError("no such shelf")

    assert Memory(Broken(max_entries=1), max_entries=1).recall_fresh("k", CACHING, 0.0) is None


ASKED = (queries.Picks, "ann")


@pytest.mark.parametrize(
    "forget",
    [
        lambda cache: cache.clear(),
        lambda cache: cache.forget_user("ann"),
        lambda cache: cache.forget_item("1"),
    ],
    ids=["everything", "a user", "an item"],
)
def test_whoever_forgets_answers_forgets_what_was_asked_too(memory, forget) -> None:
    query = queries.Picks("ann")
    memory.known_queries.learn(ASKED, query)
    assert memory.known_queries.find(ASKED) is query
    forget(Cache(memory.forget))
    assert len(memory.known_queries) == 0
    assert memory.known_queries.find(ASKED) is None


def test_threads_that_come_late_with_news_hide_no_newer_news(memory) -> None:
    memory.keep("popular", POPULAR, answer("1", version=OLD), A, 10.5)
    memory.keep("trending", TRENDING, answer("2", version=NEW), A, 11.0)
    memory.keep("elsewhere", TRENDING, answer("3", version=OLD), B, 10.0)
    assert memory.recall_fresh("popular", CACHING, 12.0) is None
    assert memory.recall_fresh("trending", CACHING, 12.0) is not None


def test_a_user_in_raw_parameters_is_forgotten_however_the_name_is_written(memory) -> None:
    for name in ("userId", "userid", "USERID"):
        memory.keep(name, queries.Popular(params={name: "ann"}), answer("1"), A, 10.0)
    both = queries.Similar("7", user_id="bob", params={"UserId": "ann"})
    memory.keep("both", both, answer("1"), A, 10.0)
    memory.keep("other", queries.Popular(params={"user": "ann"}), answer("1"), A, 10.0)
    assert Cache(memory.forget).forget_user("bob") == 1
    memory.keep("both", both, answer("1"), A, 10.0)
    assert Cache(memory.forget).forget_user("ann") == 4
    assert len(memory) == 1


FORGETTING = [
    pytest.param(lambda cache: cache.clear(), id="everything"),
    pytest.param(lambda cache: cache.forget_user("ann"), id="a user"),
    pytest.param(lambda cache: cache.forget_item("1"), id="an item"),
]


@pytest.mark.parametrize("forget", FORGETTING)
def test_what_was_asked_for_before_a_forgetting_is_not_kept_after_it(memory, forget) -> None:
    since = memory.generation
    memory.keep("before", queries.Picks("ann"), answer("1"), A, 10.0, since=since)
    assert len(memory) == 1
    forget(Cache(memory.forget))
    memory.keep("k", queries.Picks("ann"), answer("1"), A, 10.0, since=since)
    assert len(memory) == 0
    memory.keep("k", queries.Picks("ann"), answer("1"), A, 10.0, since=memory.generation)
    assert len(memory) == 1


@pytest.mark.parametrize("forget", FORGETTING)
def test_what_is_forgotten_while_it_is_being_kept_is_not_kept(forget) -> None:
    class Slow(MemoryStore):
        def set(self, key: str, entry, /) -> None:
            forget(Cache(memory.forget))  # Another thread's, in between.
            super().set(key, entry)

    memory = Memory(Slow(max_entries=10), max_entries=10)
    since = memory.generation
    memory.keep("k", queries.Picks("ann"), answer("1"), A, 10.0, since=since)
    assert len(memory) == 0


@pytest.mark.parametrize("forget", FORGETTING)
def test_whoever_asks_after_a_forgetting_joins_no_call_from_before_it(forget) -> None:
    flights = Flights()
    memory = Memory(MemoryStore(max_entries=10), max_entries=10, flights=flights)
    before, leads = flights.board("k", 0.0, lost_at=9.0)
    assert leads
    assert flights.board("k", 0.0, lost_at=9.0) == (before, False)
    forget(Cache(memory.forget))
    after, leads = flights.board("k", 0.0, lost_at=9.0)
    assert (after is not before, leads) == (True, True)
    flights.end("k", before)
    assert flights.board("k", 0.0, lost_at=9.0) == (after, False)


def test_forgettings_at_once_all_count() -> None:
    memory = Memory(MemoryStore(max_entries=10), max_entries=10)
    seen = {memory.generation}
    threads = [threading.Thread(target=Cache(memory.forget).clear) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
        assert memory.generation not in seen


def test_data_sets_without_number_are_not_all_remembered(memory) -> None:
    for number in range(5_000):
        query = queries.Popular(modeling=f"m{number}")
        memory.keep("k", query, answer("1", version=NEW), A, float(number))
    assert len(memory._newest) == 1_000
    # What is asked for again and again is among them.
    memory.keep("popular", POPULAR, answer("1", version=OLD), A, 5_000.0)
    for number in range(3_000):
        query = queries.Popular(modeling=f"n{number}")
        memory.keep("k", query, answer("1", version=NEW), A, 5_001.0)
        version = f"{20220713231250 + number}"
        memory.keep("trending", TRENDING, answer("2", version=version), A, 5_002.0)
    assert situation(memory, "popular", 5_003.0) is Freshness.USABLE
