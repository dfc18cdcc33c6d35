"""One process of a fleet: it does what it is told, line by line, and tells what came of it."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from typing import Any

from irclient import IRClient, Pair, ServiceEndpoint, Settings, StaticToken
from irclient.errors import IRError
from irclient.fleet import RedisFleet
from irclient.queries import Similar
from irclient.settings import Caching, Failover, Throttling


class Member:
    """What a process can be told."""

    def __init__(self, client: IRClient) -> None:
        self.client = client

    def hammer(self, *, threads: int, seconds: float, at: float) -> dict[str, int]:
        """Ask for one list as often as so many visitors do."""
        sources = Counter[str]()
        lock = threading.Lock()

        def visit() -> None:
            own = Counter[str]()
            time.sleep(max(at - time.monotonic(), 0.0))
            while time.monotonic() < at + seconds:
                try:
                    own[self.client.popular().served.source] += 1
                except IRError as error:
                    own[type(error).__name__] += 1
                time.sleep(0.001)  # So that the process's own threads get a turn.
            with lock:
                sources.update(own)

        visitors = [threading.Thread(target=visit) for _ in range(threads)]
        for each in visitors:
            each.start()
        for each in visitors:
            each.join()
        return dict(sources)

    def ask(
        self, *, times: int = 1, first: int = 0, user: str | None = None
    ) -> list[tuple[str, str | None, float]]:
        """Ask for different lists; tells where each came from, and how long it took."""
        told = list[tuple[str, str | None, float]]()
        for number in range(first, first + times):
            began_at = time.monotonic()
            try:
                served = self.client.fetch(Similar(str(number), user_id=user)).served
                source, endpoint = str(served.source), served.endpoint
            except IRError as error:
                source, endpoint = type(error).__name__, None
            told.append((source, endpoint, time.monotonic() - began_at))
        return told

    def forget_user(self, *, user: str) -> int:
        return self.client.cache.forget_user(user)

    def forget_item(self, *, item: str) -> int:
        return self.client.cache.forget_item(item)

    def clear(self) -> int:
        return self.client.cache.clear()

    def states(self) -> list[str]:
        return [each.state for each in self.client.health()]


def main(given: dict[str, Any]) -> None:
    """Be told what to do."""
    a, b = (
        ServiceEndpoint(name, "web", tps=given["tps"], url=given["urls"][name]) for name in "ab"
    )
    settings = Settings(
        caching=Caching(**given["caching"]),
        failover=Failover(trickle_every=None, slow_factor=None),
        # Of a machine that is busy with other things, too.
        throttling=Throttling(max_wait=2.0),
    )
    with (
        RedisFleet(given["redis"], name="test", workers=given["workers"]) as fleet,
        IRClient(Pair(a, b), credential=StaticToken("t"), settings=settings, fleet=fleet) as client,
    ):
        member = Member(client)
        _tell("ready")
        for line in sys.stdin:
            order = json.loads(line)
            _tell(getattr(member, order.pop("do"))(**order))


def _tell(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
