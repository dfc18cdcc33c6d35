"""Whether a host can be reached: its name, its port, the certificate that it shows, its clock."""

import contextlib
import socket
import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import certifi

from irclient.cli.doctor.finding import Finding, Verdict, within
from irclient.cli.doctor.host import Host, Proxy
from irclient.errors import ConfigurationError
from irclient.topology import HOSTED_DOMAIN
from irclient.transports import ssl_context

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

__all__ = ["Reached", "examine_host"]

#: Days before its end at which a certificate is worth a warning.
_SOON_DAYS = 14
#: How the server of `irclient serve` calls itself in its answers.
_OWN_SERVER = "irclient-serve"


@dataclass(frozen=True, slots=True)
class Reached:
    """What came of the way to a host.

    Attributes:
        name: The finding about its name.
        connection: The finding about its port and certificate.
        clock_ahead: Seconds that this machine's clock is ahead of the host's; None where the
            host did not say what time it is.
    """

    name: Finding
    connection: Finding
    clock_ahead: float | None = None

    @property
    def obstacle(self) -> Finding | None:
        """What is wrong with the way, or None."""
        found = (self.name, self.connection)
        return next((each for each in found if each.verdict is Verdict.WRONG), None)


def examine_host(host: Host, *, timeout: float) -> Reached:
    """Check name, certificate and clock of one host, by the way that a call takes."""
    name = _examine_name(host, timeout=timeout)
    if name.verdict is not Verdict.GOOD:
        skipped = Finding(
            check="tls",
            subject=str(host),
            verdict=Verdict.SKIPPED,
            saw="there is no address to connect to",
        )
        return Reached(name, skipped)
    begun_at = time.monotonic()
    try:
        seen = within(3 * timeout, lambda: _look(host, timeout=timeout))
    except TimeoutError as problem:
        seen = _unreached(host, problem)
    connection = Finding(
        check="tls",
        subject=str(host),
        verdict=seen.verdict,
        saw=seen.saw,
        advice=seen.advice,
        elapsed=time.monotonic() - begun_at,
    )
    return Reached(name, connection, seen.clock_ahead)


@dataclass(frozen=True, slots=True)
class _Seen:
    verdict: Verdict
    saw: str
    advice: str | None = None
    clock_ahead: float | None = None


def _unreached(host: Host, problem: OSError) -> _Seen:
    advice = "that the service runs, and the firewall and private endpoints"
    if host.key is not None:
        advice = f"host and port in {host.key}, {advice}"
    return _Seen(Verdict.WRONG, f"no connection: {problem}", f"check {advice}")


def _examine_name(host: Host, *, timeout: float) -> Finding:
    try:
        proxy = host.proxy
    except ConfigurationError as problem:
        saw, _, advice = str(problem).partition("; ")
        wrong = Verdict.WRONG
        return Finding(check="dns", subject=str(host), verdict=wrong, saw=saw, advice=advice)
    name, port = host.address if proxy is None else (proxy.host, proxy.port)
    subject = str(host) if proxy is None else f"{host} by way of the proxy {proxy}"
    begun_at = time.monotonic()
    try:
        found = within(timeout, lambda: socket.getaddrinfo(name, port, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError) as problem:  # TimeoutError is an OSError
        return Finding(
            check="dns",
            subject=subject,
            verdict=Verdict.WRONG,
            saw=f"the name {name!r} is not known: {problem}",
            advice=_advice_for_name(host) if proxy is None else _advice_for_proxy(proxy, host),
            elapsed=time.monotonic() - begun_at,
        )
    addresses = ", ".join(dict.fromkeys(str(info[4][0]) for info in found))
    return Finding(
        check="dns",
        subject=subject,
        verdict=Verdict.GOOD,
        saw=addresses,
        elapsed=time.monotonic() - begun_at,
    )


def _advice_for_name(host: Host) -> str:
    if host.address[0].endswith(HOSTED_DOMAIN):
        return (
            f"Microsoft retired the hosted service on 2026-03-31; set {host.key or 'its url'} to "
            "a service that speaks its contract, for example your own, of `irclient serve`"
        )
    if host.key is None:
        return "check this machine's DNS"
    return f"check the spelling in {host.key}, then this machine's DNS"


def _advice_for_proxy(proxy: Proxy, host: Host) -> str:
    return (
        f"check the proxy that {proxy.variable} names, or name {host.address[0]} in NO_PROXY if "
        "this machine can reach it directly"
    )


def _look(host: Host, *, timeout: float) -> _Seen:
    is_plain = urlsplit(host.url).scheme == "http"
    try:
        context = None if is_plain else _context(host)
        connection = _opened(host, timeout=timeout)
    except (ConfigurationError, ssl.SSLError) as problem:
        return _Seen(Verdict.WRONG, str(problem), "name a PEM file that holds the CA's certificate")
    except OSError as problem:
        if host.proxy is None:
            return _unreached(host, problem)
        saw = f"no connection by way of the proxy {host.proxy}: {problem}"
        return _Seen(Verdict.WRONG, saw, _advice_for_proxy(host.proxy, host))
    with connection:
        if context is None:
            told = _ask(host, connection)
            saw = f"plain HTTP, which is allowed for loopback alone{told.server}"
            return _Seen(Verdict.GOOD, saw, clock_ahead=told.clock_ahead)
        return _shake_hands(host, connection, context, timeout=timeout)


def _opened(host: Host, *, timeout: float) -> socket.socket:
    """A connection to the host, by way of its proxy where there is one."""
    proxy = host.proxy
    if proxy is None:
        return socket.create_connection(host.address, timeout=timeout)
    tunnel = HTTPConnection(proxy.host, proxy.port, timeout=timeout)
    asked = {"Proxy-Authorization": f"Basic {proxy.user}"} if proxy.user else {}
    tunnel.set_tunnel(*host.address, asked)
    tunnel.connect()
    connection: socket.socket = tunnel.sock
    return connection


def _shake_hands(
    host: Host, connection: socket.socket, context: ssl.SSLContext, *, timeout: float
) -> _Seen:
    try:
        with context.wrap_socket(connection, server_hostname=host.address[0]) as tls:
            found = _certificate(tls)
            return _judged(found, _ask(host, tls))
    except ssl.SSLCertVerificationError as problem:
        return _distrusted(host, problem, timeout=timeout)
    except ssl.SSLError as problem:
        advice = "check that the url's port speaks TLS, and what stands between it and you"
        return _Seen(Verdict.WRONG, f"no TLS: {problem}", advice)
    except OSError as problem:
        return _unreached(host, problem)


def _context(host: Host) -> ssl.SSLContext:
    """What the call will trust."""
    if host.trusts_usual_list:
        # The Azure SDK's list, without the variables that the other hosts' trust is read from.
        return ssl.create_default_context(cafile=certifi.where())
    return ssl_context(ca_file=host.trusted_file)


def _certificate(tls: ssl.SSLSocket) -> "Certificate":
    # Imported here: the package takes long to load and msal brings it anyway.
    from cryptography.x509 import load_der_x509_certificate  # noqa: PLC0415

    return load_der_x509_certificate(tls.getpeercert(binary_form=True) or b"")


@dataclass(frozen=True, slots=True)
class _Told:
    """What a host tells of itself in any answer.

    Attributes:
        clock_ahead: Seconds by which this machine's clock is ahead of its; None if unknown.
        server: The end of a sentence that names what serves there, where that is known.
    """

    clock_ahead: float | None = None
    server: str = ""


def _ask(host: Host, connection: socket.socket) -> _Told:
    """Ask the host for nothing, and read the head of its answer."""
    asking = HTTPConnection(*host.address)
    asking.sock = connection
    try:
        asked_at = time.time()
        # `irclient serve` counts a request without a token for anything else as refused.
        asking.request("HEAD", "/health/live", headers={"User-Agent": "irclient-doctor"})
        answer = asking.getresponse()
    except (OSError, HTTPException):
        return _Told()
    ours = answer.getheader("Server", "").startswith(_OWN_SERVER)
    server = ", and irclient serve answers" if ours else ""
    try:
        said = parsedate_to_datetime(answer.getheader("Date", "")).timestamp()
    except ValueError:
        return _Told(server=server)
    # The date has no fractions, and was written at some time during the request.
    earliest, latest = asked_at - said - 1.0, time.time() - said
    ahead = 0.0 if earliest <= 0.0 <= latest else min(earliest, latest, key=abs)
    return _Told(ahead, server)


def _judged(certificate: "Certificate", told: _Told) -> _Seen:
    saw, clock_ahead = _described(certificate), told.clock_ahead
    days = (certificate.not_valid_after_utc - datetime.now(UTC)).days
    if days < _SOON_DAYS:
        advice = "have its owner renew it, unless that happens by itself"
        when = "today" if days < 1 else "tomorrow" if days == 1 else f"in {days} days"
        words = f"{saw}, {when}{told.server}"
        return _Seen(Verdict.WARNING, words, advice, clock_ahead)
    return _Seen(Verdict.GOOD, f"{saw}{told.server}", None, clock_ahead)


def _distrusted(host: Host, problem: ssl.SSLCertVerificationError, *, timeout: float) -> _Seen:
    saw = f"the certificate is not trusted: {problem.verify_message}"
    anything = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Only to read what is wrong with the certificate; nothing is sent over this connection.
    anything.check_hostname = False
    anything.verify_mode = ssl.CERT_NONE
    with (
        contextlib.suppress(OSError, ValueError),
        _opened(host, timeout=timeout) as connection,
        anything.wrap_socket(connection, server_hostname=host.address[0]) as tls,
    ):
        saw += f" ({_described(_certificate(tls))})"
    return _Seen(Verdict.WRONG, saw, _advice_for_trust(host, problem.verify_message))


def _advice_for_trust(host: Host, message: str) -> str:
    if "expired" in message or "not yet valid" in message:
        return "the service's owner must renew the certificate; check this machine's clock as well"
    if "ostname" in message or "IP address" in message:
        return "use the host name that the certificate was made for"
    if host.ca_file is not None:
        return f"ca_file names other authorities: name the CA that signed it in {host.ca_file}"
    if host.route == "vault":
        return (
            "name the CA that signed it in ca_file, or in the variable REQUESTS_CA_BUNDLE: the "
            "vault's SDK reads that one, and not SSL_CERT_FILE"
        )
    return "name the CA that signed it in ca_file, or in the variable SSL_CERT_FILE"


def _described(certificate: "Certificate") -> str:
    subject = certificate.subject.rfc4514_string() or "no subject"
    return f"{subject}, valid until {certificate.not_valid_after_utc:%Y-%m-%d}"
