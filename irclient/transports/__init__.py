"""The outside world of HTTP: the default transports, and how any transport is spoken to.

A transport is any `httpx.BaseTransport` (or `httpx.AsyncBaseTransport`); the two defaults are
`Pooled` for threads and `Lanes` for tasks. `AiohttpTransport` is loaded on first use: it needs
the extra ``aiohttp``.
"""

from typing import TYPE_CHECKING

from irclient.transports.lanes import Lanes
from irclient.transports.pooled import Pooled
from irclient.transports.tls import ssl_context

if TYPE_CHECKING:
    from irclient.transports.aiohttp import AiohttpTransport

__all__ = [
    "AiohttpTransport",
    "Lanes",
    "Pooled",
    "default_async_transport",
    "default_transport",
    "ssl_context",
]


def __getattr__(name: str) -> object:
    if name == "AiohttpTransport":
        from irclient.transports.aiohttp import AiohttpTransport  # noqa: PLC0415  (an extra)

        return AiohttpTransport
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


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
