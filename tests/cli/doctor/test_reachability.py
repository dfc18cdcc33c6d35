"""Names, ports and certificates, on loopback."""

import contextlib
import socket
import threading
from contextlib import contextmanager

import pytest

from irclient.cli.doctor.finding import Verdict
from irclient.cli.doctor.host import Host
from irclient.cli.doctor.reachability import examine_host
from tests.certificates import Authority

certificates = pytest.importorskip("irclient.emulator.http.certificates")


@contextmanager
def tls_server(context):
    """Shake hands with one caller after the other until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(5.0)
                    with context.wrap_socket(connection, server_side=True) as tls:
                        tls.recv(1)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.fixture(scope="module")
def contexts(tmp_path_factory):
    return certificates.make_contexts(tmp_path_factory.mktemp("ca"))


def findings_for(url, *, ca_file=None):
    reached = examine_host(Host("Key Vault", url, ca_file), timeout=2.0)
    return [reached.name, reached.connection]


def test_a_trusted_certificate_is_described(contexts):
    with tls_server(contexts.valid) as port:
        dns, tls = findings_for(f"https://localhost:{port}", ca_file=str(contexts.ca_file))

    assert (dns.check, dns.verdict) == ("dns", Verdict.GOOD)
    assert "127.0.0.1" in dns.saw
    assert (tls.check, tls.verdict) == ("tls", Verdict.GOOD)
    assert "valid until 20" in tls.saw
    assert tls.subject == f"Key Vault localhost:{port}"


def test_a_certificate_that_ends_soon_is_a_warning(tmp_path):
    authority = Authority.made_in(tmp_path)
    with tls_server(authority.server(days=(-1, 5))) as port:
        _, tls = findings_for(f"https://127.0.0.1:{port}", ca_file=str(authority.ca_file))

    assert tls.verdict is Verdict.WARNING
    assert "in 4 days" in tls.saw
    assert "renew" in tls.advice


def test_an_unknown_authority_is_wrong_and_the_fix_is_ca_file(contexts):
    with tls_server(contexts.valid) as port:
        _, tls = findings_for(f"https://localhost:{port}")

    assert tls.verdict is Verdict.WRONG
    assert "not trusted" in tls.saw
    assert "valid until 20" in tls.saw
    assert "ca_file" in tls.advice


def test_an_expired_certificate_is_for_its_owner_to_renew(contexts):
    with tls_server(contexts.expired) as port:
        _, tls = findings_for(f"https://localhost:{port}", ca_file=str(contexts.ca_file))

    assert tls.verdict is Verdict.WRONG
    assert "expired" in tls.saw
    assert "renew" in tls.advice


def test_a_ca_file_that_cannot_be_read_is_named():
    _, tls = findings_for("https://localhost:1", ca_file="/no/such/ca.pem")

    assert tls.verdict is Verdict.WRONG
    assert "/no/such/ca.pem" in tls.saw


def test_a_closed_port_is_wrong():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

    for scheme in ("https", "http"):
        _, tls = findings_for(f"{scheme}://127.0.0.1:{port}")
        assert tls.verdict is Verdict.WRONG
        assert "no connection" in tls.saw
        assert "firewall" in tls.advice


def test_a_port_without_tls_is_wrong():
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            connection, _ = listening.accept()
            with connection:
                connection.recv(100)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        _, tls = findings_for(f"https://127.0.0.1:{listening.getsockname()[1]}")
        thread.join()

    assert tls.verdict is Verdict.WRONG
    assert "speaks TLS" in tls.advice


@pytest.mark.parametrize(
    ("host", "advice"),
    [
        ("contoso-a-web.mir.prod.reco.microsoft.com", "retired the hosted service on 2026-03-31"),
        ("contoso.vault.azure.test", "this machine's DNS"),
    ],
)
def test_an_unknown_name_is_wrong_and_the_certificate_is_not_asked_for(host, advice, monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    dns, tls = findings_for(f"https://{host}")

    assert (dns.verdict, tls.verdict) == (Verdict.WRONG, Verdict.SKIPPED)
    assert host in dns.saw
    assert advice in dns.advice
