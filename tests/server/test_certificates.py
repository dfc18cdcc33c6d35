"""A certificate that is renewed while the server runs."""

from __future__ import annotations

import ssl
from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from irclient.errors import ConfigurationError
from irclient.server.certificates import Certificate
from tests.certificates import Authority

if TYPE_CHECKING:
    from irclient.server.configuration import Configuration


@pytest.fixture
def authority(tmp_path):
    made = Authority.made_in(tmp_path)
    for days in (2, 3):
        made.server(days=(-1, days))
    return made


@pytest.fixture
def own(authority, tmp_path):
    path = tmp_path / "own.pem"
    path.write_bytes((tmp_path / "server2.pem").read_bytes())
    return path


def certificate_of(path) -> Certificate:
    named = SimpleNamespace(certificate=path, private_key=None)
    return Certificate(cast("Configuration", named))


def serial_number(certificate: Certificate, authority, name: str) -> str:
    """Shake hands without a network, and return what the server has shown."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    trusted = ssl.create_default_context(cafile=authority.ca_file)
    trusted.check_hostname = False
    assert certificate.context is not None
    ends = [
        trusted.wrap_bio(to_client, to_server, server_hostname=name),
        certificate.context.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(4):
        for end in ends:
            with suppress(ssl.SSLWantReadError):
                end.do_handshake()
    shown = ends[0].getpeercert()
    assert shown is not None
    return cast("str", shown["serialNumber"])


@pytest.mark.parametrize("name", ["127.0.0.1", "shop.example"])
def test_connections_take_up_what_was_renewed(authority, own, tmp_path, name) -> None:
    certificate = certificate_of(own)
    before = serial_number(certificate, authority, name)
    assert serial_number(certificate, authority, name) == before
    own.write_bytes((tmp_path / "server3.pem").read_bytes())
    certificate.reload()
    assert serial_number(certificate, authority, name) != before


def test_one_that_is_read_while_it_is_written_spoils_nothing(authority, own, tmp_path) -> None:
    certificate = certificate_of(own)
    before = serial_number(certificate, authority, "127.0.0.1")
    renewed = (tmp_path / "server3.pem").read_bytes()
    for written in range(0, len(renewed), 40):
        own.write_bytes(renewed[:written])
        try:
            certificate.reload()
        except ConfigurationError:
            assert serial_number(certificate, authority, "127.0.0.1") == before
    own.write_bytes(renewed)
    certificate.reload()
    assert serial_number(certificate, authority, "127.0.0.1") != before


def test_the_pair_may_change_at_any_instant_of_a_reload(
    authority, own, tmp_path, monkeypatch
) -> None:
    certificate = certificate_of(own)
    renewed, load = (tmp_path / "server3.pem").read_bytes(), ssl.SSLContext.load_cert_chain
    head, mark, rest = renewed.partition(b"-----END CERTIFICATE-----\n")
    parts = [head + mark, rest] if b"PRIVATE KEY" in rest else [rest, head + mark]

    def then_it_is_written_anew(context, *files):
        load(context, *files)
        own.write_bytes(parts[0])  # The certificate alone, without its key.

    own.write_bytes(renewed)
    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", then_it_is_written_anew)
    certificate.reload()
    monkeypatch.undo()
    assert serial_number(certificate, authority, "127.0.0.1")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        certificate.reload()
    assert serial_number(certificate, authority, "127.0.0.1")
