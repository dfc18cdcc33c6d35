"""One process of the demo's fleet: it calls until its input ends, and tells how it goes.

``python -m irclient.cli.demo.fleet.worker`` reads its orders as one line of JSON, says that it is
ready, begins with the next line, and writes a line of JSON ten times in a second.
"""

import json
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from irclient.cli.demo.traffic import Traffic
from irclient.client import IRClient
from irclient.fleet import RedisFleet
from irclient.queries import Picks
from irclient.settings import Caching, Settings, Throttling

__all__ = ["Orders", "Report"]

_TELLS_EVERY = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What a process does.

    Attributes:
        redis: Where the fleet meets.
        name: The fleet's.
        workers: How many processes call.
        rate: Calls a second.
        number: Of this process.
        max_wait: Seconds that a call may wait for its turn.
    """

    redis: str
    name: str
    workers: int
    rate: float
    number: int
    max_wait: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How it goes.

    Attributes:
        answered: Calls that ended with a list.
        failed: Calls that ended with an error.
        recent: Those answered in the last second.
        mode: How the process stands to its fleet, as `irclient.health` says.
        members: The processes that it heard of last.
        messages: What it sent to Redis.
        longest: Seconds of the longest call.
        errors: What failed calls said, a few of them.
    """

    answered: int = 0
    failed: int = 0
    recent: int = 0
    mode: str | None = None
    members: int | None = None
    messages: int = 0
    longest: float = 0.0
    errors: Sequence[str] = ()


def _report(client: IRClient, traffic: Traffic, fleet: RedisFleet) -> Report:
    count, tally = traffic.count(), traffic.tally
    status = client.health().endpoints[0].allowance
    return Report(
        answered=count.answered,
        failed=count.failed,
        recent=sum(count.recent.values()),
        mode=status.mode,
        members=status.members,
        messages=fleet.stats().messages,
        longest=max(tally.latencies, default=0.0),
        errors=tuple(tally.errors[:3]),
    )


def _tell(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def _wait_for_end(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


def _work(orders: Orders) -> None:
    settings = Settings(
        # Every call goes to the account.
        caching=Caching(enabled=False),
        throttling=Throttling(max_wait=orders.max_wait),
    )
    queries = [Picks(f"u-{orders.number}-{number}", count=5) for number in range(1, 1000)]
    ended = threading.Event()
    with (
        RedisFleet(orders.redis, name=orders.name, workers=orders.workers) as fleet,
        IRClient.from_env(settings=settings, fleet=fleet) as client,
    ):
        client.warm_up()
        _tell("ready")
        if not sys.stdin.readline():
            return  # The demo has gone.
        threading.Thread(target=_wait_for_end, args=(ended,), daemon=True).start()
        with Traffic(client, queries=queries, threads=16, rate=orders.rate) as traffic:
            while not ended.wait(_TELLS_EVERY):
                _tell(asdict(_report(client, traffic, fleet)))
        _tell(asdict(_report(client, traffic, fleet)))


if __name__ == "__main__":
    _work(Orders(**json.loads(sys.stdin.readline())))
