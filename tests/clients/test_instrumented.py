"""An instrument is told of what begins, in both drivers, and can harm no call."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, cast

import anyio
import pytest

from benchmarks.measuring import calls_made
from irclient import IRClient, Pair, StaticToken, errors
from irclient._clients.assembly import begin_call
from irclient._clients.base import ClientBase
from irclient.deadlines import deadline_at
from irclient.instrument import NotTold
from irclient.observe import AttemptEnded, CallEnded, Hedged, MemoryUsed, TokenRenewed
from irclient.queries import Similar
from irclient.settings import Caching, Hedging
from irclient.testing import ScriptedService, example_pair, quick_settings
from tests import weather as bad
from tests.weather import weather
from tests.worlds import in_each_world, options, quick_failover

if TYPE_CHECKING:
    from irclient.instrument import CallUnderWay, Instrument, RequestUnderWay


@dataclass
class Notes:
    """An instrument that remembers what it is told, in order."""

    headers: Any = (("x-trace", "1"),)
    all: list[tuple[Any, ...]] = field(default_factory=list)

    def __call__(self, record: Any) -> None:
        self.all.append(("observed", type(record)))

    def begin_call(self, operation, purpose, origin):
        self.all.append(("begin", operation, purpose, origin))
        return Noted(self, purpose)

    def of(self, word: str) -> list[tuple[Any, ...]]:
        return [each[1:] for each in self.all if each[0] == word]


@dataclass
class Noted:
    notes: Notes
    purpose: str
    attempts: Literal["all", "failed"] = "all"

    def begin_request(self, endpoint, method, target, is_hedge):
        self.notes.all.append(("request", endpoint.account, method, target, is_hedge))
        return NotedRequest(self.notes, endpoint.account)

    def note(self, record):
        self.notes.all.append(("note", type(record)))

    def answered(self, served, call_id):
        assert call_id
        self.notes.all.append(("answered", served.source, served.attempts))

    def as_origin(self):
        return f"from a {self.purpose}"

    def end(self, error):
        self.notes.all.append(("end", self.purpose, error))


@dataclass
class NotedRequest:
    notes: Notes
    account: str

    @property
    def headers(self):
        return self.notes.headers

    def end(self, status, trouble, ago):
        assert ago >= 0
        self.notes.all.append(("response", self.account, status, trouble))


class Broken:
    """An instrument that fails in one of its methods, and is well else."""

    def __init__(self, method: str) -> None:
        self.method = method
        self.headers = [("x\r\n", "1")] if method == "headers" else []
        self.attempts = "all"

    def __repr__(self) -> str:
        return f"Broken({self.method})"

    def _or_fail(self, method: str) -> Broken:
        if method == self.method:
            raise RuntimeError("as it is")
        return self

    def __call__(self, record):
        pass

    def begin_call(self, *_):
        return self._or_fail("begin_call")

    def begin_request(self, *_):
        return self._or_fail("begin_request")

    def note(self, _):
        self._or_fail("note")

    def as_origin(self):
        return self._or_fail("as_origin")

    def end(self, *arguments):
        self._or_fail("end" if len(arguments) == 1 else "end of a request")


def test_the_instruments_here_are_what_the_protocols_say() -> None:
    instrument: Instrument = Notes()
    call: CallUnderWay = Noted(Notes(), "call")
    request: RequestUnderWay = NotedRequest(Notes(), "a")
    assert all((instrument, call, request))


@pytest.fixture(scope="module")
def good():
    with weather() as server:
        yield server


@in_each_world
def test_a_plain_call_is_told_from_its_begin_to_its_end(world) -> None:
    with weather() as server:
        notes = Notes()

        async def story() -> None:
            async with world.client(server.endpoint("a"), observers=[notes]) as ir:
                await world.ask(ir.similar("64702"))

        world.play(story)
        assert notes.all == [
            ("begin", "similar", "call", None),
            ("request", "a", "GET", "/reco/v1.0/similar/64702", False),
            ("response", "a", 200, None),
            ("note", AttemptEnded),
            ("observed", AttemptEnded),
            ("note", CallEnded),
            ("observed", CallEnded),
            ("end", "call", None),
        ]
        assert server.seen[0].headers["x-trace"] == "1"


@in_each_world
def test_each_request_of_a_failover_is_told_of(world, good) -> None:
    notes = Notes()
    with weather(bad.reset) as broken:

        async def story() -> None:
            pair = Pair(broken.endpoint("a"), good.endpoint("b"))
            async with world.client(pair, observers=[notes]) as ir:
                await world.ask(ir.similar("64702"))

        world.play(story)
    assert notes.of("response") == [("a", None, "broken"), ("b", 200, None)]
    assert notes.of("end") == [("call", None)]


@in_each_world
def test_a_hedge_and_what_it_overtakes_are_told_of(world, good) -> None:
    notes = Notes()
    with weather(bad.after(3.0)) as slow:

        async def story() -> None:
            pair = Pair(slow.endpoint("a"), good.endpoint("b"))
            settings = options(hedging=Hedging(enabled=True, after=0.05, budget=1.0))
            async with world.client(pair, observers=[notes], settings=settings) as ir:
                answer = await world.ask(ir.similar("64702"))
                assert answer.served.endpoint == "b/web"

        world.play(story)
    assert [(each[0], each[-1]) for each in notes.of("request")] == [("a", False), ("b", True)]
    assert sorted(notes.of("response"), key=str) == [
        ("a", None, "overtaken"),
        ("b", 200, None),
    ]
    assert (Hedged,) in notes.of("note")
    assert good.seen[-1].headers["x-trace"] == "1"


@in_each_world
def test_a_refresh_in_the_background_has_its_origin(world, good) -> None:
    notes = Notes()

    async def story() -> None:
        caching = Caching(fresh_for=0.05, stale_while_refresh_for=60)
        settings = options(caching=caching)
        async with world.client(good.endpoint("a"), observers=[notes], settings=settings) as ir:
            await world.ask(ir.similar("64702"))
            await world.pause(0.1)
            answer = await world.ask(ir.similar("64702"))
            assert answer.served.source == "stale"
            for _ in range(100):
                if ("refresh", None) in notes.of("end"):
                    break
                await world.pause(0.02)

    world.play(story)
    assert notes.of("begin") == [
        ("similar", "call", None),
        ("similar", "call", None),
        ("similar", "refresh", "from a call"),
    ]
    assert ("refresh", None) in notes.of("end")
    assert (MemoryUsed,) in notes.of("note")


@in_each_world
def test_a_probe_in_the_background_has_its_origin(world, good) -> None:
    notes = Notes()
    with weather(bad.reset) as broken:

        async def story() -> None:
            pair = Pair(broken.endpoint("a"), good.endpoint("b"))
            settings = options(failover=quick_failover())
            async with world.client(pair, observers=[notes], settings=settings) as ir:
                for _ in range(100):
                    await world.ask(ir.similar("64702"))
                    if ("probe", None) in notes.of("end"):
                        break
                    await world.pause(0.02)

        world.play(story)
    assert ("popular", "probe", "from a call") in [
        (operation, purpose, origin)
        for operation, purpose, origin in (
            ("popular", each[1], each[2]) for each in notes.of("begin")
        )
    ]
    assert ("probe", None) in notes.of("end")


class Vault:
    """A credential that has to be asked."""

    def get_token(self, *scopes, **_):
        from azure.core.credentials import AccessToken  # noqa: PLC0415  (only here)

        return AccessToken("token-of-the-vault", 4_000_000_000)


@in_each_world
def test_the_renewal_of_the_token_has_its_origin(world, good) -> None:
    notes = Notes()

    async def story() -> None:
        async with world.client(good.endpoint("a"), observers=[notes], credential=Vault()) as ir:
            await world.ask(ir.similar("64702"))

    world.play(story)
    assert ("token", "renewal", "from a call") in notes.of("begin")
    assert ("renewal", None) in notes.of("end")
    assert (TokenRenewed,) in notes.of("note")
    assert (TokenRenewed,) in notes.of("observed")


@in_each_world
def test_a_call_that_fails_ends_with_its_error(world) -> None:
    notes = Notes()
    with weather(bad.reset) as broken:

        async def story() -> None:
            async with world.client(broken.endpoint("a"), observers=[notes]) as ir:
                await world.error(ir.similar, "64702")

        world.play(story)
    ((_, error),) = notes.of("end")
    assert isinstance(error, errors.Unavailable)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_call_that_is_cancelled_ends_and_so_does_its_request(backend) -> None:
    from tests.worlds import World  # noqa: PLC0415  (one of its three)

    world, notes = World(backend), Notes()
    with weather(bad.hang) as silent:

        async def story() -> None:
            async with world.client(silent.endpoint("a"), observers=[notes]) as ir:
                with anyio.move_on_after(0.1):
                    await ir.similar("64702")

        world.play(story)
    assert notes.of("response") == [("a", None, "cancelled")]
    ((_, error),) = notes.of("end")
    assert error is not None
    assert not isinstance(error, Exception)


@in_each_world
@pytest.mark.parametrize(
    "method",
    ["begin_call", "begin_request", "headers", "note", "as_origin", "end", "end of a request"],
)
def test_an_instrument_that_fails_is_logged_and_changes_nothing(
    world, method, good, caplog
) -> None:
    async def story() -> None:
        async with world.client(
            good.endpoint("a"), observers=[Broken(method)], credential=Vault()
        ) as ir:
            answer = await world.ask(ir.similar("64702"))
            assert answer.ids == ["64702"]

    world.play(story)
    assert f"instrument Broken({method}) failed" in caplog.text
    assert "Traceback" in caplog.text
    assert {each.levelno for each in caplog.records if each.name == "irclient"} >= {logging.ERROR}


@in_each_world
def test_two_instruments_hear_the_same_and_both_send_headers(world) -> None:
    first, second = Notes((("x-first", "1"),)), Notes((("x-second", "2"),))
    with weather() as server:

        async def story() -> None:
            async with world.client(server.endpoint("a"), observers=[first, second]) as ir:
                await world.ask(ir.similar("64702"))

        world.play(story)
        sent = server.seen[0].headers
    assert (sent["x-first"], sent["x-second"]) == ("1", "2")
    assert first.all == second.all


@pytest.mark.parametrize("name", ["Authorization", "host", "Accept-Encoding", "a b", ""])
def test_an_instrument_may_not_write_the_clients_own_headers(name, good, caplog) -> None:
    notes = Notes(((name, "evil"),))
    with IRClient(
        good.endpoint("a"), credential=StaticToken("t"), observers=[notes], settings=options()
    ) as ir:
        ir.similar("64702")
    assert "evil" not in str(good.seen[-1])
    assert "cannot be sent" in caplog.text


def test_a_call_without_an_instrument_makes_no_more_calls_of_functions(monkeypatch) -> None:
    pair = example_pair(tps=10_000)
    service = ScriptedService(pair)

    def without_the_hook(self, query, endpoints=None, *, usually="interactive"):
        begin = begin_call(
            query,
            self._state,
            self._settings,
            endpoints=endpoints,
            fallback=self._fallback,
            priority=self._priority or usually,
            ends_by=deadline_at(),
        )
        return cast("Any", begin)

    with IRClient(
        pair, credential=StaticToken("t"), transport=service, settings=quick_settings()
    ) as ir:
        ir.similar("0")
        now = min(calls_made(partial(ir.fetch, Similar(f"a{n}"))) for n in range(5))
        monkeypatch.setattr(ClientBase, "_begin", without_the_hook)
        then = min(calls_made(partial(ir.fetch, Similar(f"b{n}"))) for n in range(5))
    assert now == then


@dataclass
class Indifferent(Notes):
    """An instrument that wants to be told of no call."""

    def begin_call(self, operation, purpose, origin):
        self.all.append(("begin", operation, purpose, origin))
        return NotTold(self.headers)


@in_each_world
def test_of_a_call_that_its_only_instrument_is_not_told_of_there_are_no_records(world) -> None:
    with weather() as server:
        notes = Indifferent()

        async def story() -> None:
            async with world.client(server.endpoint("a"), observers=[notes]) as ir:
                await world.ask(ir.similar("64702"))

        world.play(story)
        assert notes.all == [("begin", "similar", "call", None)]
        assert server.seen[0].headers["x-trace"] == "1"


@in_each_world
def test_another_observer_is_told_all_the_same(world) -> None:
    with weather() as server:
        notes, others = Indifferent(), []

        async def story() -> None:
            observers = [notes, others.append]
            async with world.client(server.endpoint("a"), observers=observers) as ir:
                await world.ask(ir.similar("64702"))

        world.play(story)
        assert [type(each) for each in others] == [AttemptEnded, CallEnded]
        assert notes.of("observed") == [(AttemptEnded,), (CallEnded,)]
        assert server.seen[0].headers["x-trace"] == "1"


@pytest.mark.parametrize("headers", [(("authorization", "Bearer x"),), (("x\r\n", "1"),)])
def test_a_call_goes_on_without_headers_that_may_not_be_sent(headers, caplog) -> None:
    with weather() as server:
        notes = Indifferent(headers=headers)
        with IRClient(
            server.endpoint("a"),
            credential=StaticToken("t"),
            settings=options(),
            observers=[notes],
        ) as ir:
            assert ir.similar("1").ids
    assert "Indifferent" in caplog.text
    assert server.seen[0].headers["authorization"] == "Bearer t"


@dataclass
class OfFailures(Notes):
    """An instrument that needs no record of an attempt that went well."""

    def begin_call(self, operation, purpose, origin):
        return Noted(self, purpose, attempts="failed")


@in_each_world
def test_an_instrument_may_do_without_records_of_attempts_that_went_well(world) -> None:
    with weather(bad.reset) as broken, weather() as server:
        notes, pair = OfFailures(), Pair(broken.endpoint("a"), server.endpoint("b"))

        async def story() -> None:
            async with world.client(pair, observers=[notes]) as ir:
                await world.ask(ir.similar("64702"))

        world.play(story)
        told = [each for (each,) in notes.of("note")]
        assert told.count(AttemptEnded) == 1
        assert CallEnded not in told
        assert notes.of("answered") == [("service", 2)]
        assert notes.all[-1] == ("end", "call", None)


def test_the_id_that_an_answer_tells_is_drawn_as_all_ids_of_calls_are() -> None:
    told = []

    @dataclass
    class OfIds(Noted):
        def answered(self, served, call_id):
            told.append(call_id)

    class Ids(OfFailures):
        def begin_call(self, operation, purpose, origin):
            return OfIds(self, purpose, attempts="failed")

    with (
        ScriptedService() as service,
        IRClient(
            example_pair(), credential=StaticToken("t"), transport=service, observers=[Ids()]
        ) as ir,
    ):
        ir._state.uniform = lambda: 0.5
        ir.popular()

    assert told == ["8000000000000"]


@in_each_world
def test_how_a_call_ended_is_noted_where_its_answer_does_not_tell_all(world, good) -> None:
    notes = OfFailures()
    caching = Caching(fresh_for=0.05, stale_while_refresh_for=60)

    async def story() -> None:
        settings = options(caching=caching)
        async with world.client(good.endpoint("a"), observers=[notes], settings=settings) as ir:
            await world.ask(ir.similar("64702"))
            assert (CallEnded,) not in notes.of("note")
            await world.pause(0.1)
            assert (await world.ask(ir.similar("64702"))).served.source == "stale"

    world.play(story)
    assert (CallEnded,) in notes.of("note")
    assert notes.of("answered")[0] == ("service", 1)
