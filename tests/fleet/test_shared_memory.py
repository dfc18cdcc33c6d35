"""The memory that a fleet shares, over a real server: two processes' views of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from irclient import IRClient, StaticToken
from irclient._core.identity import identity
from irclient._core.memory import Memory
from irclient._core.packed_entry import pack
from irclient._core.shared_memory import Finding, Wish
from irclient.fleet import RedisFleet
from irclient.fleet.memory_scripts import MOST_FORGOTTEN
from irclient.queries import Cart, Picks, Popular, Similar
from irclient.stores import MemoryStore
from irclient.testing import ScriptedService, example_pair
from tests.fleet.processes import CACHING, Process, entry_of, landed, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from irclient.queries import Query
    from tests.fleet.servers import Server


@pytest.fixture
def two(server: Server) -> Iterator[tuple[Process, Process]]:
    processes = Process(server), Process(server)
    yield processes
    for each in processes:
        each.close()


def test_what_one_process_keeps_another_recalls(two: tuple[Process, Process]) -> None:
    one, other = two
    kept = one.ask(Popular())
    found = other.recall(Popular())
    assert found.finding is Finding.FRESH
    entry = other.shared.read(found, Popular())
    assert entry is not None
    assert entry.answer == kept.answer
    assert entry.answer.served == kept.answer.served
    assert entry[2:] == kept[2:]
    assert entry.stored_at == pytest.approx(kept.stored_at, abs=0.05)


def test_one_asks_and_the_others_wait_until_it_has_kept_the_answer(
    two: tuple[Process, Process],
) -> None:
    one, other = two
    claimed = one.recall(Popular())
    assert claimed.finding is Finding.ASK
    assert claimed.claim.is_held
    waiting = other.recall(Popular())
    assert waiting.finding is Finding.WAIT
    assert not waiting.claim.is_held
    one.keep(Popular(), claimed)
    assert other.recall(Popular()).finding is Finding.FRESH


def test_a_claim_that_is_released_is_the_next_ones(two: tuple[Process, Process]) -> None:
    one, other = two
    claimed = one.recall(Popular())
    other.shared.release(other.recall(Popular()).claim)  # Not its own: nothing happens.
    assert other.recall(Popular()).finding is Finding.WAIT
    one.shared.release(claimed.claim)
    until(lambda: other.recall(Popular()).finding is Finding.ASK)


def test_a_claim_of_one_who_died_passes_on(two: tuple[Process, Process]) -> None:
    one, other = two
    began_at = time.monotonic()
    assert one.recall(Popular(), Wish(CACHING, claim_for=0.5)).finding is Finding.ASK
    until(lambda: other.recall(Popular()).finding is Finding.ASK)
    assert 0.5 <= time.monotonic() - began_at < 2.0


def test_a_claim_that_nobody_waited_for_is_released(two: tuple[Process, Process]) -> None:
    one, other = two
    key = identity(Popular())
    assert key is not None
    recall = one.shared.recall(key, Popular(), Wish(CACHING, claim_for=5.0))
    assert recall is not None
    one.shared.give_up(recall)
    until(lambda: other.recall(Popular()).finding is Finding.ASK)


@pytest.mark.parametrize(
    ("age", "finding", "of_the_next"),
    [
        (4.0, Finding.FRESH, Finding.FRESH),
        (7.0, Finding.REFRESH, Finding.USABLE),
        (20.0, Finding.ASK, Finding.WAIT),
    ],
)
def test_ages_are_told_by_the_servers_clock(
    two: tuple[Process, Process], age: float, finding: Finding, of_the_next: Finding
) -> None:
    one, other = two
    kept = one.keep(Popular(), one.recall(Popular()), age=age)
    found = other.recall(Popular())
    assert found.finding is finding
    assert found.data
    assert found.stored_at == pytest.approx(kept.stored_at, abs=0.05)
    assert one.recall(Popular()).finding is of_the_next


def test_a_call_that_will_not_ask_claims_nothing(two: tuple[Process, Process]) -> None:
    one, other = two
    assert other.recall(Popular(), Wish(CACHING)).finding is Finding.NONE
    one.keep(Popular(), one.recall(Popular()), age=20.0)
    found = other.recall(Popular(), Wish(CACHING))
    assert found.finding is Finding.NONE
    assert found.data  # A last resort.


def test_a_stale_answer_that_the_process_has_is_not_sent_to_it(
    two: tuple[Process, Process],
) -> None:
    one, other = two
    one.keep(Popular(), one.recall(Popular()), age=7.0)
    assert not other.recall(Popular(), Wish(CACHING, own_age=7.0)).data
    assert other.recall(Popular(), Wish(CACHING, own_age=8.0)).data


def test_an_answer_is_no_older_when_an_older_one_is_kept_after_it(
    two: tuple[Process, Process],
) -> None:
    one, other = two
    first, second = one.recall(Popular()), other.recall(Popular())
    one.keep(Popular(), first)
    other.keep(Popular(), second, age=3.0)
    assert time.monotonic() - one.recall(Popular()).stored_at < 1.0
    assert other.fleet.counts.kept == 0


def test_variants_and_accounts_share_nothing(two: tuple[Process, Process]) -> None:
    one, other = two
    one.ask(Popular())
    key = identity(Popular(), "blue")
    assert key is not None
    recall = other.shared.recall(key, Popular(), Wish(CACHING, claim_for=1.0))
    assert recall is not None
    found = landed(recall)
    assert found is not None
    assert found.finding is Finding.ASK


def test_another_fleet_has_another_memory(server: Server) -> None:
    one, other = Process(server), Process(server, name="another")
    one.ask(Popular())
    assert other.recall(Popular()).finding is Finding.ASK
    one.close()
    other.close()


def test_what_cannot_be_read_is_a_miss(two: tuple[Process, Process], server: Server) -> None:
    one, other = two
    one.ask(Popular())
    client = server.client()
    (name,) = client.keys("*:a:*")
    client.setrange(name, 16, "no answer")
    found = other.recall(Popular())
    assert found.finding is Finding.FRESH
    assert other.shared.read(found, Popular()) is None
    assert other.recall(Popular(), Wish(CACHING, claim_for=1.0, after=found)).finding is Finding.ASK
    for nonsense in ("", "short", "x" * 100):
        client.set(name, nonsense)
        assert other.recall(Popular(), Wish(CACHING)).finding is Finding.NONE
    client.delete(name)
    client.rpush(name, "another", "type")
    assert other.recall(Popular(), Wish(CACHING)).finding is Finding.NONE


def test_an_entry_from_the_future_is_not_fresh(
    two: tuple[Process, Process], server: Server
) -> None:
    one, other = two
    entry = one.ask(Popular())
    client = server.client()
    (name,) = client.keys("*:a:*")
    ahead = int((time.time() + 7.0) * 1e6)
    data = pack(entry)
    assert data is not None
    client.set(name, b"%016d" % ahead + data)
    found = other.recall(Popular())
    assert found.finding is Finding.REFRESH
    assert time.monotonic() - found.stored_at == pytest.approx(7.0, abs=0.5)


def test_nothing_that_is_somebodys_is_in_clear_on_the_server_or_its_wire(
    two: tuple[Process, Process], server: Server
) -> None:
    one, other = two
    client = server.client()
    with client.monitor() as monitor:
        queries = [
            Picks("user-4711"),
            Similar("seed-4712", user_id="user-4711"),
            Cart(["seed-4713"], user_id="user-4711"),
            Popular(params=[("userId", "user-4714")]),
        ]
        for query in queries:
            one.ask(query)
            assert other.recall(query).finding is Finding.FRESH
        one.shared.forget_user("user-4711")
        one.shared.forget_item("seed-4712")
        until(lambda: other.recall(queries[0]).finding is Finding.ASK)
        client.echo("the end")
        said = list[str]()
        while not said or "the end" not in said[-1]:
            said.append(str(monitor.next_command()))
    everything = "\n".join([*said, *client.keys("*")])
    assert len(said) > 12
    assert not any(word in everything for word in ("user-47", "seed-47"))


def test_all_answers_for_a_user_are_deleted_by_one_command(
    two: tuple[Process, Process], server: Server
) -> None:
    one, other = two
    queries = [Picks("u1"), Similar("7", user_id="u1"), Popular(params=[("USERID", "u1")])]
    for query in queries:
        one.ask(query)
    one.ask(Picks("u2"))
    client = server.client()
    assert len(client.keys("*:u:*")) == 2
    client.unlink(client.keys(f"*:u:{one.fleet.digest('user', 'u1')}")[0])
    assert [other.recall(each).finding for each in queries] == [Finding.ASK] * 3
    assert other.recall(Picks("u2")).finding is Finding.FRESH


def test_an_answer_for_two_users_is_not_shared_because_it_could_not_be_deleted_for_both(
    two: tuple[Process, Process],
) -> None:
    query = Similar("7", user_id="u1", params=[("userId", "u2")])
    key = identity(query)
    assert key is not None
    assert two[0].shared.recall(key, query, Wish(CACHING)) is None


def test_a_user_has_no_more_answers_than_anybody_asks_for(
    two: tuple[Process, Process], server: Server
) -> None:
    one, _ = two
    for number in range(70):
        one.ask(Similar(str(number), user_id="u1"))
    client = server.client()
    (name,) = client.keys("*:u:*")
    assert client.hlen(name) <= 64
    assert 0 < client.pttl(name) <= 105_001


def test_everything_but_what_was_forgotten_expires(
    two: tuple[Process, Process], server: Server
) -> None:
    one, _ = two
    one.ask(Popular(), version="20260101000000")
    one.ask(Picks("u1"))
    one.recall(Similar("7"))
    one.shared.forget_item("9")
    one.settle()
    client = server.client()
    for name in client.keys("*"):
        lasts = name.endswith((":forgotten", ":newest"))
        assert (client.pttl(name) == -1) is lasts, name


@pytest.mark.parametrize("what", ["user", "item held", "item asked for", "all"])
def test_what_one_process_forgets_all_forget_within_a_second(
    two: tuple[Process, Process], what: str
) -> None:
    one, other = two
    query = Similar("7", user_id="u1")
    entry = one.ask(query)
    found = other.recall(query)
    assert found.finding is Finding.FRESH
    key = identity(query)
    assert key is not None
    other.memory.adopt(key, entry, since=other.memory.generation)
    unrelated = entry_of(Popular(), b'{"items":[]}')
    other.memory.adopt("another", unrelated, since=other.memory.generation)
    forgotten_at = time.monotonic()
    match what:
        case "user":
            one.shared.forget_user("u1")
        case "item held":
            one.shared.forget_item("2")
        case "item asked for":
            one.shared.forget_item("7")
        case _:
            one.shared.clear()
    # Both levels: nobody recalls anything meanwhile.
    until(lambda: other.memory.recall(key, CACHING, time.monotonic())[0] is None)
    assert time.monotonic() - forgotten_at < 1.0
    assert len(other.memory) == (0 if what == "all" else 1)
    assert is_missing(other, query)
    assert is_missing(one, query)


def is_missing(process: Process, query: Query) -> bool:
    found = process.recall(query, Wish(CACHING))
    return not found.data or process.shared.read(found, query) is None


def test_an_answer_that_was_asked_for_before_a_forgetting_is_not_kept(
    two: tuple[Process, Process],
) -> None:
    one, other = two
    claimed = one.recall(Picks("u1"))
    other.shared.forget_user("u1")
    other.settle()
    one.keep(Picks("u1"), claimed)
    assert one.fleet.counts.kept == 0
    # Its claim is released all the same.
    assert other.recall(Picks("u1")).finding is Finding.ASK


def test_a_process_recalls_nothing_before_it_has_told_what_it_forgets(
    two: tuple[Process, Process],
) -> None:
    one, _ = two
    for number in range(1200):
        one.shared.forget_item(str(number))
    key = identity(Popular())
    assert key is not None
    if one.fleet.has_to_send:
        assert one.shared.recall(key, Popular(), Wish(CACHING)) is None
    one.settle()
    assert one.recall(Popular(), Wish(CACHING)).finding is Finding.NONE


def test_more_than_can_be_told_is_told_as_everything(two: tuple[Process, Process]) -> None:
    one, other = two
    entry = one.ask(Popular())
    assert other.recall(Popular()).finding is Finding.FRESH
    other.memory.adopt("key", entry, since=other.memory.generation)
    time.sleep(0.002)
    for number in range(MOST_FORGOTTEN):
        one.shared.forget_item(f"another {number}")
    one.settle()
    assert other.recall(Popular(), Wish(CACHING)).finding is Finding.NONE
    until(lambda: len(other.memory) == 0)


def test_what_is_forgotten_while_the_server_is_away_is_told_when_it_is_back(
    server: Server,
) -> None:
    one, other = Process(server, patience=0.1), Process(server, patience=0.1)
    one.ask(Picks("u1"))
    server.stand_still()
    one.shared.forget_user("u1")
    time.sleep(0.3)
    server.go_on()
    one.settle()
    until(lambda: other.link.is_present)
    until(lambda: recalled(other, Picks("u1")) is Finding.NONE)
    one.close()
    other.close()


def recalled(process: Process, query: Query) -> Finding | None:
    key = identity(query)
    assert key is not None
    recall = process.shared.recall(key, query, Wish(CACHING))
    found = landed(recall) if recall is not None else None
    return found.finding if found is not None else None


def test_what_was_to_be_forgotten_is_told_at_the_end_of_a_process(server: Server) -> None:
    one, other = Process(server), Process(server)
    one.ask(Picks("u1"))
    one.shared.forget_user("u1")
    one.close()
    assert other.recall(Picks("u1")).finding is Finding.ASK
    other.close()


def test_a_newer_data_set_that_one_process_saw_makes_the_others_answers_stale(
    two: tuple[Process, Process],
) -> None:
    one, other = two
    old = one.ask(Popular(), version="20260101000000")
    other.recall(Popular())
    other.memory.adopt("key", old, since=other.memory.generation)
    assert other.memory.recall_fresh("key", CACHING, time.monotonic()) is not None
    time.sleep(0.01)
    one.ask(Popular(count=7), version="20260102000000")
    until(lambda: other.memory.recall_fresh("key", CACHING, time.monotonic()) is None)
    entry, _ = other.memory.recall("key", CACHING, time.monotonic())
    assert entry is not None


def test_what_somebody_else_wrote_to_the_server_does_no_harm(
    two: tuple[Process, Process], server: Server
) -> None:
    one, other = two
    one.ask(Popular(), version="20260101000000")
    server.client().hset("irclient:{test}:newest", mapping={"#": "7", "nonsense": "more", "": "|"})
    assert other.recall(Popular()).finding is Finding.FRESH


def test_a_users_store_that_fails_does_not_keep_news_from_other_clients(
    two: tuple[Process, Process],
) -> None:
    one, other = two

    class Failing(MemoryStore):
        def discard(self, which: object) -> int:
            raise OSError("no such disk")

    failing = Memory(Failing(max_entries=10), max_entries=10)
    other.shared.join(failing, is_own=False)
    entry = one.ask(Popular())
    other.recall(Popular())
    other.memory.adopt("key", entry, since=other.memory.generation)
    one.shared.clear()
    until(lambda: len(other.memory) == 0)
    assert failing.generation > 0


def test_a_server_that_is_away_has_nothing_and_nobody_waits_for_it(server: Server) -> None:
    one = Process(server, patience=0.1)
    one.ask(Popular())
    server.kill()
    recalled(one, Popular())
    began_at = time.monotonic()
    for _ in range(100):
        assert recalled(one, Popular()) is None
    assert time.monotonic() - began_at < 0.1
    server.start()
    until(lambda: recalled(one, Popular()) is Finding.NONE)
    one.close()


def test_a_server_that_was_emptied_is_a_miss(two: tuple[Process, Process], server: Server) -> None:
    one, other = two
    one.ask(Popular())
    one.shared.forget_item("9")
    one.settle()
    assert other.recall(Popular(count=3), Wish(CACHING)).finding is Finding.NONE
    server.client().flushall()
    other.ask(Popular())
    assert one.recall(Popular()).finding is Finding.FRESH


def test_a_fleet_counts_what_its_memory_was_good_for(server: Server) -> None:
    service = ScriptedService()
    with (
        RedisFleet(server.url, name="test", workers=2) as one,
        RedisFleet(server.url, name="test", workers=2) as other,
    ):
        for fleet in (one, other):
            client = IRClient(
                example_pair(), credential=StaticToken("t"), transport=service, fleet=fleet
            )
            client.popular()
            until(lambda fleet=fleet: fleet.stats().memory_kept or fleet.stats().memory_hits)
        told = one.stats(), other.stats()
    assert [(each.memory_misses, each.memory_kept, each.memory_hits) for each in told] == [
        (1, 1, 0),
        (0, 0, 1),
    ]
