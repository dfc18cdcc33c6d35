"""The session of Spark that cooking uses: the one of this process, or else a new one."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from irclient.cooking.engines.cluster import Cluster

__all__ = ["OpenedSession", "open_session"]

#: As statements are written: UTC, and null for what cannot be read.
_SETTINGS: Final = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "false",
    # Rows of too few or too many cells are only found where no column is passed over.
    "spark.sql.csv.parser.columnPruning.enabled": "false",
}
#: Where Spark finds what it is configured to be.
_CONFIGURED: Final = ("SPARK_HOME", "SPARK_CONF_DIR", "PYSPARK_SUBMIT_ARGS")
_LEAST_MEMORY: Final = 512


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session for cooking.

    Attributes:
        session: The session.
        lasts: Whether it was there before, and stays.
        before: What settings were before they were changed.
        interrupt: What handled Ctrl-C before Spark's handler did, and Spark's.
    """

    session: SparkSession
    lasts: bool
    before: Mapping[str, str | None]
    interrupt: tuple[Any, Any]

    def close(self) -> None:
        """End the session, or leave it as it was."""
        if not self.lasts:
            self.session.stop()
            self._handle_interrupts_as_before()
            return
        for name, setting in self.before.items():
            if setting is None:
                self.session.conf.unset(name)
            else:
                self.session.conf.set(name, setting)

    def _handle_interrupts_as_before(self) -> None:
        # Spark's handler cancels the jobs of its session: without one it fails in some versions.
        own, sparks = self.interrupt
        is_sparks = own is not sparks and signal.getsignal(signal.SIGINT) is sparks
        if own is not None and is_sparks and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, own)


def open_session(cluster: Cluster, scratch: Path, *, memory: int) -> OpenedSession:
    """Take the session of this process, or start one.

    Args:
        cluster: Which Spark.
        scratch: An existing folder for what a session on this machine writes.
        memory: Bytes that a session on this machine may use.

    Raises:
        ConfigurationError: No session can be started.
    """
    own = signal.getsignal(signal.SIGINT)
    there = SparkSession.getActiveSession()
    session = _beside(there) if there is not None else _started(cluster, scratch, memory)
    before = {name: session.conf.get(name, None) for name in _SETTINGS}
    for name, setting in _SETTINGS.items():
        session.conf.set(name, setting)
    interrupt = own, signal.getsignal(signal.SIGINT)
    return OpenedSession(session, there is not None, before, interrupt)


def _beside(session: SparkSession) -> SparkSession:
    try:
        # Its own settings and its own names of tables; what runs in the notebook is left alone.
        return session.newSession()
    except (AttributeError, PySparkException):  # Spark Connect could not, in its first versions
        return session


def _started(cluster: Cluster, scratch: Path, memory: int) -> SparkSession:
    builder = SparkSession.builder.appName("irclient cook")
    master = cluster.master
    if master is not None:
        builder = builder.remote(master) if master.startswith("sc:") else builder.master(master)
    for name, setting in _new_settings(master, scratch, memory).items():
        builder = builder.config(name, setting)
    try:
        return builder.getOrCreate()
    except PySparkException as problem:
        reason = str(problem).partition("\n")[0]
        raise ConfigurationError(
            f"Spark does not start: {reason}; on this machine it needs Java 17 or later "
            "(JAVA_HOME), elsewhere name it by --spark-master"
        ) from problem


def _new_settings(master: str | None, scratch: Path, memory: int) -> dict[str, str]:
    if master.startswith("sc:") if master else os.environ.get("SPARK_REMOTE"):
        return {}  # a server's are its own
    settings = {"spark.ui.showConsoleProgress": "false", "spark.driver.maxResultSize": "0"}
    here = master.startswith("local") if master else not any(map(os.environ.get, _CONFIGURED))
    if here:
        settings |= {
            "spark.driver.memory": f"{max(memory // 2**20, _LEAST_MEMORY)}m",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.log.level": "ERROR",
            "spark.local.dir": str(scratch),
            "spark.ui.enabled": "false",
            "spark.sql.shuffle.partitions": str(os.cpu_count() or 1),
        }
    return settings
