"""The crowd: threads and tasks that ask at the same time, and a tally of what came."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel

from irclient.errors import IRError, QueryError
from irclient.results import RecommendationList
from irclient.settings import Caching, Hedging
from tests.chaos.questions import questions

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient import AsyncIRClient, IRClient
    from irclient.topology import ServiceEndpoint
    from tests.chaos.oracle import Oracle
    from tests.chaos.questions import Question

__all__ = ["Crowd", "Tally"]

#: One task in so many gives up on its call after a moment.
_GIVES_UP_EVERY = 25
_MOST_KEPT = 20


@dataclass(eq=False)
class Tally:
    """What came of all calls.

    Attributes:
        calls: How many ended.
        given_up: How many were cancelled.
        sources: Answers by where they came from.
        errors: Errors by kind, refusals that had to come left out.
        wrong: The first answers that were not what they should be.
        failed: The first errors, in words.
        longest: Seconds of the longest call.
        most_attempts: The most requests that an answer took.
        variants: By user, the variants that answered.
    """

    calls: int = 0
    given_up: int = 0
    sources: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    longest: float = 0.0
    most_attempts: int = 0
    variants: dict[str, set[str | None]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(eq=False)
class Crowd:
    """Asks through both clients until it is told to stop.

    Attributes:
        oracle: Knows the right answers.
        accounts: By variant, the accounts that may answer.
        seed: Whatever is drawn comes from it.
        threads: How many threads ask through the blocking client.
        tasks: How many tasks ask through the other.
        backend: The event loop of the tasks.
        loop: The event loop that runs, once they ask.
        ready: Both clients have their first answer, and so a token.
        stopped: Nobody asks any more.
    """

    oracle: Oracle
    accounts: dict[str | None, tuple[ServiceEndpoint, ...]]
    seed: int
    threads: int = 12
    tasks: int = 12
    backend: str = "asyncio"
    tally: Tally = field(default_factory=Tally)
    loop: Any = None
    ready: threading.Event = field(default_factory=threading.Event)
    stopped: threading.Event = field(default_factory=threading.Event)
    broken: list[BaseException] = field(default_factory=list)
    _running: list[threading.Thread] = field(default_factory=list)

    def start(self, client: IRClient, make_async_client: Callable[[], AsyncIRClient]) -> None:
        """Let everybody ask, once each client has been answered."""
        client.with_options(deadline=15).popular(count=1)
        works = [lambda n=n: self._ask_on_a_thread(client, n) for n in range(self.threads)]
        works.append(lambda: anyio.run(self._ask_on_tasks, make_async_client, backend=self.backend))
        for work in works:
            thread = threading.Thread(target=self._guarded, args=(work,), name="crowd")
            thread.start()
            self._running.append(thread)
        while not (self.ready.wait(0.05) or self.stopped.is_set()):
            pass

    def stop(self, *, within: float) -> None:
        """Let every call end; raises whatever was neither an answer nor an `IRError`."""
        self.stopped.set()
        for thread in self._running:
            thread.join(within)
        assert not any(thread.is_alive() for thread in self._running), "a call does not end"
        if self.broken:
            raise self.broken[0]

    def _guarded(self, work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as problem:  # noqa: BLE001  (raised again by `stop`)
            self.broken.append(problem)
            self.stopped.set()

    def _ask_on_a_thread(self, client: IRClient, number: int) -> None:
        random = Random(f"{self.seed}-thread-{number}")
        copies = _copies(client)
        while not self.stopped.is_set():
            for question in questions(random, self.oracle):
                ir = random.choice(copies)
                began_at = time.monotonic()
                try:
                    outcome: object = ir.fetch(question.query)
                except IRError as error:
                    outcome = error
                self._note(question, outcome, time.monotonic() - began_at)

    async def _ask_on_tasks(self, make: Callable[[], AsyncIRClient]) -> None:
        async with make() as client, anyio.create_task_group() as group:
            await client.with_options(deadline=15).popular(count=1)
            self.loop = anyio.lowlevel.current_token().native_token
            self.ready.set()
            for number in range(self.tasks):
                group.start_soon(self._ask_on_a_task, client, number)

    async def _ask_on_a_task(self, client: AsyncIRClient, number: int) -> None:
        random = Random(f"{self.seed}-task-{number}")
        copies = _copies(client)
        while not self.stopped.is_set():
            for question in questions(random, self.oracle):
                ir = random.choice(copies)
                patience = random.uniform(0, 0.02) if not random.randrange(_GIVES_UP_EVERY) else 600
                began_at = time.monotonic()
                outcome: object = None
                with anyio.move_on_after(patience) as scope:
                    try:
                        outcome = await ir.fetch(question.query)
                    except IRError as error:
                        outcome = error
                if outcome is None and scope.cancelled_caught:
                    self._note_given_up()
                else:
                    self._note(question, outcome, time.monotonic() - began_at)
            await anyio.lowlevel.checkpoint()

    def _note_given_up(self) -> None:
        with self.tally.lock:
            self.tally.given_up += 1

    def _note(self, question: Question, outcome: object, elapsed: float) -> None:
        wrong = self._judge(question, outcome)
        tally = self.tally
        with tally.lock:
            tally.calls += 1
            tally.longest = max(tally.longest, elapsed)
            if wrong is not None and len(tally.wrong) < _MOST_KEPT:
                tally.wrong.append(f"{question.query}: {wrong}")
            if isinstance(outcome, IRError):
                self._note_error(question, outcome)
            else:
                self._note_answer(question, outcome)

    def _note_error(self, question: Question, error: IRError) -> None:
        tally = self.tally
        tally.most_attempts = max(tally.most_attempts, len(error.attempts))
        if question.is_refused and isinstance(error, QueryError):
            return
        tally.errors[type(error).__name__] += 1
        if len(tally.failed) < _MOST_KEPT:
            tally.failed.append(f"{question.query}: {type(error).__name__}: {error}")

    def _note_answer(self, question: Question, answer: Any) -> None:
        tally = self.tally
        tally.sources[answer.served.source] += 1
        tally.most_attempts = max(tally.most_attempts, answer.served.attempts)
        user = getattr(question.query, "user_id", None)
        if user is not None:
            tally.variants.setdefault(user, set()).add(answer.served.variant)

    def _judge(self, question: Question, outcome: object) -> str | None:
        """Why an outcome is wrong, or None."""
        if isinstance(outcome, QueryError) or question.is_refused:
            as_meant = question.is_refused and isinstance(outcome, IRError)
            return None if as_meant else f"refused or not, against what was meant: {outcome!r}"
        if isinstance(outcome, IRError):
            return None
        return self._judge_source(question, outcome) or self.oracle.verdict(
            question.query, outcome, views=question.views
        )

    def _judge_source(self, question: Question, answer: Any) -> str | None:
        served = answer.served
        if served.account not in {each.account for each in self.accounts[served.variant]}:
            return f"variant {served.variant} answered by {served.account}"
        if question.query.has_side_effect and served.source != "service":
            return f"answered from {served.source}, though it has a side effect"
        if isinstance(answer, RecommendationList) and answer.status != "Success":
            return f"a list with the status {answer.status!r}"
        return None


def _copies(client: Any) -> tuple[Any, ...]:
    """Cached and not, hedged and not."""
    hedging = Hedging(enabled=True, after=0.05)
    learning = Hedging(enabled=True)
    bare = client.with_options(caching=Caching(enabled=False))
    return client, bare, client.with_options(hedging=learning), bare.with_options(hedging=hedging)
