"""A certificate of the server's own, which may be renewed while it runs."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from irclient.server.configuration import Configuration

__all__ = ["Certificate"]


class Certificate:
    """The TLS context of all connections.

    Args:
        configuration: Names the files.

    Raises:
        ConfigurationError: The files cannot be read, or do not belong together.
    """

    def __init__(self, configuration: Configuration) -> None:
        self._files = (configuration.certificate, configuration.private_key)
        self._seen: object = None
        #: What the server listens with. Each connection takes up the latest one instead.
        self.context: ssl.SSLContext | None = None
        self._latest: ssl.SSLContext | None = None
        self.reload()

    def reload(self) -> None:
        """Read the files again if they have changed; connections made from now on use them.

        Raises:
            ConfigurationError: They cannot be used; the ones before stay.
        """
        certificate, key = self._files
        if certificate is None:
            return
        try:
            seen = [_stamp(each) for each in (certificate, key) if each is not None]
            if seen == self._seen:
                return
            # A context of its own: half of a new pair, read while it is written, would spoil the
            # one in use.
            latest = _context_of(certificate, key)
        except (OSError, ssl.SSLError) as problem:
            raise ConfigurationError(
                f"certificate {str(certificate)!r} cannot be used: {problem}; it must be PEM, "
                "beside its key or with private_key naming the key's file"
            ) from None
        self._latest, self._seen = latest, seen
        if self.context is None:
            self.context = latest
            latest.sni_callback = self._take_up

    def _take_up(self, connection: ssl.SSLObject, *_: object) -> None:
        """Let a connection go on with the latest certificate; called whether it names a server."""
        if self._latest is not None:
            connection.context = self._latest


def _context_of(certificate: Path, key: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(certificate, key)
    return context


def _stamp(path: Path) -> tuple[int, int, int]:
    about = path.stat()
    return (about.st_mtime_ns, about.st_size, about.st_ino)
