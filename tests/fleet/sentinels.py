"""A primary and a replica that a Sentinel watches."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import redis
from redis.sentinel import Sentinel

from tests.fleet.processes import until
from tests.fleet.servers import Server, free_port, server_binary

if TYPE_CHECKING:
    from collections.abc import Iterator


class Watched:
    """A primary and a replica that a Sentinel watches."""

    def __init__(self, primary: Server, sentinel_port: int) -> None:
        self.primary, self.sentinel_port = primary, sentinel_port
        self.sentinel = Sentinel([("127.0.0.1", sentinel_port)], socket_timeout=0.1)

    def primary_port(self) -> int | None:
        with suppress(redis.RedisError):
            return int(self.sentinel.discover_master("shop")[1])
        return None

    def connect(self) -> object:
        return self.sentinel.master_for("shop", socket_timeout=0.1)


def sentinel_command() -> list[str] | None:
    binary = server_binary()
    own = shutil.which("redis-sentinel") or shutil.which("valkey-sentinel")
    if binary is not None:
        return [binary, "--sentinel"]
    return None if own is None else [own]


@contextmanager
def watched_by_sentinel() -> Iterator[Watched]:
    command = sentinel_command()
    assert command is not None
    program, *options = command
    with (
        Server() as primary,
        Server("--replicaof", "127.0.0.1", str(primary.port)) as replica,
        tempfile.TemporaryDirectory() as folder,
    ):
        until(
            lambda: replica.client().info("replication")["master_link_status"] == "up",
            within=10.0,
        )
        port = free_port()
        configuration = Path(folder) / "sentinel.conf"
        configuration.write_text(
            f"port {port}\nbind 127.0.0.1\ndir {folder}\n"
            f"sentinel monitor shop 127.0.0.1 {primary.port} 1\n"
            "sentinel down-after-milliseconds shop 500\n"
            "sentinel failover-timeout shop 3000\n"
        )
        process = subprocess.Popen(
            [program, str(configuration), *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            watched = Watched(primary, port)
            until(lambda: watched.primary_port() == primary.port, within=10.0)
            own = redis.Redis(port=port, decode_responses=True)
            # It finds the replica by asking the primary, once in ten seconds.
            until(lambda: bool(own.execute_command("SENTINEL", "REPLICAS", "shop")), within=15.0)
            own.close()
            yield watched
        finally:
            process.terminate()
            process.wait()
