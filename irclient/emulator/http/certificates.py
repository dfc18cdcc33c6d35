"""The emulator's certificate authority, and the TLS contexts of its servers."""

from __future__ import annotations

import ipaddress
import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ServerContexts", "make_contexts"]

_CA_FILE: Final = "ca.pem"
_CA_KEY_FILE: Final = "ca-key.pem"
_DAY: Final = timedelta(days=1)
_CA_LIFE: Final = timedelta(days=365)
_SERVER_LIFE: Final = timedelta(days=90)
_NEVER_USED_FOR: Final = (
    "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "encipher_only", "decipher_only",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerContexts:
    """What a TLS listener needs.

    Attributes:
        ca_file: The authority's certificate, for clients to trust.
        valid: A context with a valid certificate for this machine's loopback names.
        expired: The same with a certificate that ended yesterday.
    """

    ca_file: Path
    valid: ssl.SSLContext
    expired: ssl.SSLContext


@dataclass(frozen=True, slots=True)
class _Authority:
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


def make_contexts(folder: Path) -> ServerContexts:
    """Make the contexts, signed by the folder's authority, which is made if there is none.

    Private keys are written into the folder, readable by its owner alone.
    """
    now = datetime.now(UTC)
    authority = _load_authority(folder, now=now) or _make_authority(folder, now=now)
    return ServerContexts(
        ca_file=folder / _CA_FILE,
        valid=_context(
            folder, authority, name="server", starts=now - _DAY, ends=now + _SERVER_LIFE
        ),
        expired=_context(
            folder, authority, name="expired", starts=now - 30 * _DAY, ends=now - _DAY
        ),
    )


def _load_authority(folder: Path, *, now: datetime) -> _Authority | None:
    try:
        certificate = x509.load_pem_x509_certificate((folder / _CA_FILE).read_bytes())
        key = load_pem_private_key((folder / _CA_KEY_FILE).read_bytes(), password=None)
    except (OSError, ValueError):
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        return None
    if certificate.not_valid_after_utc < now + _SERVER_LIFE:
        return None
    return _Authority(key, certificate)


def _make_authority(folder: Path, *, now: datetime) -> _Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("irclient emulator CA")
    usage = _key_usage(signs_certificates=True)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 60 * _DAY)
        .not_valid_after(now + _CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write_private(folder / _CA_KEY_FILE, _key_pem(key))
    _write_own(folder / _CA_FILE, certificate.public_bytes(Encoding.PEM), mode=0o644)
    return _Authority(key, certificate)


def _context(
    folder: Path, authority: _Authority, *, name: str, starts: datetime, ends: datetime
) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _server_certificate(authority, key, starts=starts, ends=ends)
    # ssl reads certificates from files alone.
    chain = folder / f"{name}.pem"
    _write_private(chain, _key_pem(key) + certificate.public_bytes(Encoding.PEM))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _server_certificate(
    authority: _Authority, key: ec.EllipticCurvePrivateKey, *, starts: datetime, ends: datetime
) -> x509.Certificate:
    names = x509.SubjectAlternativeName(
        [
            x509.DNSName("localhost"),
            x509.IPAddress(ipaddress.IPv4Address("127.0.0.1")),
            x509.IPAddress(ipaddress.IPv6Address("::1")),
        ]
    )
    issuer = authority.certificate
    return (
        x509.CertificateBuilder()
        .subject_name(_name("localhost"))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(starts)
        .not_valid_after(ends)
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        # Python 3.13 verifies strictly: without this identifier it refuses the certificate.
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()),
            critical=False,
        )
        .sign(authority.key, hashes.SHA256())
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        **dict.fromkeys(_NEVER_USED_FOR, False),
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write_private(path: Path, content: bytes) -> None:
    _write_own(path, content, mode=0o600)


def _write_own(path: Path, content: bytes, *, mode: int) -> None:
    # Never through a link that somebody left there.
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
