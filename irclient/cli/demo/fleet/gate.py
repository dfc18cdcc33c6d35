"""A gate on loopback before a server, to take the server away without touching it."""

import socket
import threading
from contextlib import suppress
from typing import Self

__all__ = ["Gate"]

_LARGEST_PIECE = 1 << 16


class Gate:
    """Passes connections on while it is open; shut, it cuts them all and takes no more.

    Args:
        host: The server's.
        port: The server's.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._is_open = True
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._listen, name="irclient demo gate", daemon=True).start()

    def shut(self) -> None:
        """Cut all connections, and every new one at once."""
        with self._lock:
            self._is_open = False
            cut = list(self._connections)
        for each in cut:
            _cut(each)

    def open(self) -> None:
        """Pass connections on again."""
        with self._lock:
            self._is_open = True

    def passed(self, data: bytes, *, to_server: bool) -> None:
        """Learn what is about to be passed on; for observers."""

    def _listen(self) -> None:
        with suppress(OSError):  # It was closed.
            while True:
                client, _ = self._listener.accept()
                self._connect(client)

    def _connect(self, client: socket.socket) -> None:
        with self._lock:
            is_open = self._is_open
        if not is_open:
            client.close()
            return
        try:
            server = socket.create_connection(self._target, timeout=1.0)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        with self._lock:
            self._connections |= {client, server}
        for source, target, to_server in ((client, server, True), (server, client, False)):
            source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(
                target=self._pass_on,
                args=(source, target),
                kwargs={"to_server": to_server},
                name="irclient demo gate",
                daemon=True,
            ).start()
        if not self._is_open:  # It was shut meanwhile.
            _cut(client)

    def _pass_on(self, source: socket.socket, target: socket.socket, *, to_server: bool) -> None:
        with suppress(OSError):
            while data := source.recv(_LARGEST_PIECE):
                self.passed(data, to_server=to_server)
                target.sendall(data)
        _cut(target)
        with self._lock:
            self._connections.discard(source)
        source.close()

    def close(self) -> None:
        """Cut everything and listen no more."""
        # Only a shutdown wakes a thread that waits for the next connection.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.shut()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
