"""The link of a process to its fleet's server: one thread that owns one connection.

Threads, tasks of asyncio and of trio wait for it alike, on flights, and none of them can leave the
connection in the middle of an answer, which the next would take for its own. Whatever goes wrong
drops the connection.

| what asks                             | how                                                      |
|---------------------------------------|----------------------------------------------------------|
| a call that wants one answer          | `send`s a request; it is told the reply, or that it is   |
|                                       | lost, on the link's thread                               |
| an allowance, which gathers wishes    | is a `Source`: it is asked for its next request whenever |
| and must be heard now and then        | it has `wake`d the link, and when its time has come      |
"""

from __future__ import annotations

import atexit
import queue
import secrets
import threading
import time
import weakref
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from irclient._runtime.forks import fork_count, fork_safe_lock
from irclient._runtime.threads import DaemonThreads
from irclient.fleet.clock import ServerClock
from irclient.fleet.connecting import usable
from irclient.fleet.obstacles import is_of_one_script, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from irclient.fleet.entra import EntraLogin
    from irclient.fleet.scripts import Script

__all__ = ["Counts", "Link", "Reply", "Request", "Source"]

_LONGEST_SLEEP: Final = 0.5
#: Seconds for which a server that could not be reached is not tried: what is sent then is lost.
_CONNECT_AGAIN_AFTER: Final = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Reply:
    """What a script returned.

    Attributes:
        values: What came after the server's time: bytes or ints; text may be either.
        sent_at: When the request was sent, on the process's clock.
        now: When the reply was there.
        ahead: Seconds by which the server's clock is ahead of the process's.
    """

    values: list[Any]
    sent_at: float
    now: float
    ahead: float

    def here(self, microseconds: int) -> float:
        """An instant of the server's clock, on the process's."""
        return microseconds / 1e6 - self.ahead

    def text(self, at: int) -> str:
        """One value as text."""
        raw = self.values[at]
        return raw.decode() if isinstance(raw, bytes) else str(raw)


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """One run of a script.

    Attributes:
        script: Which.
        keys: Its keys, made by `Link.key`.
        arguments: What follows the instant until which it is waited for.
        answered: Told the reply, on the link's thread.
        lost: Told why there is none, on the link's thread; the script may have run or not.
        wanted_until: The instant from which it is not sent any more; it is lost then.
    """

    script: Script
    keys: Sequence[str]
    arguments: Sequence[str | int | bytes]
    answered: Callable[[Reply], None]
    lost: Callable[[str, float], None]
    wanted_until: float = float("inf")


class Source(Protocol):
    """Has requests of its own, by and by."""

    def next_request(self, link: Link, now: float) -> Request | None:
        """The request to send now, if there is one; it is answered or lost before the next."""
        ...

    def next_at(self, now: float) -> float:
        """When it has its next request, should nothing happen before."""
        ...

    def farewell(self, link: Link) -> Request | None:
        """What to send when the process ends."""
        ...


@dataclass(slots=True)
class Counts:
    """What the link has done since the process began."""

    messages: int = 0
    lost: int = 0
    late: int = 0
    alone_for: float = 0.0
    lost_at: float | None = None


class Link:
    """Sends requests one after the other, and brings the answers.

    Args:
        connect: Makes a client of redis-py; called on the link's thread.
        name: The fleet's.
        patience: Seconds that an answer is waited for.
        login: What keeps a connection logged in whose password changes.
    """

    def __init__(
        self,
        connect: Callable[[], Any],
        *,
        name: str,
        patience: float,
        login: EntraLogin | None = None,
    ) -> None:
        self._connect, self.name, self.patience = connect, name, patience
        self._login = login
        self._sources: list[Source] = []
        #: Called once the link is closed.
        self.when_closed: Callable[[], None] = _nothing
        self._is_closed = False
        self._threads = DaemonThreads(1, "irclient fleet")
        self._lock = fork_safe_lock()
        self._begin()
        _links.add(self)

    def _begin(self) -> None:
        self._forks = fork_count()
        # Not an Event: a signal handler may wake the link while the thread it interrupted does.
        self._inbox: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._is_running = self._is_awake = False
        self._client: Any = None
        self._connect_at = float("-inf")
        #: Why the connection was dropped: what is lost until the next is lost for that reason.
        self._trouble = ""
        self.clock = ServerClock()
        #: This process, for the server.
        self.member = secrets.token_hex(6)
        #: False from the first loss on until an answer comes.
        self.is_present = True
        self.counts = Counts()
        self._ended = threading.Event()

    def key(self, *parts: str) -> str:
        """The name of a key: in braces stands what keeps a fleet's keys together in a cluster."""
        return ":".join((f"irclient:{{{self.name}}}", *parts))

    def add(self, source: Source) -> None:
        """Serve a source."""
        self._sources.append(source)

    def send(self, request: Request) -> bool:
        """Have a request sent soon; False, and nothing done, if the link is closed. Never waits."""
        if self._is_closed or not self._start():
            return False
        self._inbox.put(request)
        return True

    def wake(self) -> None:
        """Have the sources looked at soon; never waits."""
        if not self._is_closed and self._start() and not self._is_awake:
            self._is_awake = True
            self._inbox.put(None)

    def _start(self) -> bool:
        if self._is_running and self._forks == fork_count():
            return True
        with self._lock:
            if self._forks != fork_count():
                # The thread and the connection are the parent's.
                self._begin()
            if not self._is_running:
                # By a weak reference: a fleet that was let go ends its thread.
                serving = _Serving(weakref.ref(self), self._inbox)
                self._is_running = self._threads.try_start(serving)
            return self._is_running

    def stopped(self) -> None:
        """Learn that the thread has ended."""
        self._is_running = False

    def serve(self, request: Request | None) -> float:
        """Send what is to be sent, and return for how long there is nothing to do."""
        if request is not None:
            self._exchange(request)
        else:
            self._is_awake = False
        wait = _LONGEST_SLEEP
        for source in list(self._sources):
            following = source.next_request(self, time.monotonic())
            if following is not None:
                self._exchange(following)
            now = time.monotonic()
            wait = min(wait, source.next_at(now) - now)
        return max(wait, 0.0)

    def _exchange(self, request: Request) -> None:
        now = time.monotonic()
        if self._client is None and now < self._connect_at:
            request.lost(self._trouble, now)
            return
        self.counts.messages += 1
        try:
            reply = self._reply_to(request)
            self.is_present = True
            self.counts.alone_for, self.counts.lost_at = self.alone_for(reply.now), None
            request.answered(reply)
        except _GivenUpError:
            self.counts.messages -= 1
            request.lost("it was given up before it was sent", time.monotonic())
        except Exception as problem:  # noqa: BLE001  (whatever it was: it is not to be trusted)
            self.counts.lost += 1
            reason = _reason(problem)
            if self.clock.ahead is None or not is_of_one_script(problem):
                self._lose(problem, reason)
            request.lost(reason, time.monotonic())

    def _lose(self, problem: Exception, reason: str) -> None:
        self._drop()
        if self._login is not None:
            self._login.refused(problem)
        self.is_present, self._trouble = False, reason
        now = time.monotonic()
        self._connect_at = now + _CONNECT_AGAIN_AFTER
        if self.counts.lost_at is None:
            self.counts.lost_at = now

    def alone_for(self, now: float) -> float:
        """Seconds in which the server could not be reached."""
        counts = self.counts
        return counts.alone_for + (0.0 if counts.lost_at is None else now - counts.lost_at)

    def _reply_to(self, request: Request) -> Reply:
        client = self._connected()
        if self._login is not None:
            self._login.keep(client)
        if self.clock.ahead is None:
            # A script that is too late does nothing but tell the time; without that, the server
            # would carry out what comes first on a connection however late it is.
            sent_at = time.monotonic()
            [server_time, *_] = _evaluate(client, request.script, request.keys, [1])
            self.clock.hear(sent_at, time.monotonic(), int(server_time) / 1e6)
        sent_at = time.monotonic()
        # Here, since connecting takes a while: what the request says may no longer be so.
        if sent_at >= request.wanted_until:
            raise _GivenUpError
        until = int((sent_at + self.patience + (self.clock.ahead or 0.0)) * 1e6)
        values = _evaluate(client, request.script, request.keys, [until, *request.arguments])
        now = time.monotonic()
        self.clock.hear(sent_at, now, int(values[0]) / 1e6)
        if values[1:] in ([b"late"], ["late"]):
            self.counts.late += 1
            raise _LateError
        return Reply(values[1:], sent_at, now, self.clock.ahead or 0.0)

    def _connected(self) -> Any:  # noqa: ANN401  (an extra's class)
        if self._client is None:
            client = self._connect()
            usable(client)
            self._client = client
            self.clock.forget()
        return self._client

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(Exception):
                client.close()

    def close(self) -> None:
        """Leave the fleet, and end the thread; waits no longer than an answer may take."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._forks == fork_count() and self._is_running:
            self._inbox.put(None)
            self._ended.wait(2 * self.patience)
        self.when_closed()

    @property
    def is_closed(self) -> bool:
        """Whether there is nothing to serve any more."""
        return self._is_closed

    def leave(self) -> None:
        """Say goodbye to the server, on the thread."""
        try:
            for source in self._sources:
                farewell = source.farewell(self)
                if farewell is not None and self._client is not None:
                    self._exchange(farewell)
        finally:
            with suppress(queue.Empty):
                while True:
                    waiting = self._inbox.get_nowait()
                    if waiting is not None:
                        waiting.lost("the fleet was closed", time.monotonic())
            self._drop()
            self._ended.set()


class _GivenUpError(Exception):
    """A request was not sent in time."""


class _LateError(Exception):
    """The server carried out a request that was given up already: it had been away."""


class _Serving:
    """The thread's work: it must not keep the link alive."""

    def __init__(self, link: weakref.ref[Link], inbox: queue.SimpleQueue[Request | None]) -> None:
        self._link = link
        self._inbox = inbox

    def __call__(self) -> None:
        try:
            self._serve()
        finally:
            link = self._link()
            if link is not None:
                link.stopped()

    def _serve(self) -> None:
        wait = 0.0
        while True:
            request = None
            with suppress(queue.Empty):
                request = self._inbox.get(timeout=wait) if wait > 0 else self._inbox.get_nowait()
            link = self._link()
            if link is None:
                return
            if link.is_closed:
                if request is not None:
                    request.lost("the fleet was closed", time.monotonic())
                link.leave()
                return
            wait = link.serve(request)
            del link, request


def _evaluate(
    client: Any,  # noqa: ANN401  (an extra's class)
    script: Script,
    keys: Sequence[str],
    arguments: Sequence[str | int | bytes],
) -> list[Any]:
    from redis.exceptions import NoScriptError  # noqa: PLC0415  (an extra)

    values: list[Any]
    try:
        values = client.evalsha(script.digest, len(keys), *keys, *arguments)
    except NoScriptError:
        values = client.eval(script.text, len(keys), *keys, *arguments)
    return values


def _reason(problem: Exception) -> str:
    if isinstance(problem, _LateError):
        return "the server stood still"
    return words_of(problem)


def _nothing() -> None:
    """Nobody waits for the end."""


_links: weakref.WeakSet[Link] = weakref.WeakSet()


def _at_exit() -> None:
    for link in list(_links):
        link.close()


atexit.register(_at_exit)
