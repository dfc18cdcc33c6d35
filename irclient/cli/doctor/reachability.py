"""Whether a host can be reached: its name, its port, and the certificate that it shows."""

import contextlib
import os
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from irclient.cli.doctor.finding import Finding, Verdict, within
from irclient.errors import ConfigurationError
from irclient.transports import ssl_context

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

__all__ = ["Host", "examine_host"]

_SOON = 30.0 * 24 * 3600
_RETIRED = ".mir.prod.reco.microsoft.com"


@dataclass(frozen=True, slots=True)
class Host:
    """A host that the client needs.

    Attributes:
        purpose: What it is needed for, for example ``Key Vault``.
        url: Its base URL.
        ca_file: The authorities to trust for it; None for the process's usual.
    """

    purpose: str
    url: str
    ca_file: str | os.PathLike[str] | None

    @property
    def address(self) -> tuple[str, int]:
        """Host name and port."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)

    def __str__(self) -> str:
        name, port = self.address
        return f"{self.purpose} {name}:{port}"


def examine_host(host: Host, *, timeout: float) -> Iterator[Finding]:
    """Check name and certificate of one host; the second is skipped when the first is wrong."""
    name = _examine_name(host, timeout=timeout)
    yield name
    if name.verdict is Verdict.GOOD:
        yield _examine_connection(host, timeout=timeout)
    else:
        yield Finding(
            check="tls", subject=str(host), verdict=Verdict.SKIPPED, saw="its name is not known"
        )


def _examine_name(host: Host, *, timeout: float) -> Finding:
    name, port = host.address
    begun_at = time.monotonic()
    try:
        found = within(timeout, lambda: socket.getaddrinfo(name, port, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError) as problem:  # TimeoutError is an OSError
        return Finding(
            check="dns",
            subject=str(host),
            verdict=Verdict.WRONG,
            saw=f"the name {name!r} is not known: {problem}",
            advice=_advice_for_name(name),
            elapsed=time.monotonic() - begun_at,
        )
    addresses = ", ".join(dict.fromkeys(str(info[4][0]) for info in found))
    return Finding(
        check="dns",
        subject=str(host),
        verdict=Verdict.GOOD,
        saw=addresses,
        elapsed=time.monotonic() - begun_at,
    )


def _advice_for_name(name: str) -> str:
    if name.endswith(_RETIRED):
        return (
            "Microsoft retired the hosted service on 2026-03-31; set the endpoint's url to a "
            "service that speaks its contract, for example the one of `irclient emulator`"
        )
    return "check the spelling in the configuration, then this machine's DNS"


def _examine_connection(host: Host, *, timeout: float) -> Finding:
    begun_at = time.monotonic()
    verdict, saw, advice = _connect(host, timeout=timeout)
    return Finding(
        check="tls",
        subject=str(host),
        verdict=verdict,
        saw=saw,
        advice=advice,
        elapsed=time.monotonic() - begun_at,
    )


def _connect(host: Host, *, timeout: float) -> tuple[Verdict, str, str | None]:
    if urlsplit(host.url).scheme == "http":
        return _connect_plainly(host, timeout=timeout)
    try:
        certificate = _certificate(host, ssl_context(ca_file=host.ca_file), timeout=timeout)
    except ConfigurationError as problem:
        return Verdict.WRONG, str(problem), "name a PEM file that holds the CA's certificate"
    except ssl.SSLCertVerificationError as problem:
        return _distrusted(host, problem, timeout=timeout)
    except ssl.SSLError as problem:
        advice = "check that the url's port speaks TLS, and what stands between it and you"
        return Verdict.WRONG, f"no TLS: {problem}", advice
    except OSError as problem:
        return Verdict.WRONG, f"no connection: {problem}", _ADVICE_FOR_CONNECTION
    return _judge(certificate)


_ADVICE_FOR_CONNECTION = "check that the service runs, and the firewall and private endpoints"


def _connect_plainly(host: Host, *, timeout: float) -> tuple[Verdict, str, str | None]:
    try:
        socket.create_connection(host.address, timeout=timeout).close()
    except OSError as problem:
        return Verdict.WRONG, f"no connection: {problem}", _ADVICE_FOR_CONNECTION
    return Verdict.GOOD, "plain HTTP, which is allowed for loopback alone", None


def _certificate(host: Host, context: ssl.SSLContext, *, timeout: float) -> "Certificate":
    # Imported here: the package takes long to load and msal brings it anyway.
    from cryptography.x509 import load_der_x509_certificate  # noqa: PLC0415

    with (
        socket.create_connection(host.address, timeout=timeout) as connection,
        context.wrap_socket(connection, server_hostname=host.address[0]) as tls,
    ):
        return load_der_x509_certificate(tls.getpeercert(binary_form=True) or b"")


def _judge(certificate: "Certificate") -> tuple[Verdict, str, str | None]:
    saw = _described(certificate)
    left = (certificate.not_valid_after_utc - datetime.now(UTC)).total_seconds()
    if left < _SOON:
        # Short-lived certificates are renewed by themselves, so this alone is nothing wrong.
        return Verdict.GOOD, f"{saw}, which is soon", None
    return Verdict.GOOD, saw, None


def _distrusted(
    host: Host, problem: ssl.SSLCertVerificationError, *, timeout: float
) -> tuple[Verdict, str, str]:
    saw = f"the certificate is not trusted: {problem.verify_message}"
    anything = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Only to read what is wrong with the certificate; nothing is sent over this connection.
    anything.check_hostname = False
    anything.verify_mode = ssl.CERT_NONE
    with contextlib.suppress(OSError, ValueError):
        saw += f" ({_described(_certificate(host, anything, timeout=timeout))})"
    return Verdict.WRONG, saw, _advice_for_trust(problem.verify_message)


def _advice_for_trust(message: str) -> str:
    if "expired" in message:
        return "the service's owner must renew the certificate; check this machine's clock as well"
    if "ostname" in message or "IP address" in message:
        return "use the host name that the certificate was made for"
    return "name the CA that signed it in ca_file, or in the variable SSL_CERT_FILE"


def _described(certificate: "Certificate") -> str:
    subject = certificate.subject.rfc4514_string() or "no subject"
    return f"{subject}, valid until {certificate.not_valid_after_utc:%Y-%m-%d}"
