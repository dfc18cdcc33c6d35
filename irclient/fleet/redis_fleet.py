"""The fleet that meets at a Redis or Valkey server."""

from __future__ import annotations

import hashlib
import logging
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NoReturn

from irclient._core.lease import PATIENCE
from irclient._core.shared_allowance import SharedAllowance
from irclient._runtime.forks import fork_safe_lock
from irclient._values.secret import Secret
from irclient.errors import ConfigurationError
from irclient.fleet.connecting import address_in, connector
from irclient.fleet.link import Link
from irclient.fleet.members import Members
from irclient.fleet.memory_of_accounts import MemoryOfAccounts
from irclient.fleet.news import FleetNews
from irclient.fleet.port import Port
from irclient.fleet.server_report import report_on
from irclient.fleet.shared_memory import FleetMemory
from irclient.fleet.told_tps import ToldTps
from irclient.observe import FleetLost
from irclient.stats import FleetStats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Self

    from irclient._core.allowance_protocol import EndpointAllowance
    from irclient._core.shared_health import SharedHealth
    from irclient._core.shared_memory import SharedMemory
    from irclient.auth import Credential
    from irclient.fleet.entra import EntraLogin
    from irclient.fleet.server_report import ServerReport
    from irclient.observe import Record
    from irclient.topology import ServiceEndpoint

__all__ = ["RedisFleet"]

_logger = logging.getLogger("irclient")
_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
#: What is shorter can be found by trying.
_SHORTEST_SECRET: Final = 16
#: Records that wait for a client's next call.
_MOST_UNTOLD: Final = 1000


class RedisFleet:
    """Lets all processes of a fleet share one TPS.

    Make one in each process, or before a fork, and give it to every client of the process. No
    call fails because the server does: without it each process keeps to its part of the TPS.

    Args:
        url: Where the server is: ``redis://``, ``rediss://`` (TLS) or ``unix://``, with password
            and database as redis-py writes them.
        connect: Instead of a URL, makes a client of redis-py (`redis.Redis`, that of a Sentinel,
            `redis.RedisCluster`); it is called in a thread of its own, and again after a fork or
            an error. Give the client a `socket_timeout` of 0.1 s, and no retries.
        name: What all processes of the fleet call it; letters, digits, dots, dashes.
        workers: How many processes call, the master of preforking servers included if it does.
        credential: Who logs in at Azure's Redis, with Microsoft Entra tokens in place of a
            password: what a client takes, a `KeyVaultCredential` or one of azure-identity. Needs
            a URL, ``rediss://HOST:PORT``; the user is the token's object id, or the URL's.
        secret: What the digests are keyed by that stand on the server for users, items and
            queries, so that those who can read it cannot try ids out; the same in all processes,
            which else share no answers. At least 16 characters.

    Raises:
        ConfigurationError: An argument cannot be used.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        connect: Callable[[], Any] | None = None,
        name: str,
        workers: int,
        credential: Credential | None = None,
        secret: str | None = None,
    ) -> None:
        kept = None if secret is None else _kept(secret)
        # A traceback may show what an argument holds.
        del secret
        if not (isinstance(name, str) and _NAME.fullmatch(name)):
            raise ConfigurationError(
                f"name must be 1 to 64 letters, digits, dots, dashes or underscores, got {name!r}"
            )
        if not isinstance(workers, int) or isinstance(workers, bool) or workers < 1:
            raise ConfigurationError(
                f"workers must be how many processes call, at least 1, got {workers!r}"
            )
        self._name, self._workers = name, workers
        self._lock = fork_safe_lock()
        self._ports: dict[str, Port] = {}
        self._members = Members(name, workers)
        self._untold: list[list[Record]] = []
        self._address = address_in(url)
        login = None if credential is None else _login(credential, url)
        self._connect = connector(url, connect, patience=PATIENCE, login=login)
        self._link = Link(self._connect, name=name, patience=PATIENCE, login=login)
        self._memory = FleetMemory(self._link, secret=kept)
        self._news = FleetNews(self._link, self._memory)

    @property
    def name(self) -> str:
        """The fleet's name, the same for all its processes."""
        return self._name

    @property
    def address(self) -> str | None:
        """The server's host and port, or its socket, as the URL has them; None without a URL."""
        return self._address

    @property
    def workers(self) -> int:
        """How many processes make calls."""
        return self._workers

    @property
    def shared_health(self) -> SharedHealth:
        """What the processes tell each other of endpoints' health."""
        return self._news

    def join(self, untold: list[Record]) -> None:
        """Have a client told of what changes between the process and its fleet.

        Args:
            untold: Where records go that the client's next call tells its observers.
        """
        self._untold.append(untold)

    def _tell(self, record: Record) -> None:
        if isinstance(record, FleetLost):
            record = replace(record, fleet=self._name, server=self._address)
        for each in self._untold:
            if len(each) < _MOST_UNTOLD:
                each.append(record)

    def shared_memory(self, namespaces: Mapping[str, str]) -> SharedMemory:
        """Return the memory of a client's answers that all processes have.

        Args:
            namespaces: What tells the accounts of each variant from others.
        """
        return MemoryOfAccounts(self._memory, namespaces)

    def allowance(self, endpoint: ServiceEndpoint, *, adaptive: bool) -> EndpointAllowance:
        """Return the allowance of an endpoint, the same for the same URL.

        Args:
            endpoint: The endpoint.
            adaptive: Whether 429 answers shrink it.
        """
        with self._lock:
            port = self._ports.get(endpoint.url)
            if port is None:
                allowance = SharedAllowance(
                    endpoint.tps,
                    workers=self._workers,
                    adaptive=adaptive,
                    wake=self._link.wake,
                    label=endpoint.label,
                    tell=self._tell,
                )
                port = self._ports[endpoint.url] = Port(
                    allowance,
                    name=_place_of(endpoint.url),
                    members=self._members,
                    told_tps=ToldTps(self._name, endpoint.label, allowance.full_limit),
                )
                self._link.add(port)
            allowance = port.allowance
        if allowance.tps != endpoint.tps:
            _logger.warning(
                "%s has a tps of %g in one client of fleet %r and of %g in another: the first "
                "counts in this process. Give all clients and all processes of a fleet the same",
                endpoint.label,
                allowance.tps,
                self._name,
                endpoint.tps,
            )
        return allowance

    def stats(self) -> FleetStats:
        """Return what this process has asked of the server since it began, counted."""
        counts, memory, now = self._link.counts, self._memory.counts, time.monotonic()
        # Without the lock: a signal handler may ask, whatever it interrupted.
        ports = list(self._ports.values())
        return FleetStats(
            messages=counts.messages,
            lent=sum(port.allowance.lease.right(now) for port in ports),
            slots=sum(port.slots for port in ports),
            given_back=sum(port.given_back for port in ports),
            lost=counts.lost,
            late=counts.late,
            alone_for=round(self._link.alone_for(now), 3),
            memory_hits=memory.hits,
            memory_misses=memory.misses,
            memory_waits=memory.waits,
            memory_kept=memory.kept,
            to_forget=self._memory.to_forget,
        )

    def examine(self, endpoints: Iterable[ServiceEndpoint] = ()) -> ServerReport:
        """Ask the server, over a connection of its own, what a fleet needs of it; for a doctor.

        Args:
            endpoints: Those for which it is asked how many processes share their TPS.
        """
        places = [_place_of(each.url) for each in endpoints]
        is_socket = (self._address or "").startswith("/")
        return report_on(self._connect, self._link, places=places, is_socket=is_socket)

    def close(self) -> None:
        """Tell the others that this process has left; closing again does nothing."""
        self._link.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def __repr__(self) -> str:
        # The URL stays out: it may hold a password.
        return f"RedisFleet(name={self._name!r}, workers={self._workers})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a RedisFleet cannot be pickled; make one in each process")


def _place_of(url: str) -> str:
    """What stands for an endpoint in keys, which others may read: its account is not named."""
    return hashlib.blake2b(url.encode(), digest_size=8).hexdigest()


def _kept(secret: str) -> Secret:
    is_usable = isinstance(secret, str) and len(secret) >= _SHORTEST_SECRET
    kept = Secret(secret) if is_usable else None
    del secret
    if kept is None:
        raise ConfigurationError(
            f"secret must be a str of at least {_SHORTEST_SECRET} characters, the same in all "
            "processes, for example of secrets.token_urlsafe()"
        )
    return kept


def _login(credential: Credential, url: str | None) -> EntraLogin:
    if not isinstance(url, str):
        raise ConfigurationError(
            "credential goes with a url; a client that connect= makes has a credential_provider"
        )
    # Loaded here: few fleets have one.
    from irclient.fleet.entra import EntraLogin  # noqa: PLC0415

    return EntraLogin(credential, url=url, patience=PATIENCE)
