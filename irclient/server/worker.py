"""One worker process: what it serves, from when it is forked until it has drained."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from functools import partial
from typing import TYPE_CHECKING, Final, cast

import uvicorn

from irclient.contract.choices import Choices
from irclient.server.access_log import AccessLog
from irclient.server.application import Application, Readiness
from irclient.server.endpoint_service import EndpointService
from irclient.server.hosts import Hosts
from irclient.server.identity.callers import Callers
from irclient.server.identity.key_set import IssuerKeys
from irclient.server.identity.tokens import Tokens
from irclient.server.metrics import Metrics
from irclient.server.outputs import OutputWatch
from irclient.server.protocol import limited_connections
from irclient.server.redis_state import RedisCapacity, RedisServer, RedisSessions
from irclient.server.trigger import Trigger
from irclient.server.upkeep import fetch_keys, kept_up, read_files

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from types import FrameType

    from irclient.server.endpoint_service import Capacity, Sessions
    from irclient.server.plan import Plan
    from irclient.server.protocol import LimitedConnection

__all__ = ["Worker"]

#: Ticks are uvicorn's, ten a second.
_TICKS_A_SECOND: Final = 10
#: Seconds that a caller who connected at the last instant has for a TLS handshake.
_LAST_HANDSHAKE: Final = 2.0
_BACKLOG: Final = 2_048


class Worker:
    """Everything of one worker; made in its process.

    Args:
        plan: What to serve.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        limits = plan.configuration.limits
        self._metrics = Metrics()
        self._issuers = [IssuerKeys(issuer) for issuer in plan.configuration.issuers]
        tokens = Tokens(self._issuers) if self._issuers else None
        trigger = Trigger(plan.state_folder)
        self._redis, capacity, sessions = _shared_state(plan)
        self._services = [
            EndpointService(
                endpoint,
                outputs=plan.outputs,
                callers=Callers(endpoint.account, plan.keys[endpoint.account.name], tokens),
                capacity=capacity,
                sessions=sessions,
                trigger=trigger,
                limits=limits,
                choices=Choices(most_count=limits.count),
                clock=time.time,
            )
            for endpoint in plan.endpoints
        ]
        self._readiness = Readiness(self._missing)
        is_logged = plan.configuration.access_log == "stdout"
        self._access_log = AccessLog(key=plan.hash_key) if is_logged else None
        self.application = Application(
            hosts=Hosts(
                (each.served.host_label, each.served.hosts, each) for each in self._services
            ),
            readiness=self._readiness,
            metrics=self._metrics,
            access_log=self._access_log,
            most_body_bytes=limits.body_bytes,
        )

    def run(self, listening: socket.socket, started: Callable[[], None]) -> None:
        """Serve until SIGTERM, then drain.

        Args:
            listening: The socket to accept from.
            started: Called when requests are accepted.
        """
        limits = self._plan.configuration.limits
        config = uvicorn.Config(
            self.application,
            http=limited_connections(limits, self._metrics.refused),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            headers=[("server", "irclient-serve")],
            proxy_headers=False,
            backlog=_BACKLOG,
            timeout_keep_alive=max(1, round(limits.idle_after)),
            timeout_graceful_shutdown=max(1, round(self._plan.configuration.drain_timeout)),
        )
        config.load()
        config.ssl = self._plan.certificate.context
        server = _Server(
            config,
            readiness=self._readiness,
            drain_delay=self._plan.configuration.drain_delay,
            metrics=self._metrics,
        )
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(self._serve(server, listening, started))

    async def _serve(
        self, server: _Server, listening: socket.socket, started: Callable[[], None]
    ) -> None:
        watch = OutputWatch(self._plan.outputs.values(), self._output_changed)
        self._tell_outputs()
        jobs = (watch.run, partial(read_files, self._plan), partial(fetch_keys, self._issuers))
        tasks = [asyncio.create_task(kept_up(job)) for job in jobs]
        server.when_started = started
        try:
            await server.serve(sockets=[listening])
        finally:
            for task in tasks:
                task.cancel()
            if self._redis is not None:
                await self._redis.close()
            if self._access_log is not None:
                await asyncio.to_thread(self._access_log.close)

    def _missing(self) -> list[str]:
        waiting = any(output.edition is None for output in self._plan.outputs.values())
        reasons = ["an output: run irclient cook"] if waiting else []
        if any(not keys.is_ready for keys in self._issuers):
            reasons.append("the keys of an issuer")
        return reasons

    def _output_changed(self) -> None:
        for service in self._services:
            service.memory.clear()
        self._tell_outputs()

    def _tell_outputs(self) -> None:
        for endpoint in self._plan.endpoints:
            self._metrics.endpoint(endpoint)
            for modeling in endpoint.modelings:
                output = self._plan.outputs[modeling.output]
                self._metrics.output(endpoint, modeling.name, output)


class _Server(uvicorn.Server):
    """uvicorn's server, which drains before it ends and ends slow connections."""

    def __init__(
        self, config: uvicorn.Config, *, readiness: Readiness, drain_delay: float, metrics: Metrics
    ) -> None:
        super().__init__(config)
        self.when_started: Callable[[], None] | None = None
        self._readiness = readiness
        self._drain_delay = drain_delay
        self._drained_at: float | None = None
        self._metrics = metrics
        self._supervisor = os.getppid()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Begin to drain. Ctrl-C reaches every process of a terminal; the supervisor decides."""
        if sig != signal.SIGINT:
            self._drain()

    async def on_tick(self, counter: int) -> bool:
        """Look after time: slow connections, the end of draining, an orphan's end."""
        if self.when_started is not None:
            self.when_started()
            self.when_started = None
        if os.getppid() != self._supervisor:
            self._drain()
        if self._drained_at is not None and time.monotonic() >= self._drained_at:
            self.should_exit = True
        if counter % _TICKS_A_SECOND == 0:
            now = asyncio.get_running_loop().time()
            for connection in cast("list[LimitedConnection]", list(self.server_state.connections)):
                connection.end_if_slow(now)
            self._metrics.connections(len(self.server_state.connections))
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End: accept nothing more, answer who has connected, and close."""
        # Closing the last descriptor of a listening socket resets whoever waits in it.
        kept = [each.dup() for each in sockets or ()]
        for server in self.servers:
            server.close()
        waiting = [caller for each in kept for caller in _accepted(each)]
        await asyncio.gather(*map(self._take, waiting), return_exceptions=True)
        await super().shutdown(sockets)

    async def _take(self, caller: socket.socket) -> None:
        tls = self.config.ssl
        connection = cast("Callable[..., asyncio.Protocol]", self.config.http_protocol_class)
        made = partial(  # as uvicorn makes it
            connection,
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        await asyncio.get_running_loop().connect_accepted_socket(
            made,
            caller,
            ssl=tls,
            ssl_handshake_timeout=_LAST_HANDSHAKE if tls else None,
        )

    def _drain(self) -> None:
        if self._drained_at is None:
            self._readiness.is_draining = True
            self._drained_at = time.monotonic() + self._drain_delay


def _accepted(listening: socket.socket) -> list[socket.socket]:
    """Who waits in a listening socket, which is closed."""
    found: list[socket.socket] = []
    with listening:
        listening.settimeout(0)
        with contextlib.suppress(OSError):
            while True:
                caller, _ = listening.accept()
                caller.settimeout(0)
                found.append(caller)
    return found


def _shared_state(plan: Plan) -> tuple[RedisServer | None, Capacity, Sessions]:
    """What counts requests and remembers views: this machine, or Redis for all of them."""
    redis = plan.configuration.redis
    if redis is None or plan.redis_url is None:
        return None, plan.capacity, plan.sessions
    server = RedisServer(plan.redis_url.reveal(), name=redis.name, timeout=redis.timeout)
    sessions = RedisSessions(server, plan.sessions, plan.configuration.limits)
    return server, RedisCapacity(server, plan.capacity), sessions
