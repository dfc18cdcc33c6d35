"""The doctor at the bedside: set-ups that are broken in one way, each with its own advice.

All run against the emulator, whose vault, Entra and accounts are broken one after the other.
"""

from __future__ import annotations

import base64
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager, suppress

import pytest

from irclient.cli.doctor.examination import examine
from irclient.cli.doctor.finding import Verdict
from tests.certificates import Authority

Emulator = pytest.importorskip("irclient.emulator").Emulator
FakeCooked = pytest.importorskip("tests.emulator.fake_data").FakeCooked

pytestmark = pytest.mark.emulator

#: What a set-up may leave in the environment of the machine that runs the tests.
OF_OTHERS = (
    "IRCLIENT_", "AZURE_", "IDENTITY_", "MSI_", "SSL_CERT", "REQUESTS_", "CURL_",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
)  # fmt: skip


@pytest.fixture(scope="module")
def running():
    with Emulator(cook=FakeCooked) as emulator:
        yield emulator


@pytest.fixture
def emulator(running):
    yield running
    for each in (running.account("contoso-a"), running.account("contoso-b")):
        each.heal()
        each.allow(running.client_id)
        each._account.cycle(None).serve(FakeCooked())
    running.entra.heal()
    running.key_vault.heal()
    running.entra.rotate_secret()
    vault = running._running.vault
    vault.readers |= running._running.vault.readers | {
        running._running.vault_reader.client_id, running._running._identity_application.client_id,
    }  # fmt: skip


class Patient:
    """A machine with the emulator's environment, to be broken."""

    def __init__(self, emulator, monkeypatch, tmp_path, stack):
        self.emulator = emulator
        self.set = monkeypatch.setenv
        self.unset = lambda name: monkeypatch.delenv(name, raising=False)
        self.patch = monkeypatch.setattr
        self.folder = tmp_path
        self.stack = stack
        self.timeout = 5.0

    def examined(self):
        """The findings, by check and subject's first word."""
        return list(examine(None, timeout=self.timeout))

    @property
    def primary(self):
        return self.emulator.account("contoso-a")


@pytest.fixture
def patient(emulator, monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.upper().startswith(OF_OTHERS):
            monkeypatch.delenv(name)
    for name, value in emulator.environment().items():
        monkeypatch.setenv(name, value)
    # One endpoint is enough, and takes half of the time.
    for name in [each for each in os.environ if "SECONDARY" in each]:
        monkeypatch.delenv(name)
    with ExitStack() as stack:
        yield Patient(emulator, monkeypatch, tmp_path, stack)


# ── what servers that are none answer ────────────────────────────────────────────────────────


@contextmanager
def answering(answer, context=None):
    """A server that answers each request in one way."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            answer(self)

        do_HEAD = do_POST = do_CONNECT = do_GET  # noqa: N815

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def status(code, body=b"", **headers):
    def answer(handler):
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)

    return answer


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def unknown_name(patient, *names):
    known = socket.getaddrinfo

    def look(host, *rest, **options):
        if host in names:
            raise socket.gaierror(-2, "Name or service not known")
        return known(host, *rest, **options)

    patient.patch(socket, "getaddrinfo", look)


def jwt(**claims):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none'})}.{part(claims)}.signature"


def use_token(patient, token):
    for name in ("VAULT_URL", "SECRET_NAME", "TENANT_ID", "CLIENT_ID", "AUTHORITY"):
        patient.unset(f"IRCLIENT_CREDENTIAL__{name}")
    patient.set("IRCLIENT_CREDENTIAL__KIND", "token")
    patient.set("IRCLIENT_CREDENTIAL__TOKEN_ENV", "THE_TOKEN")
    patient.set("THE_TOKEN", token)


URL = "IRCLIENT_REGIONS__0__PRIMARY__URL"
VAULT = "IRCLIENT_CREDENTIAL__VAULT_URL"
AUTHORITY = "IRCLIENT_CREDENTIAL__AUTHORITY"

# ── the service ──────────────────────────────────────────────────────────────────────────────


def service_name_unknown(patient):
    patient.set(URL, "https://no-such-host.test")
    unknown_name(patient, "no-such-host.test")


def service_retired(patient):
    patient.unset(URL)
    unknown_name(patient, "contoso-a-web.mir.prod.reco.microsoft.com")


def service_port_closed(patient):
    patient.primary.fail("down")


def service_certificate_expired(patient):
    patient.primary.fail("expired-certificate")


def service_hangs_at_once(patient):
    patient.primary.fail("black-hole:accept")
    patient.timeout = 0.5


def service_hangs(patient):
    patient.primary.fail("black-hole")
    patient.timeout = 0.5


def service_slow(patient):
    patient.primary.fail("slow:5")
    patient.timeout = 0.4


def service_without_tls(patient):
    port = patient.stack.enter_context(answering(status(200)))
    patient.set(URL, f"https://localhost:{port}")


def service_of_another_name(patient):
    known = socket.getaddrinfo
    patient.patch(
        socket,
        "getaddrinfo",
        lambda host, *rest, **options: known(
            "127.0.0.1" if host == "shop.test" else host, *rest, **options
        ),
    )
    patient.set(URL, patient.primary.url.replace("localhost", "shop.test"))


def service_unknown_ca(patient):
    patient.unset("IRCLIENT_CA_FILE")
    patient.unset("SSL_CERT_FILE")
    patient.set("IRCLIENT_CREDENTIAL__CA_FILE", patient.emulator.ca_file)


def service_wrong_ca(patient):
    patient.set("IRCLIENT_CREDENTIAL__CA_FILE", patient.emulator.ca_file)
    patient.set("IRCLIENT_CA_FILE", str(Authority.made_in(patient.folder).ca_file))


def service_401(patient):
    patient.primary.fail("status:401")


def service_403(patient):
    patient.primary.deny(patient.emulator.client_id)


def service_429(patient):
    patient.primary.fail("too-many-requests")


def service_503(patient):
    patient.primary.fail("status:503")


def service_resets(patient):
    patient.primary.fail("reset")


def service_not_cooked(patient):
    patient.primary.uncook()


def service_sign_in_page(patient):
    patient.primary.fail("wrong-type")


def service_redirects(patient):
    patient.primary.fail("redirect")


def service_garbage(patient):
    patient.primary.fail("garbage")


def service_path_in_url(patient):
    patient.set(URL, f"{patient.primary.url}/reco")


def service_url_is_entras(patient):
    patient.set(URL, patient.emulator.authority)


def service_url_is_the_vaults(patient):
    patient.set(URL, patient.emulator.vault_url)


def service_unknown_modeling(patient):
    patient.set("IRCLIENT_REGIONS__0__PRIMARY__MODELING", "no-such-modeling")


# ── the vault ────────────────────────────────────────────────────────────────────────────────


def vault_name_unknown(patient):
    patient.set(VAULT, "https://no-such.vault.test")
    unknown_name(patient, "no-such.vault.test")


def vault_down(patient):
    patient.emulator.key_vault.fail("down")


def vault_in_trouble(patient):
    patient.emulator.key_vault.fail("status:503")


def vault_throttled(patient):
    patient.emulator.key_vault.fail("status:429")


def vault_hangs(patient):
    patient.emulator.key_vault.fail("black-hole")
    patient.timeout = 0.5


def vault_403(patient):
    patient.emulator.key_vault.deny_everybody()


def vault_secret_disabled(patient):
    patient.emulator.key_vault.disable()


def vault_secret_name_wrong(patient):
    patient.set("IRCLIENT_CREDENTIAL__SECRET_NAME", "no-such-secret")


def vault_secret_empty(patient):
    patient.emulator.key_vault.set_secret(" ")


def vault_unknown_ca(patient):
    for name in ("IRCLIENT_CA_FILE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        patient.unset(name)


def vault_ca_in_the_wrong_variable(patient):
    # The service and Entra read SSL_CERT_FILE, the vault's SDK does not.
    patient.unset("IRCLIENT_CA_FILE")
    patient.unset("REQUESTS_CA_BUNDLE")
    patient.set("SSL_CERT_FILE", patient.emulator.ca_file)


def vault_wrong_ca(patient):
    patient.set("IRCLIENT_CREDENTIAL__CA_FILE", str(Authority.made_in(patient.folder).ca_file))


def vault_ca_file_without_a_certificate(patient):
    empty = patient.folder / "empty.pem"
    empty.touch()
    patient.set("IRCLIENT_CREDENTIAL__CA_FILE", str(empty))


def vault_certificate_expired(patient):
    patient.emulator.key_vault.fail("expired-certificate")


def vault_dead_proxy(patient):
    patient.set(VAULT, "https://contoso.vault.test")
    unknown_name(patient, "contoso.vault.test")
    patient.set("HTTPS_PROXY", f"http://127.0.0.1:{free_port()}")
    patient.unset("NO_PROXY")
    patient.unset("no_proxy")


def vault_proxy_refuses(patient):
    vault_dead_proxy(patient)
    port = patient.stack.enter_context(answering(status(407)))
    patient.set("HTTPS_PROXY", f"http://user:proxy-password@127.0.0.1:{port}")


def no_identity(patient):
    patient.unset("IDENTITY_ENDPOINT")
    patient.unset("IDENTITY_HEADER")
    patient.set("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")


# ── Entra ────────────────────────────────────────────────────────────────────────────────────


def entra_name_unknown(patient):
    patient.set(AUTHORITY, "https://login.test")
    unknown_name(patient, "login.test")


def entra_down(patient):
    patient.emulator.entra.fail("down")


def entra_in_trouble(patient):
    patient.emulator.entra.fail("status:503")


def entra_throttled(patient):
    patient.emulator.entra.fail("status:429")


def entra_hangs(patient):
    patient.emulator.entra.fail("slow:9")
    patient.timeout = 0.6


def entra_is_a_sign_in_page(patient):
    patient.emulator.entra.fail("wrong-type")


def entra_is_the_vault(patient):
    patient.set(AUTHORITY, patient.emulator.vault_url)


def entra_wrong_tenant(patient):
    patient.set("IRCLIENT_CREDENTIAL__TENANT_ID", "00000000-0000-0000-0000-000000000009")


def entra_wrong_client(patient):
    patient.set("IRCLIENT_CREDENTIAL__CLIENT_ID", "00000000-0000-0000-0000-000000000009")


def entra_wrong_scope(patient):
    patient.set("IRCLIENT_CREDENTIAL__SCOPE", "https://no-such.test/.default")


def entra_secret_expired(patient):
    patient.emulator.entra.expire_secret()


def entra_secret_stale(patient):
    patient.emulator.entra.rotate_secret(vault="stale")


def entra_certificate_expired(patient):
    patient.emulator.entra.fail("expired-certificate")


# ── tokens and configuration ─────────────────────────────────────────────────────────────────


def token_expired(patient):
    use_token(patient, jwt(aud="x", exp=1_000))


def token_of_another_audience(patient):
    use_token(patient, jwt(aud="x", exp=time.time() + 7200))


def token_in_place_of_its_variable(patient):
    use_token(patient, "x")
    patient.set("IRCLIENT_CREDENTIAL__TOKEN_ENV", jwt(aud="x"))


def configuration_missing(patient):
    for name in [each for each in os.environ if each.startswith("IRCLIENT_")]:
        patient.unset(name)


def configuration_misspelt(patient):
    patient.set("IRCLIENT_CREDENTIAL__TENANTID", "x")


def configuration_without_ca_file(patient):
    patient.set("IRCLIENT_CA_FILE", str(patient.folder / "none.pem"))


def configuration_without_ssl_cert_file(patient):
    patient.unset("IRCLIENT_CA_FILE")
    patient.unset("IRCLIENT_CREDENTIAL__CA_FILE")
    patient.set("SSL_CERT_FILE", str(patient.folder / "none.pem"))


def configuration_with_http(patient):
    patient.set(URL, "http://contoso-a.test")


#: Each set-up, the first check that is wrong in it, and what its advice, or for a configuration
#: its finding, must say.
BROKEN = [
    (service_name_unknown, "dns", "spelling"),
    (service_retired, "dns", "retired"),
    (service_port_closed, "tls", "the service runs"),
    (service_certificate_expired, "tls", "renew"),
    (service_hangs_at_once, "tls", "firewall"),
    (service_hangs, "endpoint", "overloaded"),
    (service_slow, "endpoint", "overloaded"),
    (service_without_tls, "tls", "speaks TLS"),
    (service_of_another_name, "tls", "host name"),
    (service_unknown_ca, "tls", "SSL_CERT_FILE"),
    (service_wrong_ca, "tls", "other authorities"),
    (service_401, "endpoint", "endpoint authentication"),
    (service_403, "endpoint", "add the App ID"),
    (service_429, "endpoint", "give each its share"),
    (service_503, "endpoint", "the service runs"),
    (service_resets, "endpoint", "the service runs"),
    (service_not_cooked, "endpoint", "irclient trigger"),
    (service_sign_in_page, "endpoint", "that of a service endpoint"),
    (service_redirects, "endpoint", "that of a service endpoint"),
    (service_garbage, "endpoint", "that of a service endpoint"),
    (service_path_in_url, "endpoint", "take the path '/reco' off"),
    (service_url_is_entras, "endpoint", "that of Entra"),
    (service_url_is_the_vaults, "endpoint", "that of Key Vault"),
    (service_unknown_modeling, "endpoint", "modeling component, 'no-such-modeling'"),
    (vault_name_unknown, "dns", "spelling"),
    (vault_down, "secret", "firewall and private endpoint"),
    (vault_in_trouble, "secret", "status of Azure"),
    (vault_throttled, "secret", "asked too often"),
    (vault_hangs, "secret", "--timeout"),
    (vault_403, "secret", "Key Vault Secrets User"),
    (vault_secret_disabled, "secret", "enable the secret"),
    (vault_secret_name_wrong, "secret", "secret_name"),
    (vault_secret_empty, "secret", "set the application's secret"),
    (vault_unknown_ca, "secret", "REQUESTS_CA_BUNDLE"),
    (vault_ca_in_the_wrong_variable, "secret", "REQUESTS_CA_BUNDLE"),
    (vault_wrong_ca, "tls", "other authorities"),
    (vault_wrong_ca, "secret", "other authorities"),
    (vault_ca_file_without_a_certificate, "secret", "a PEM file that holds"),
    (vault_certificate_expired, "tls", "renew"),
    (vault_dead_proxy, "secret", "HTTPS_PROXY"),
    (vault_proxy_refuses, "tls", "HTTPS_PROXY"),
    (no_identity, "secret", "identity"),
    (entra_name_unknown, "dns", "spelling"),
    (entra_down, "tls", "the service runs"),
    (entra_down, "token", "the service runs"),
    (entra_in_trouble, "token", "status of Azure"),
    (entra_throttled, "token", "asked too often"),
    (entra_hangs, "token", "--timeout"),
    (entra_is_a_sign_in_page, "token", "sign-in page"),
    (entra_is_the_vault, "token", "check authority"),
    (entra_wrong_tenant, "token", "tenant_id"),
    (entra_wrong_client, "token", "client_id"),
    (entra_wrong_scope, "token", "scope"),
    (entra_secret_expired, "token", "create a new one"),
    (entra_secret_stale, "token", "current secret"),
    (entra_certificate_expired, "tls", "renew"),
    (token_in_place_of_its_variable, "configuration", "must name a variable with a token in it"),
    (token_expired, "token", "fetch a new token"),
    (token_of_another_audience, "endpoint", "scope"),
    (configuration_missing, "configuration", "IRCLIENT_PRIMARY"),
    (configuration_misspelt, "configuration", "did you mean"),
    (configuration_without_ca_file, "configuration", "PEM file"),
    (configuration_without_ssl_cert_file, "configuration", "leave the variable out"),
    (configuration_with_http, "configuration", "https"),
]


@pytest.mark.parametrize(
    ("breaks", "check", "words"), BROKEN, ids=lambda each: getattr(each, "__name__", None)
)
def test_a_broken_setup_is_found_with_the_advice_that_mends_it(patient, breaks, check, words):
    breaks(patient)

    findings = patient.examined()

    wrong = [each for each in findings if each.verdict is Verdict.WRONG]
    assert wrong
    assert all(each.advice for each in wrong), wrong
    of_this_kind = [each for each in wrong if each.check == check]
    assert of_this_kind, wrong
    said = of_this_kind[0].saw if check == "configuration" else of_this_kind[0].advice
    assert words in said
    assert "proxy-password" not in repr(findings)


@pytest.mark.parametrize("breaks", [service_403, service_429, no_identity])
def test_the_command_says_what_is_wrong_and_nothing_beside_it(patient, breaks):
    breaks(patient)

    done = subprocess.run(
        [sys.executable, "-m", "irclient", "doctor"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (1, "")
    assert "1 thing is wrong" in done.stdout


@pytest.mark.parametrize(("hours", "saw"), [(-2, "2 h 0 min ahead of"), (2, "2 h 0 min behind")])
def test_a_machine_whose_clock_is_off_is_told_so(patient, hours, saw):
    with Emulator(
        cook=FakeCooked, clock=lambda: time.time() + hours * 3600, token_lifetime=3600.0
    ) as there:
        for name, value in there.environment().items():
            if "SECONDARY" not in name:
                patient.set(name, value)
        findings = patient.examined()

    [clock] = [each for each in findings if each.check == "clock"]
    assert clock.verdict is Verdict.WRONG
    assert saw in clock.saw
    assert "set this machine's clock" in clock.advice
    tokens = [each for each in findings if each.check == "token" and each.advice]
    assert all("clock" in each.advice for each in tokens)
    assert len(tokens) == (1 if hours < 0 else 0)


def tunnel_to(port):
    """An answer to CONNECT that leads to another port of this machine, whatever was asked for."""

    def answer(handler):
        with socket.create_connection(("127.0.0.1", port)) as onward:
            handler.send_response(200)
            handler.end_headers()
            pump = threading.Thread(target=copy, args=(onward, handler.connection))
            pump.start()
            copy(handler.connection, onward)
            pump.join()

    return answer


def copy(source, target):
    with suppress(OSError):
        while chunk := source.recv(65_536):
            target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def test_a_host_behind_a_proxy_is_looked_at_by_way_of_it(patient):
    # Its name means nothing to this machine: only the proxy knows it.
    vault_dead_proxy(patient)
    onward = int(patient.emulator.vault_url.rpartition(":")[2])
    port = patient.stack.enter_context(answering(tunnel_to(onward)))
    patient.set("HTTPS_PROXY", f"http://127.0.0.1:{port}")

    name, connection = [each for each in patient.examined() if "Key Vault" in each.subject][:2]

    assert name.verdict is Verdict.GOOD
    assert name.subject.endswith(f"by way of the proxy 127.0.0.1:{port}")
    # The emulator's certificate is for localhost: it was shown through the tunnel.
    assert "localhost" in connection.saw
    assert "host name" in connection.advice


def test_what_ends_soon_is_a_warning_and_no_failure(patient):
    secret = patient.emulator._running.application.secret
    patient.emulator.key_vault.set_secret(secret, ends_at=time.time() + 86_400 * 3.2)

    findings = patient.examined()

    [warned] = [each for each in findings if each.verdict is not Verdict.GOOD]
    assert (warned.check, warned.verdict) == ("secret", Verdict.WARNING)
    assert "in 3 days" in warned.saw
    assert "new secret" in warned.advice
    assert secret not in repr(findings)


def test_the_unbroken_setup_is_well(patient):
    assert {each.verdict for each in patient.examined()} == {Verdict.GOOD}


def test_a_variable_that_is_none_of_ours_is_warned_of(patient):
    patient.set("IRCLIENT_ZEBRA", "12")
    _, warned, *_ = patient.examined()
    assert (warned.check, warned.verdict) == ("configuration", Verdict.WARNING)
    assert warned.saw == "IRCLIENT_ZEBRA is not a variable of irclient and is not used"
    assert "page Configuration" in warned.advice


def test_a_variable_that_has_words_of_ours_is_told_which_were_meant(patient):
    patient.set("IRCLIENT_TIMEOUT", "5")
    _, warned, *_ = patient.examined()
    assert warned.saw == "IRCLIENT_TIMEOUT is not a variable of irclient and is not used"
    assert "IRCLIENT_SETTINGS__TIMEOUTS__DEADLINE" in warned.advice


def test_each_thing_that_is_wrong_with_a_configuration_is_a_finding_of_its_own(patient):
    patient.set("IRCLIENT_REGIONS__0__PRIMARY__TPS", "many")
    patient.set("IRCLIENT_SETTINGS__TIMEOUTS__DEADLINE", "soon")
    patient.unset("IRCLIENT_CREDENTIAL__TENANT_ID")

    findings = patient.examined()

    assert {each.verdict for each in findings} == {Verdict.WRONG}
    assert [each.saw.partition(" ")[0] for each in findings] == [
        "IRCLIENT_REGIONS__0__PRIMARY__TPS",
        "IRCLIENT_TENANT_ID",
        "IRCLIENT_SETTINGS__TIMEOUTS__DEADLINE",
    ]


def test_what_is_wrong_with_a_file_does_not_name_it_once_more(patient):
    file = patient.folder / "irclient.toml"
    file.write_text("port = 1\n", encoding="utf-8")

    findings = list(examine(file, timeout=1.0))

    assert all(each.subject == str(file) for each in findings)
    assert [each.saw.partition(" ")[0] for each in findings] == [
        "regions",
        "credential.kind",
        "port",
    ]
    [absent] = examine(patient.folder / "none.toml", timeout=1.0)
    assert absent.saw.startswith("cannot be read: ")


def test_a_host_that_is_not_reached_is_told_with_the_variable_that_names_it(patient):
    closed = f"https://localhost:{free_port()}"
    patient.set(URL, closed)
    patient.set(AUTHORITY, closed)
    patient.set(VAULT, "https://no-such.vault.test")
    unknown_name(patient, "no-such.vault.test")

    advice = {
        each.subject.rpartition(" ")[0]: each.advice
        for each in patient.examined()
        if each.check in {"dns", "tls"} and each.verdict is Verdict.WRONG
    }

    for purpose, variable in {"Key Vault": VAULT, "Entra": AUTHORITY, "contoso-a/web": URL}.items():
        assert f" in {variable}, " in advice[purpose]
