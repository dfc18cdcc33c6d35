"""One SSL context for the whole process: making one costs 16 ms and most of a megabyte."""

from __future__ import annotations

import os
import ssl
from functools import lru_cache
from pathlib import Path
from typing import Final

from irclient._runtime.authorities import check_variables
from irclient._runtime.patching import patched_too_late
from irclient.errors import ConfigurationError

__all__ = ["LOADED_WITH", "check_authorities", "ssl_context"]

#: What the context of this process is one of.
LOADED_WITH: Final = ssl.SSLContext


def ssl_context(*, ca_file: str | os.PathLike[str] | None = None) -> ssl.SSLContext:
    """Return the process's context for these authorities, made on first use.

    Args:
        ca_file: A PEM file of the only authorities to trust; None trusts what the process
            trusts: ``SSL_CERT_FILE`` or ``SSL_CERT_DIR`` when set, else certifi's list.

    Raises:
        ConfigurationError: The file cannot be read, or holds no certificate.
    """
    # A comparison for each connection: gevent may have come in between.
    too_late = None if ssl.SSLContext is LOADED_WITH else patched_too_late()
    if too_late is not None:
        raise ConfigurationError(too_late)
    if ca_file is None:
        return _trusting_the_usual(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    path = Path(ca_file)
    try:
        # The time of change is part of the key: a CA file may be written anew while we run.
        return _trusting(str(path), path.stat().st_mtime_ns)
    except (OSError, ssl.SSLError) as problem:
        raise ConfigurationError(
            f"ca_file {str(ca_file)!r} cannot be used: {problem}; give a PEM file of certificates"
        ) from None


def check_authorities(
    ca_file: str | os.PathLike[str] | None,
) -> str | os.PathLike[str] | None:
    """Return a `ca_file` if the files of authorities are there, before an outage finds it out.

    Raises:
        ConfigurationError: It, or what ``SSL_CERT_FILE`` or ``SSL_CERT_DIR`` names, is not there.
    """
    if ca_file is not None:
        ssl_context(ca_file=ca_file)
        return ca_file
    check_variables("SSL_CERT_FILE", "SSL_CERT_DIR")
    return ca_file


@lru_cache(maxsize=4)
def _trusting_the_usual(cert_file: str | None, cert_dir: str | None) -> ssl.SSLContext:
    try:
        if cert_file or cert_dir:
            return _speaking_http(
                ssl.create_default_context(cafile=cert_file or None, capath=cert_dir or None)
            )
        import certifi  # noqa: PLC0415  (where the environment names no authorities)

        return _speaking_http(ssl.create_default_context(cafile=certifi.where()))
    except (OSError, ssl.SSLError) as problem:
        raise ConfigurationError(
            f"SSL_CERT_FILE={cert_file!r} or SSL_CERT_DIR={cert_dir!r} cannot be used: {problem}; "
            "name a PEM file of certificates, or unset the variable"
        ) from None


@lru_cache(maxsize=16)
def _trusting(ca_file: str, _changed_at: int) -> ssl.SSLContext:
    return _speaking_http(ssl.create_default_context(cafile=ca_file))


def _speaking_http(context: ssl.SSLContext) -> ssl.SSLContext:
    context.set_alpn_protocols(["http/1.1"])
    return context
