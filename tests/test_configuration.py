"""Configuration: one schema for files and variables; what is wrong is named as it was written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib

import pytest

import irclient.configuration
from irclient.auth import KeyVaultCredential, StaticToken
from irclient.configuration import Configuration, describe, short_forms
from irclient.errors import ConfigurationError
from irclient.settings import Settings
from irclient.topology import Pair, ServiceEndpoint

VAULT = {
    "IRCLIENT_VAULT_URL": "https://contoso.vault.azure.net",
    "IRCLIENT_SECRET_NAME": "ir-web",
    "IRCLIENT_TENANT_ID": "contoso.onmicrosoft.com",
    "IRCLIENT_CLIENT_ID": "11111111-2222-3333-4444-555555555555",
}
ONE = {"IRCLIENT_PRIMARY": "contoso-a/web", "IRCLIENT_TPS": "100", "IRCLIENT_TOKEN": "hush"}
FILE = """
[[regions]]
[regions.primary]
account = "contoso-a"
name = "web"
tps = 100

[credential]
kind = "token"
token_env = "MY_TOKEN"
"""


@pytest.fixture
def read_file(tmp_path, monkeypatch):
    monkeypatch.setenv("MY_TOKEN", "hush")
    monkeypatch.chdir(tmp_path)

    def read(text: str) -> Configuration:
        (tmp_path / "irclient.toml").write_text(text, encoding="utf-8")
        return Configuration.from_file("irclient.toml")

    return read


def refusal(read, *arguments, **named) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(*arguments, **named)
    return str(caught.value)


def variables(**given: str) -> dict[str, str]:
    return {f"IRCLIENT_{name}": value for name, value in given.items()}


# -- what is read


def test_a_file_makes_endpoints_credential_and_settings(read_file):
    read = read_file(FILE + "[settings.timeouts]\ndeadline = 2.5\n[settings.hedging]\nafter = 1\n")
    assert read.endpoints == ServiceEndpoint("contoso-a", "web", tps=100)
    assert isinstance(read.credential, StaticToken)
    assert read.settings.timeouts.deadline == 2.5
    assert read.settings.timeouts.attempt == Settings().timeouts.attempt
    assert read.settings.hedging.after == 1.0
    assert read.ca_file is None


def test_the_example_of_the_documentation_is_a_configuration(tmp_path):
    text = irclient.configuration.__doc__ or ""
    example = re.search(r"```toml\n(.*?)```", text, re.DOTALL)
    assert example is not None
    path = tmp_path / "irclient.toml"
    (tmp_path / "ca.pem").write_text("", encoding="utf-8")
    without_ca = re.sub(r"^ca_file.*$", "", example[1], flags=re.MULTILINE)
    path.write_text(without_ca, encoding="utf-8")
    read = Configuration.from_file(path)
    assert isinstance(read.endpoints, Pair)
    assert isinstance(read.credential, KeyVaultCredential)
    assert tomllib.loads(example[1])["ca_file"] == "ca.pem"


def test_short_forms_make_a_pair_with_a_key_vault():
    read = Configuration.from_env(
        {
            "IRCLIENT_PRIMARY": "contoso-a/web",
            "IRCLIENT_SECONDARY": "contoso-b/web",
            "IRCLIENT_TPS": "50",
            "IRCLIENT_MODELING": "adw",
            "IRCLIENT_SECONDARY_URL": "https://localhost:8443",
            "IRCLIENT_DEADLINE": "1.5",
            **VAULT,
        }
    )
    assert read.endpoints == Pair(
        ServiceEndpoint("contoso-a", "web", tps=50, modeling="adw"),
        ServiceEndpoint("contoso-b", "web", tps=50, modeling="adw", url="https://localhost:8443"),
    )
    assert isinstance(read.credential, KeyVaultCredential)
    assert read.settings.timeouts.deadline == 1.5


def test_the_tps_of_a_pair_does_not_invent_a_secondary():
    assert Configuration.from_env(ONE).endpoints == ServiceEndpoint("contoso-a", "web", tps=100)


def test_every_key_of_the_file_has_a_variable():
    read = Configuration.from_env(
        variables(
            REGIONS__0__PRIMARY__ACCOUNT="a",
            REGIONS__0__PRIMARY__NAME="web",
            REGIONS__0__PRIMARY__TPS="1",
            REGIONS__1__PRIMARY__ACCOUNT="c",
            REGIONS__1__PRIMARY__NAME="web",
            REGIONS__1__PRIMARY__TPS="2.5",
            REGIONS__1__PRIMARY__REGION="West Europe",
            CREDENTIAL__KIND="token",
            CREDENTIAL__TOKEN_ENV="ELSEWHERE",
            SETTINGS__RETRIES__MAX_ATTEMPTS="2",
            SETTINGS__CACHING__ENABLED="false",
        )
        | {"ELSEWHERE": "hush"}
    )
    assert read.endpoints == (
        ServiceEndpoint("a", "web", tps=1),
        ServiceEndpoint("c", "web", tps=2.5, region="West Europe"),
    )
    assert read.settings.retries.max_attempts == 2
    assert not read.settings.caching.enabled


def test_variables_win_over_the_file_that_irclient_config_names(tmp_path):
    path = tmp_path / "irclient.toml"
    path.write_text(FILE + "[settings.timeouts]\nattempt = 0.5\n", encoding="utf-8")
    read = Configuration.from_env(
        {
            "IRCLIENT_CONFIG": str(path),
            "IRCLIENT_TPS": "7",
            "IRCLIENT_DEADLINE": "9",
            "MY_TOKEN": "hush",
        }
    )
    assert read.endpoints == ServiceEndpoint("contoso-a", "web", tps=7)
    assert (read.settings.timeouts.deadline, read.settings.timeouts.attempt) == (9.0, 0.5)


def test_variables_of_another_kind_replace_the_files_credential(tmp_path):
    path = tmp_path / "irclient.toml"
    path.write_text(FILE, encoding="utf-8")
    read = Configuration.from_env({"IRCLIENT_CONFIG": str(path), **VAULT})
    assert isinstance(read.credential, KeyVaultCredential)


def test_an_empty_variable_counts_as_not_set():
    empty = {"IRCLIENT_SECONDARY": "", "IRCLIENT_MODELING": " "}
    assert Configuration.from_env(ONE | empty) is not None
    assert Configuration.from_env(ONE | empty).endpoints == Configuration.from_env(ONE).endpoints


def test_the_environment_of_the_process_is_read_when_none_is_given(monkeypatch):
    for name, value in ONE.items():
        monkeypatch.setenv(name, value)
    assert Configuration.from_env().endpoints == ServiceEndpoint("contoso-a", "web", tps=100)


def test_a_ca_file_is_looked_for_beside_the_file_that_names_it(tmp_path, monkeypatch):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "ca.pem").write_text("", encoding="utf-8")
    (tmp_path / "conf" / "irclient.toml").write_text('ca_file = "ca.pem"' + FILE, encoding="utf-8")
    monkeypatch.setenv("MY_TOKEN", "hush")
    monkeypatch.chdir(tmp_path)
    assert Configuration.from_file("conf/irclient.toml").ca_file == "conf/ca.pem"


def test_the_ca_file_is_trusted_for_key_vault_as_well_unless_that_has_its_own(tmp_path):
    ours, theirs = tmp_path / "ours.pem", tmp_path / "theirs.pem"
    for path in (ours, theirs):
        path.write_text("", encoding="utf-8")
    one = {**ONE, **VAULT, "IRCLIENT_TOKEN": "", "IRCLIENT_CA_FILE": str(ours)}
    assert str(ours) in repr(Configuration.from_env(one).credential)
    read = Configuration.from_env(one | {"IRCLIENT_CREDENTIAL__CA_FILE": str(theirs)})
    assert (read.ca_file, str(theirs) in repr(read.credential)) == (str(ours), True)


def test_a_secondary_of_the_file_gets_the_tps_of_the_variable(tmp_path):
    path = tmp_path / "irclient.toml"
    secondary = "[regions.secondary]\naccount = 'b'\nname = 'web'\ntps = 1\n"
    path.write_text(FILE.replace("[credential]", secondary + "[credential]"), encoding="utf-8")
    read = Configuration.from_env(
        {"IRCLIENT_CONFIG": str(path), "IRCLIENT_TPS": "7", "MY_TOKEN": "hush"}
    )
    assert (read.endpoints.primary.tps, read.endpoints.secondary.tps) == (7.0, 7.0)


class Asked:
    def __init__(self, asked):
        self.get_token = self.get_token_info = lambda *scopes: asked.append(scopes)


def test_a_scope_for_azure_identity_is_the_one_it_is_asked_for(read_file):
    asked = []
    read = read_file(
        FILE.replace('"token"', '"azure"').replace('token_env = "MY_TOKEN"', 'scope = "x/.default"')
    )
    credential = read.credential
    credential._credential = Asked(asked)
    credential.get_token("y/.default")
    credential.get_token_info("y/.default")
    assert asked == [("x/.default",)] * 2


# -- what is wrong, and how it is named


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, ["no service endpoint is configured", "IRCLIENT_PRIMARY", "IRCLIENT_CONFIG"]),
        ({"IRCLIENT_PRIMARY": "a/web"}, ["IRCLIENT_TPS", "is missing", "no credential"]),
        (ONE | {"IRCLIENT_TPS": ""}, ["IRCLIENT_TPS", "REGIONS__0__PRIMARY__TPS", "missing"]),
        (ONE | {"IRCLIENT_PRIMARY": "a"}, ["IRCLIENT_PRIMARY", "'account/name'", "'a'"]),
        (ONE | {"IRCLIENT_PRIMARY": "é/web"}, ["IRCLIENT_PRIMARY", "letters, digits", "'é'"]),
        (ONE | {"IRCLIENT_TPS": "many"}, ["IRCLIENT_TPS must be a valid number", "'many'"]),
        (ONE | {"IRCLIENT_TPS": "0"}, ["IRCLIENT_TPS must be greater than 0", "'0'"]),
        (ONE | {"IRCLIENT_DEADLINE": "-1"}, ["IRCLIENT_DEADLINE must be greater than 0", "'-1'"]),
        (
            ONE | {"IRCLIENT_PRIMARY_URL": "http://example.com"},
            ["IRCLIENT_PRIMARY_URL must use https", "'http://example.com'", "loopback"],
        ),
        (ONE | {"IRCLIENT_PRIMAY": "x"}, ["IRCLIENT_PRIMAY is not a", "mean 'IRCLIENT_PRIMARY'"]),
        (
            ONE | variables(REGIONS__3__PRIMARY__ACOUNT="x"),
            ["mean 'IRCLIENT_REGIONS__3__PRIMARY__ACCOUNT'"],
        ),
        (
            ONE | variables(REGIONS__0__PRIMARY__TPS="1"),
            ["IRCLIENT_TPS and IRCLIENT_REGIONS__0__PRIMARY__TPS both set", "keep one"],
        ),
        (
            ONE | variables(REGIONS__2__PRIMARY__TPS="1"),
            ["IRCLIENT_REGIONS__2__PRIMARY__TPS", "number 2 comes without 1", "without a gap"],
        ),
        (ONE | VAULT, ["IRCLIENT_TOKEN", "IRCLIENT_VAULT_URL", "two kinds of credential"]),
        (
            ONE | {"IRCLIENT_CREDENTIAL__KIND": "vault", "IRCLIENT_TOKEN": ""},
            ["IRCLIENT_CREDENTIAL__KIND", "'vault'", "mean 'key_vault'"],
        ),
        (
            ONE | {"IRCLIENT_CREDENTIAL__KIND": "azure"},
            ["IRCLIENT_TOKEN goes with credential.kind 'token'", "remove it"],
        ),
        (
            {**ONE, **VAULT, "IRCLIENT_TOKEN": "", "IRCLIENT_CLIENT_ID": ""},
            ["IRCLIENT_CLIENT_ID (or IRCLIENT_CREDENTIAL__CLIENT_ID) is missing"],
        ),
        (
            {**ONE, **VAULT, "IRCLIENT_TOKEN": "", "IRCLIENT_VAULT_URL": "http://example.com"},
            ["IRCLIENT_VAULT_URL", "https"],
        ),
        (
            ONE | variables(CREDENTIAL__TOKEN_ENV="ELSEWHERE", TOKEN="", CREDENTIAL__KIND="token"),
            ["IRCLIENT_CREDENTIAL__TOKEN_ENV", "the variable ELSEWHERE is not set"],
        ),
        (ONE | {"IRCLIENT_CA_FILE": "no.pem"}, ["IRCLIENT_CA_FILE", "no file 'no.pem'", "PEM"]),
        (ONE | {"IRCLIENT_SECONDARY": "contoso-a/web"}, ["regions", "named twice"]),
        (ONE | {"IRCLIENT_CONFIG": "no.toml"}, ["'no.toml'", "cannot be read", "existing TOML"]),
    ],
)
def test_a_wrong_variable_is_named_with_its_value_and_the_fix(given, words):
    message = refusal(Configuration.from_env, given)
    assert [word for word in words if word not in message] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["irclient.toml: regions is missing", "[[regions]]", "credential.kind is missing"]),
        ("a =\nb = 1", ["irclient.toml: not TOML", "line 1"]),
        (FILE.replace("[[regions]]", "[regions]"), ["regions must be a list", "[[regions]]"]),
        (FILE.replace("tps", "tsp"), ["regions[0].primary.tsp is not a key", "mean 'tps'"]),
        (FILE.replace("tps = 100", ""), ["regions[0].primary.tps is missing", "per second"]),
        (FILE.replace("100", "true"), ["irclient.toml: regions[0].primary.tps must not be true"]),
        (FILE + "[settings.timeout]\n", ["settings.timeout is not a key", "mean 'timeouts'"]),
        (
            FILE + "[settings.timeouts]\ndeadline = '3 s'\nattempts = 1",
            [
                "irclient.toml: settings.timeouts.deadline must be a valid number",
                "'3 s'",
                "settings.timeouts.attempts is not a key",
                "mean 'attempt'",
            ],
        ),
        (FILE + "vault_url = 'x'", ["credential.vault_url goes with credential.kind 'key_vault'"]),
        (FILE.replace('"token"', '"tokens"'), ["credential.kind: 'tokens'", "mean 'token'"]),
        (FILE.replace("[regions.primary]", "[regions.first]"), ["regions[0].first is not a key"]),
        ("regions = 3\n" + FILE[FILE.index("[cred") :], ["irclient.toml: regions must be a list"]),
    ],
)
def test_a_wrong_key_of_a_file_is_named_with_its_value_and_the_fix(read_file, text, words):
    message = refusal(read_file, text)
    assert [word for word in words if word not in message] == []


@pytest.mark.parametrize(
    "key", ["token", "client_secret", "password", "secret_name", "clientsecret"]
)
def test_a_secret_in_a_file_is_refused_and_never_shown(read_file, key):
    message = refusal(read_file, FILE + f"{key} = 'hunter2'")
    assert f"credential.{key}" in message
    assert "hunter2" not in message


@pytest.mark.parametrize(
    "name", ["IRCLIENT_CLIENT_SECRET", "IRCLIENT_CREDENTIAL__TOKEN", "IRCLIENT_TOKENS"]
)
def test_a_secret_in_a_variable_we_do_not_know_is_never_shown(name):
    message = refusal(Configuration.from_env, ONE | {name: "hunter2"})
    assert name in message
    assert "hunter2" not in message


SECRETS = {
    "of Entra": "abc8Q~dEfGhIjKlMnOpQrStUvWxYz0123456789_.",
    "a token": f"eyJ{'a' * 40}.eyJ{'b' * 40}.{'c' * 40}",
    "a password": "hunter2 and more",
}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize(
    "variable",
    [
        "IRCLIENT_SECRET_NAME",
        "IRCLIENT_CLIENT_ID",
        "IRCLIENT_TENANT_ID",
        "IRCLIENT_VAULT_URL",
        "IRCLIENT_CREDENTIAL__AUTHORITY",
        "IRCLIENT_CREDENTIAL__SCOPE",
        "IRCLIENT_CREDENTIAL__KIND",
    ],
)
def test_a_secret_in_the_wrong_variable_is_refused_by_name_and_never_shown(variable, secret):
    given = {**ONE, **VAULT, "IRCLIENT_TOKEN": "", variable: secret}
    message = refusal(Configuration.from_env, given)
    assert variable in message
    assert secret not in message


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_a_token_in_place_of_its_variables_name_is_never_shown(secret):
    given = {**ONE, "IRCLIENT_TOKEN": "", "IRCLIENT_CREDENTIAL__KIND": "token"}
    message = refusal(Configuration.from_env, given | variables(CREDENTIAL__TOKEN_ENV=secret))
    assert "IRCLIENT_CREDENTIAL__TOKEN_ENV" in message
    assert secret not in message


@pytest.mark.parametrize("where", ["", "[settings]\n"])
@pytest.mark.parametrize("key", ["client_secret", "password", "token"])
def test_a_key_for_a_secret_is_answered_with_where_secrets_belong(read_file, where, key):
    line = f"{where}{key} = 'hunter2'\n"
    message = refusal(read_file, FILE + line if where else line + FILE)
    assert "Key Vault" in message
    assert "did you mean" not in message
    assert "hunter2" not in message


def test_a_variable_for_a_secret_is_answered_with_where_secrets_belong():
    message = refusal(Configuration.from_env, ONE | {"IRCLIENT_CLIENT_SECRET": "hunter2"})
    assert "IRCLIENT_CLIENT_SECRET" in message
    assert "Key Vault" in message
    assert "CLIENT_ID" not in message


def test_a_token_that_cannot_be_sent_is_laid_to_the_variable_that_holds_it():
    assert refusal(Configuration.from_env, ONE | {"IRCLIENT_TOKEN": "a b"}).startswith(
        "IRCLIENT_TOKEN: StaticToken"
    )


OF_KUBERNETES = {
    "IRCLIENT_SERVICE_HOST": "10.0.0.7",
    "IRCLIENT_SERVICE_PORT": "443",
    "IRCLIENT_SERVICE_PORT_HTTPS": "443",
    "IRCLIENT_PORT": "tcp://10.0.0.7:443",
    "IRCLIENT_PORT_443_TCP": "tcp://10.0.0.7:443",
    "IRCLIENT_PORT_443_TCP_PROTO": "tcp",
    "IRCLIENT_PORT_443_TCP_PORT": "443",
    "IRCLIENT_PORT_443_TCP_ADDR": "10.0.0.7",
    # Of Services called irclient-tps, and irclient-token.
    "IRCLIENT_TPS_SERVICE_HOST": "10.0.0.8",
    "IRCLIENT_TPS_PORT": "tcp://10.0.0.8:80",
    "IRCLIENT_TOKEN_PORT_80_UDP_ADDR": "10.0.0.9",
}


def test_what_kubernetes_makes_of_a_service_of_our_name_is_left_alone():
    assert Configuration.from_env(ONE | OF_KUBERNETES).endpoints == (
        Configuration.from_env(ONE).endpoints
    )


@pytest.mark.parametrize("name", ["LOG_LEVEL", "PORT", "IMAGE__TAG", "HOME", "VERSION"])
def test_a_variable_that_is_nothing_like_ours_is_warned_of_and_not_used(name):
    with pytest.warns(UserWarning, match=f"IRCLIENT_{name} is not a variable") as warned:
        read = Configuration.from_env(ONE | {f"IRCLIENT_{name}": "hunter2"})
    assert read.endpoints == ServiceEndpoint("contoso-a", "web", tps=100)
    assert "hunter2" not in str(warned[0].message)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PRIMARI", "IRCLIENT_PRIMARY"),
        ("TENANT", "IRCLIENT_TENANT_ID"),
        ("TP", "IRCLIENT_TPS"),
        ("SETTINGS__TIMEOUTS__DEADLIN", "IRCLIENT_SETTINGS__TIMEOUTS__DEADLINE"),
        ("SETTINGS_TIMEOUTS_DEADLINE", "IRCLIENT_SETTINGS__TIMEOUTS__DEADLINE"),
    ],
)
def test_a_misspelling_of_ours_is_refused_with_what_was_meant(name, meant):
    message = refusal(Configuration.from_env, ONE | {f"IRCLIENT_{name}": "hunter2"})
    assert f"IRCLIENT_{name} is not a variable of irclient; did you mean '{meant}'?" in message


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
def test_a_file_may_begin_with_the_mark_of_windows_editors(tmp_path, monkeypatch, mark):
    monkeypatch.setenv("MY_TOKEN", "hush")
    path = tmp_path / "irclient.toml"
    path.write_bytes(mark + FILE.replace("\n", "\r\n").encode())
    assert Configuration.from_file(path).endpoints == ServiceEndpoint("contoso-a", "web", tps=100)


@pytest.mark.parametrize(
    ("contents", "words"),
    [
        (FILE.encode("utf-16"), "UTF-16; save it as UTF-8"),
        (b"a = '\xff'", "save it as UTF-8"),
        (b"a = " + b"[" * 100_000, "nested too deep"),
    ],
)
def test_a_file_that_cannot_be_read_as_toml_says_what_to_do(tmp_path, contents, words):
    path = tmp_path / "irclient.toml"
    path.write_bytes(contents)
    message = refusal(Configuration.from_file, path)
    assert str(path) in message
    assert words in message


@pytest.mark.parametrize("path", ["a\0b", "~nobody-of-that-name/irclient.toml", None, "."])
def test_a_path_that_no_file_can_have_is_a_configuration_error(path):
    assert "cannot be read" in refusal(Configuration.from_file, path)


@pytest.mark.skipif(os.name != "posix", reason="rights of other users are those of POSIX")
@pytest.mark.parametrize(("file", "folder"), [(0o666, 0o755), (0o644, 0o777)])
def test_a_configuration_that_anybody_may_write_is_warned_of(tmp_path, monkeypatch, file, folder):
    monkeypatch.setenv("MY_TOKEN", "hush")
    path = tmp_path / "conf" / "irclient.toml"
    path.parent.mkdir()
    path.write_text(FILE, encoding="utf-8")
    path.chmod(file)
    path.parent.chmod(folder)
    with pytest.warns(UserWarning, match="every user of this machine"):
        Configuration.from_file(path)


@pytest.mark.skipif(os.name != "posix", reason="rights of other users are those of POSIX")
def test_a_file_of_ones_own_in_a_shared_temporary_folder_is_not_warned_of(tmp_path, monkeypatch):
    monkeypatch.setenv("MY_TOKEN", "hush")
    path = tmp_path / "tmp" / "irclient.toml"
    path.parent.mkdir()
    path.write_text(FILE, encoding="utf-8")
    path.parent.chmod(0o1777)
    assert Configuration.from_file(path) is not None


URL = "https://old.example"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({"IRCLIENT_PRIMARY": "other/web"}, "https://other-web.mir.prod.reco.microsoft.com"),
        ({"IRCLIENT_PRIMARY": "contoso-a/web"}, URL),
        ({"IRCLIENT_PRIMARY": "other/web", "IRCLIENT_PRIMARY_URL": "https://new"}, "https://new"),
        (
            variables(REGIONS__0__PRIMARY__ACCOUNT="other"),
            "https://other-web.mir.prod.reco.microsoft.com",
        ),
        ({"IRCLIENT_TPS": "3"}, URL),
    ],
)
def test_another_endpoint_from_the_environment_does_not_inherit_the_files_url(tmp_path, given, url):
    path = tmp_path / "irclient.toml"
    path.write_text(FILE.replace("tps", f"url = '{URL}'\ntps"), encoding="utf-8")
    read = Configuration.from_env({"IRCLIENT_CONFIG": str(path), "MY_TOKEN": "hush", **given})
    assert read.endpoints.url == url


def test_a_password_in_a_url_is_never_shown(read_file):
    with_password = FILE.replace("tps = 100", "tps = 100\nurl = 'https://me:hunter2@host'")
    message = refusal(read_file, with_password)
    assert "regions[0].primary.url must not carry credentials" in message
    assert "hunter2" not in message


@pytest.mark.parametrize(
    "variable", ["IRCLIENT_PRIMARY", "IRCLIENT_TPS", "IRCLIENT_DEADLINE", "IRCLIENT_FLEET__WORKERS"]
)
def test_a_password_in_a_url_in_the_wrong_variable_is_never_shown(variable):
    given = {**ONE, **variables(FLEET__URL="redis://h", FLEET__NAME="n", FLEET__WORKERS="1")}
    message = refusal(Configuration.from_env, {**given, variable: "https://me:hunter2@host"})
    assert variable in message
    assert "@host" in message
    assert "hunter2" not in message


def test_a_password_in_place_of_account_and_name_is_never_shown():
    message = refusal(Configuration.from_env, {**ONE, "IRCLIENT_PRIMARY": "me:hunter2@host"})
    assert message == "IRCLIENT_PRIMARY must be 'account/name', got '…@host'"


def test_a_token_is_in_no_repr():
    assert "hush" not in repr(Configuration.from_env(ONE))


def test_a_variable_cannot_reach_into_a_value(tmp_path):
    path = tmp_path / "irclient.toml"
    path.write_text("regions = 3", encoding="utf-8")
    message = refusal(Configuration.from_env, {**ONE, "IRCLIENT_CONFIG": str(path)})
    assert "IRCLIENT_PRIMARY cannot be set" in message


# -- the table for the documentation


def test_the_table_has_every_setting_that_a_file_can_hold_with_its_meaning_and_default():
    rows = {row.key: row for row in describe()}
    for group, field in Settings.model_fields.items():
        for name, setting in field.annotation.model_fields.items():
            if (group, name) == ("retries", "wait"):
                continue  # A function: it can only be set in Python.
            row = rows[f"settings.{group}.{name}"]
            assert row.meaning, row.key
            assert row.variable == f"IRCLIENT_SETTINGS__{group}__{name}".upper()
            if isinstance(setting.default, int | float) and not isinstance(setting.default, bool):
                assert float(row.default) == setting.default
    assert rows["regions[N].primary.account"].default == "required"
    assert rows["credential.vault_url"].kinds == ("key_vault",)
    assert all(row.meaning and row.type and row.default for row in rows.values())


def test_every_short_form_stands_for_keys_of_the_table():
    known = {row.variable for row in describe()}
    for form in short_forms():
        for path in form.paths:
            parts = ["N" if isinstance(part, int) else part.upper() for part in path]
            assert "IRCLIENT_" + "__".join(parts) in known


def test_importing_it_loads_no_identity_library_and_no_schema():
    code = (
        "import irclient.configuration, sys; "
        "print([m for m in ('azure', 'msal', 'requests', 'cryptography', 'tomllib', "
        "'irclient.configuration.schema') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_values_of_a_program_are_read_as_a_file_and_named_as_it_says(monkeypatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "hush")
    values = {
        "regions": ({"primary": {"account": "contoso-a", "name": "web", "tps": 100}},),
        "credential": {"kind": "token", "token_env": "MY_TOKEN"},
    }
    read = Configuration.from_mapping(values, name="IRCLIENT")
    assert read.endpoints == ServiceEndpoint("contoso-a", "web", tps=100)
    assert set(values) == {"regions", "credential"}
    values["regions"][0]["primary"]["tps"] = -1
    message = refusal(Configuration.from_mapping, values, name="IRCLIENT")
    assert message == "IRCLIENT: regions[0].primary.tps must be greater than 0, got -1"


@pytest.mark.parametrize(("share", "words"), [("auto", "auto, which is 0.25"), ("1/2", "0.5")])
def test_a_share_beside_a_fleet_is_refused_by_the_name_of_its_variable(share, words) -> None:
    given = ONE | variables(
        SHARE=share, FLEET__URL="redis://127.0.0.1", FLEET__NAME="shop", FLEET__WORKERS="4"
    )
    said = refusal(Configuration.from_env, given | {"WEB_CONCURRENCY": "4"})
    assert said == (
        f"IRCLIENT_SHARE is {words}, and a fleet shares the whole TPS by itself; leave it out"
    )


def test_a_share_of_the_whole_beside_a_fleet_is_well() -> None:
    given = ONE | variables(
        SHARE="auto", FLEET__URL="redis://127.0.0.1", FLEET__NAME="shop", FLEET__WORKERS="1"
    )
    assert Configuration.from_env(given).fleet is not None
