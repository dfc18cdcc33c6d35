"""The in-process store: bounded, keeps what is used, safe to use from any thread."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

import pytest

from irclient import Caching, ConfigurationError, IRClient, Settings, StaticToken
from irclient._core.entry import Entry
from irclient._wire.reading import read_list
from irclient.results import RecommendationList
from irclient.stores import MemoryStore, memory
from irclient.testing import ScriptedService, example_pair

if TYPE_CHECKING:
    from irclient.stores import Store


def entry(user_id: str | None = None) -> Entry:
    return Entry(
        RecommendationList(items=()), 1.0, ("a", None), None, (user_id,) if user_id else (), ()
    )


def test_it_is_a_store() -> None:
    store: Store = MemoryStore(max_entries=2)
    assert store.get("k") is None
    kept = entry()
    store.set("k", kept)
    assert store.get("k") is kept
    assert repr(store) == "MemoryStore(1 of 2 entries)"


def test_what_a_users_store_is_handed_is_frozen_and_hashable() -> None:
    assert hash(entry()) == hash(entry())
    with pytest.raises(AttributeError, match="set"):
        entry().stored_at = 2.0


def kept_in(store: MemoryStore) -> str:
    """The keys of one letter that a store keeps; asking for it counts as no use."""
    return "".join(sorted(store._places))


def filled(keys: str) -> MemoryStore:
    store = MemoryStore(max_entries=len(keys))
    for key in keys:
        store.set(key, entry())
    return store


def test_the_oldest_entry_makes_room() -> None:
    store = filled("abc")
    store.set("d", entry())
    assert kept_in(store) == "bcd"
    assert len(store) == 3


def test_an_entry_that_was_used_is_kept_instead_of_one_that_was_not() -> None:
    store = filled("abc")
    store.get("a")
    store.set("d", entry())
    assert kept_in(store) == "acd"


def test_a_use_keeps_an_entry_once() -> None:
    store = filled("abc")
    store.get("a")
    for key in "de":
        store.set(key, entry())
    assert kept_in(store) == "ade"
    store.set("f", entry())
    assert kept_in(store) == "def"


def test_where_all_were_used_the_oldest_makes_room() -> None:
    store = filled("abc")
    for key in "cba":
        store.get(key)
    store.set("d", entry())
    assert kept_in(store) == "bcd"


def test_making_room_looks_at_few_entries_however_many_were_used() -> None:
    keys = "".join(chr(1_000 + number) for number in range(500))
    store = filled(keys)
    for key in keys:
        store.get(key)
    store.set("z", entry())
    assert kept_in(store) == "z" + keys.replace(keys[32], "")


@pytest.mark.parametrize("at", range(1, 50))
def test_an_interrupt_at_any_instant_leaves_no_entry_that_nothing_drops(at: int) -> None:
    store = filled("abc")
    store.get("a")
    changing = {
        method.__code__ for method in vars(memory._SecondChance).values() if callable(method)
    }
    lines = 0

    def interrupt(frame, event, _argument):
        nonlocal lines
        if frame.f_code in changing and event == "line":
            lines += 1
            if lines == at:
                raise KeyboardInterrupt
        return interrupt

    traced_by = sys.gettrace()
    sys.settrace(interrupt)
    try:
        store.set("d", entry("u"))
        store.discard(lambda each: "u" in each.user_ids)
        store.set("e", entry())
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(traced_by)
    for key in "dedfghijkl":
        store.set(key, entry())
    assert kept_in(store) == "jkl"
    assert store.discard(lambda _: True) == 3
    assert len(store) == 0


@pytest.mark.parametrize("wrong", [0, -1, 2.5, None])
def test_a_size_that_cannot_be_is_refused(wrong) -> None:
    with pytest.raises(ConfigurationError, match="max_entries"):
        MemoryStore(max_entries=wrong)


def test_setting_again_replaces() -> None:
    store = MemoryStore(max_entries=2)
    store.set("k", entry("u1"))
    store.set("k", entry("u2"))
    assert store.get("k").user_ids == ("u2",)
    assert len(store) == 1


def test_discarding_drops_what_is_asked_for_and_says_how_many() -> None:
    store = MemoryStore(max_entries=5)
    for number in range(5):
        store.set(str(number), entry(f"u{number % 2}"))
    assert store.discard(lambda each: "u0" in each.user_ids) == 3
    assert len(store) == 2
    assert store.get("1") is not None
    assert store.get("0") is None


def test_threads_that_read_write_and_discard_at_once_keep_it_whole_and_bounded() -> None:
    store, failures = MemoryStore(max_entries=20), []

    def work(number: int) -> None:
        try:
            for n in range(400):
                store.set(f"{number}-{n % 30}", entry(f"u{n % 3}"))
                store.get(f"{number}-{n % 7}")
                if n % 50 == 0:
                    store.discard(lambda each: "u1" in each.user_ids)
        except Exception as failure:  # noqa: BLE001  (shown below)
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert 0 < len(store) <= 20


class BrokenStore:
    """Fails at everything, as a store behind a network may."""

    def get(self, key, /):
        raise OSError("the store is down")

    def set(self, key, entry, /):
        raise OSError("the store is down")

    def discard(self, which, /):
        return 0

    def __len__(self):
        return 0


def test_a_store_that_fails_costs_its_memory_and_no_call() -> None:
    service = ScriptedService()
    with IRClient(
        example_pair(), credential=StaticToken("t"), transport=service, store=BrokenStore()
    ) as ir:
        assert ir.popular().served.source == ir.popular().served.source == "service"
        assert ir.stats().store_failures >= 4


@pytest.mark.parametrize("wrong", [{"store": {}}, {"fallback": ["1"]}, {"observers": print}])
def test_what_is_no_store_no_fallback_and_no_list_is_refused(wrong) -> None:
    with pytest.raises(ConfigurationError, match="must "):
        IRClient(example_pair(), credential=StaticToken("t"), **wrong)


# Bounded by bytes too.


def of_size(size: int, user_id: str | None = None) -> Entry:
    """An entry that counts for so many bytes."""
    body = b'{"items":[],"title":""}'
    padded = body[:-2] + b"x" * (size - 1024 - len(body)) + body[-2:]
    return entry(user_id)._replace(answer=read_list(padded))


def bytes_in(store: MemoryStore) -> int:
    return sum(len(each.entry.answer.body) + 1024 for each in store._places.values())


def test_bytes_are_counted_and_the_oldest_make_room() -> None:
    store = MemoryStore(max_entries=100, max_bytes=10_000)
    for key in "abcd":
        store.set(key, of_size(2_500))
    assert kept_in(store) == "abcd"
    store.set("e", of_size(2_500))
    assert kept_in(store) == "bcde"
    store.get("b")
    store.set("f", of_size(5_000))
    assert kept_in(store) == "bef"
    assert bytes_in(store) == 10_000


def test_both_limits_hold() -> None:
    store = MemoryStore(max_entries=3, max_bytes=10_000)
    for key in "abcde":
        store.set(key, of_size(1_500))
    assert kept_in(store) == "cde"
    store.set("f", of_size(8_000))
    assert kept_in(store) == "ef"


def test_an_entry_that_grows_makes_room_for_itself() -> None:
    store = MemoryStore(max_entries=100, max_bytes=10_000)
    for key in "abcd":
        store.set(key, of_size(2_500))
    store.set("a", of_size(5_000))
    assert (kept_in(store), bytes_in(store)) == ("acd", 10_000)
    store.set("a", of_size(2_500))
    store.set("e", of_size(2_500))
    assert kept_in(store) == "acde"


def test_what_is_larger_than_everything_is_not_kept_nor_is_what_it_replaces() -> None:
    store = MemoryStore(max_entries=100, max_bytes=10_000)
    for key in "ab":
        store.set(key, of_size(2_500))
    store.set("a", of_size(10_001))
    store.set("c", of_size(10_001))
    assert kept_in(store) == "b"
    store.set("a", of_size(7_500))
    assert kept_in(store) == "ab"


def test_what_is_forgotten_makes_room() -> None:
    store = MemoryStore(max_entries=100, max_bytes=10_000)
    for number, key in enumerate("abcd"):
        store.set(key, of_size(2_500, f"u{number % 2}"))
    assert store.discard(lambda each: "u0" in each.user_ids) == 2
    store.set("e", of_size(5_000))
    assert kept_in(store) == "bde"


@pytest.mark.parametrize("max_bytes", [0, -1, 1.5, "1", True])
def test_a_limit_in_bytes_that_is_none_is_refused(max_bytes) -> None:
    with pytest.raises(ConfigurationError, match="max_bytes must be an int of at least 1, got"):
        MemoryStore(max_entries=1, max_bytes=max_bytes)


def test_a_client_keeps_to_its_limit_in_bytes() -> None:
    settings = Settings(caching=Caching(max_bytes=20_000))
    with IRClient(
        example_pair(), credential=StaticToken("t"), settings=settings, transport=ScriptedService()
    ) as ir:
        for number in range(50):
            ir.similar(str(number))
        assert 5 < ir.stats().cached < 20
