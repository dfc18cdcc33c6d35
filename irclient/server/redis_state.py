"""TPS and sessions of several machines, counted in one Redis or Valkey.

Each request of an endpoint is one short script there, on the server's clock. While Redis does not
answer, each machine counts for itself, as if it were the only one: better too many requests than
none. That is told in the log, and tried again every second.
"""

from __future__ import annotations

import hashlib
import logging
import time
from typing import TYPE_CHECKING, Any, Final, cast

from irclient.contract.choices import SESSION_VIEWS
from irclient.contract.rates import rules_of
from irclient.server.sessions import LONGEST_ID
from irclient.server.window import SECOND

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from irclient.server.configuration import Limits
    from irclient.server.endpoint_service import Capacity, Sessions
    from irclient.server.served import ServedEndpoint

__all__ = ["RedisCapacity", "RedisServer", "RedisSessions"]

_log: Final = logging.getLogger(__name__)
_ALONE_FOR: Final = 1.0

#: KEYS[1] holds the instants of the latest requests, newest first, in microseconds. ARGV[1] is how
#: many are kept; then come pairs of the most requests and the microseconds within which.
_TAKE: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local wait = 0
local longest = 0
for at = 2, #ARGV, 2 do
  local oldest = redis.call('LINDEX', KEYS[1], tonumber(ARGV[at]) - 1)
  local within = tonumber(ARGV[at + 1])
  longest = math.max(longest, within)
  if oldest then wait = math.max(wait, tonumber(oldest) + within - now) end
end
if wait > 0 then return math.ceil(wait) end
redis.call('LPUSH', KEYS[1], string.format('%.0f', now))
redis.call('LTRIM', KEYS[1], 0, tonumber(ARGV[1]) - 1)
redis.call('PEXPIRE', KEYS[1], math.ceil(longest / 1000) + 1000)
return 0
"""
#: KEYS[1] holds a session's items, most recent first. ARGV: the item, how many are kept, and the
#: milliseconds that the session lives.
_RECORD: Final = """
redis.call('LREM', KEYS[1], 0, ARGV[1])
redis.call('LPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], 0, tonumber(ARGV[2]) - 1)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
"""


class RedisServer:
    """The connections of this worker, and whether they are worth trying.

    Args:
        url: Where it is; may hold a password, and is never shown.
        name: What all keys begin with.
        timeout: Seconds for an answer.
        clock: An instant in seconds; monotonic.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str,
        timeout: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        from redis.asyncio import Redis  # noqa: PLC0415  (an extra)
        from redis.asyncio.retry import Retry  # noqa: PLC0415
        from redis.backoff import NoBackoff  # noqa: PLC0415
        from redis.exceptions import RedisError  # noqa: PLC0415

        #: What its failures are.
        self.problems: tuple[type[Exception], ...] = (RedisError, OSError)
        self._client: Any = cast("Any", Redis).from_url(
            url,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
        )
        self._name = name
        self._clock = clock
        self._alone_until = 0.0
        self._is_alone = False

    def key(self, *parts: str) -> str:
        """The name of a key; the braces keep what belongs together on one node of a cluster."""
        return f"{self._name}:{{{':'.join(parts)}}}"

    def script(self, text: str) -> Any:  # noqa: ANN401  (redis-py's)
        """A script that is sent by its hash."""
        return self._client.register_script(text)

    @property
    def client(self) -> Any:  # noqa: ANN401  (redis-py's)
        """The client of redis-py."""
        return self._client

    @property
    def is_worth_trying(self) -> bool:
        """Whether it did not fail a moment ago."""
        return self._clock() >= self._alone_until

    def failed(self, problem: Exception) -> None:
        """Note that it did not answer."""
        self._alone_until = self._clock() + _ALONE_FOR
        if not self._is_alone:
            kind = type(problem).__name__
            _log.error("Redis does not answer (%s): this machine counts for itself", kind)
        self._is_alone = True

    def answered(self) -> None:
        """Note that it answered."""
        if self._is_alone:
            _log.warning("Redis answers again: all machines are counted together")
        self._is_alone = False

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()


class RedisCapacity:
    """Counts requests over all machines.

    Args:
        server: The server.
        alone: What counts while it does not answer.
    """

    def __init__(self, server: RedisServer, alone: Capacity) -> None:
        self._server = server
        self._alone = alone
        self._script = server.script(_TAKE)
        self._arguments: dict[int, Sequence[int]] = {}

    async def take(self, endpoint: ServedEndpoint) -> float:
        """Take one request; 0, or the seconds until one will fit."""
        if not self._server.is_worth_trying:
            return await self._alone.take(endpoint)
        key = self._server.key(endpoint.account.name, endpoint.endpoint.name, "tps")
        try:
            wait = int(await self._script(keys=[key], args=self._arguments_of(endpoint)))
        except self._server.problems as problem:
            self._server.failed(problem)
            return await self._alone.take(endpoint)
        self._server.answered()
        return wait / 1e6

    def _arguments_of(self, endpoint: ServedEndpoint) -> Sequence[int]:
        found = self._arguments.get(endpoint.place)
        if found is None:
            rules = rules_of(endpoint.endpoint.tps, second=SECOND)
            pairs = [each for rule in rules for each in (rule.most, round(rule.within * 1e6))]
            found = self._arguments[endpoint.place] = [max(rule.most for rule in rules), *pairs]
        return found


class RedisSessions:
    """Remembers views over all machines.

    Args:
        server: The server.
        alone: What remembers while it does not answer.
        limits: How long sessions live.
    """

    def __init__(self, server: RedisServer, alone: Sessions, limits: Limits) -> None:
        self._server = server
        self._alone = alone
        self._script = server.script(_RECORD)
        self._milliseconds = round(limits.session_for * 1_000)

    async def record(self, account: str, session_id: str, item_id: str) -> None:
        """Note that an item was seen."""
        if not self._server.is_worth_trying:
            await self._alone.record(account, session_id, item_id)
            return
        item = item_id.encode("utf-8", "surrogatepass")
        if not 0 < len(item) <= LONGEST_ID:
            return
        try:
            await self._script(
                keys=[self._key(account, session_id)],
                args=[item, SESSION_VIEWS, self._milliseconds],
            )
        except self._server.problems as problem:
            self._server.failed(problem)
            await self._alone.record(account, session_id, item_id)
        else:
            self._server.answered()

    async def views(self, account: str, session_id: str) -> tuple[str, ...]:
        """The items that were seen, most recent first."""
        if not self._server.is_worth_trying:
            return await self._alone.views(account, session_id)
        try:
            found = await self._server.client.lrange(
                self._key(account, session_id), 0, SESSION_VIEWS - 1
            )
        except self._server.problems as problem:
            self._server.failed(problem)
            return await self._alone.views(account, session_id)
        self._server.answered()
        return tuple(str(each, "utf-8", "surrogatepass") for each in found)

    def _key(self, account: str, session_id: str) -> str:
        # The id itself may be a person's; all machines must come to the same name.
        text = session_id.encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(text, digest_size=16, person=b"irclient-session").hexdigest()
        return self._server.key(account, "session", digest)
