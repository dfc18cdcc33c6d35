"""The emulator's CA, the certificates it signs, and who may read the keys."""

import stat
from datetime import UTC, datetime

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from irclient.emulator.http.certificates import make_contexts


def test_the_server_is_every_name_of_this_machine(tmp_path):
    make_contexts(tmp_path)
    certificate = x509.load_pem_x509_certificate((tmp_path / "server.pem").read_bytes())
    names = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    assert names.value.get_values_for_type(x509.DNSName) == ["localhost"]
    addresses = [str(each) for each in names.value.get_values_for_type(x509.IPAddress)]
    assert addresses == ["127.0.0.1", "::1"]


def test_the_ca_signs_them_and_one_is_over(tmp_path):
    make_contexts(tmp_path)
    ca = x509.load_pem_x509_certificate((tmp_path / "ca.pem").read_bytes())
    server, expired = (
        x509.load_pem_x509_certificate((tmp_path / f"{name}.pem").read_bytes())
        for name in ("server", "expired")
    )
    server.verify_directly_issued_by(ca)
    expired.verify_directly_issued_by(ca)
    assert expired.not_valid_after_utc < datetime.now(UTC) < server.not_valid_after_utc


def test_keys_are_for_their_owner_alone(tmp_path):
    make_contexts(tmp_path)
    for path in tmp_path.iterdir():
        if path.name != "ca.pem":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_a_folder_keeps_its_ca_so_that_it_is_trusted_once(tmp_path):
    first = make_contexts(tmp_path).ca_file.read_bytes()
    assert make_contexts(tmp_path).ca_file.read_bytes() == first


def test_a_damaged_ca_is_made_anew(tmp_path):
    make_contexts(tmp_path)
    (tmp_path / "ca-key.pem").write_bytes(b"nonsense")
    ca = x509.load_pem_x509_certificate(make_contexts(tmp_path).ca_file.read_bytes())
    server = x509.load_pem_x509_certificate((tmp_path / "server.pem").read_bytes())
    server.verify_directly_issued_by(ca)
