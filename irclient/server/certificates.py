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
        self.context: ssl.SSLContext | None = None
        if configuration.certificate is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.minimum_version = ssl.TLSVersion.TLSv1_2
            self.context.set_alpn_protocols(["http/1.1"])
        self.reload()

    def reload(self) -> None:
        """Read the files again if they have changed; connections made from now on use them.

        Raises:
            ConfigurationError: They cannot be used; the ones before stay.
        """
        certificate, key = self._files
        if self.context is None or certificate is None:
            return
        try:
            seen = [_stamp(each) for each in (certificate, key) if each is not None]
            if seen == self._seen:
                return
            # Tried apart first: a half of a new pair must not spoil the context in use.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
            self.context.load_cert_chain(certificate, key)
        except (OSError, ssl.SSLError) as problem:
            raise ConfigurationError(
                f"certificate {str(certificate)!r} cannot be used: {problem}; it must be PEM, "
                "beside its key or with private_key naming the key's file"
            ) from None
        self._seen = seen


def _stamp(path: Path) -> tuple[int, int, int]:
    about = path.stat()
    return (about.st_mtime_ns, about.st_size, about.st_ino)
