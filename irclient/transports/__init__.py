"""The outside world of HTTP: the default transports, and how any transport is spoken to.

A transport is any `httpx.BaseTransport` (or `httpx.AsyncBaseTransport`); the two defaults are
`BlockingTransport` for threads and `AsyncTransport` for tasks, each loaded on first use.
"""

from typing import TYPE_CHECKING

from irclient._runtime.late_names import late_names

if TYPE_CHECKING:
    from irclient._runtime.tls import ssl_context
    from irclient.transports.blocking import BlockingTransport
    from irclient.transports.tasks import AsyncTransport

__all__ = [
    "AsyncTransport",
    "BlockingTransport",
    "default_async_transport",
    "default_transport",
    "ssl_context",
]


__getattr__ = late_names(
    __name__,
    {
        "AsyncTransport": "irclient.transports.tasks",
        "BlockingTransport": "irclient.transports.blocking",
        "ssl_context": "irclient._runtime.tls",
    },
)


def default_transport(*, ca_file: str | None = None) -> "BlockingTransport":
    """Return the transport that `IRClient` uses when it is given none.

    Args:
        ca_file: A PEM file of the only authorities to trust; None trusts what the process
            trusts (``SSL_CERT_FILE``, ``SSL_CERT_DIR``, else certifi's list).

    Raises:
        ConfigurationError: A file of authorities is not there.
    """
    from irclient.transports.blocking import BlockingTransport  # noqa: PLC0415  (loads sockets)

    return BlockingTransport(ca_file=ca_file)


def default_async_transport(*, ca_file: str | None = None) -> "AsyncTransport":
    """Return the transport that `AsyncIRClient` uses when it is given none.

    Args:
        ca_file: As for `default_transport`.

    Raises:
        ConfigurationError: A file of authorities is not there.
    """
    from irclient.transports.tasks import AsyncTransport  # noqa: PLC0415  (loads an event loop)

    return AsyncTransport(ca_file=ca_file)
