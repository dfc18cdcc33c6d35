"""The outside world of HTTP: the default transports, and how any transport is spoken to.

A transport is any `httpx.BaseTransport` (or `httpx.AsyncBaseTransport`); the two defaults are
`Pooled` for threads and `Lanes` for tasks.
"""

from irclient.transports.lanes import Lanes
from irclient.transports.pooled import Pooled
from irclient.transports.tls import ssl_context

__all__ = ["Lanes", "Pooled", "default_async_transport", "default_transport", "ssl_context"]


def default_transport(*, ca_file: str | None = None) -> Pooled:
    """Return the transport that `IRClient` uses when it is given none.

    Args:
        ca_file: A PEM file of the only authorities to trust; None trusts what the process
            trusts (``SSL_CERT_FILE``, ``SSL_CERT_DIR``, else certifi's list).
    """
    return Pooled(ca_file=ca_file)


def default_async_transport(*, ca_file: str | None = None) -> Lanes:
    """Return the transport that `AsyncIRClient` uses when it is given none.

    Args:
        ca_file: As for `default_transport`.
    """
    return Lanes(ca_file=ca_file)
