"""A server.toml: what it means, and everything that is wrong with one said at once."""

from pathlib import Path

import pytest

from irclient.errors import ConfigurationError
from irclient.server.configuration_file import read_configuration
from irclient.server.plan import _redis_url
from irclient.server.served import served_endpoints

SMALL = """
[[accounts]]
name = "contoso"
keys_file = "keys.txt"
[[accounts.endpoints]]
name = "web"
tps = 100
"""


def read(tmp_path, text):
    path = tmp_path / "server.toml"
    path.write_text(text)
    return read_configuration(path)


def test_paths_are_meant_from_the_files_folder(tmp_path):
    account = read(tmp_path, SMALL).accounts[0]
    assert account.keys_file == tmp_path / "keys.txt"
    assert read(tmp_path, SMALL + 'output = "/out"').accounts[0].endpoints[0].output == Path("/out")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "accounts is missing"),
        ("accounts = []", "accounts must have at least 1 item"),
        (SMALL.replace("tps", "tsp"), "accounts[0].endpoints[0].tsp is not a key; did you mean"),
        (SMALL.replace("100", "-1"), "accounts[0].endpoints[0].tps must be greater than 0, got -1"),
        (SMALL.replace("100", "inf"), "accounts[0].endpoints[0].tps must be"),
        (SMALL.replace('"web"', '"w.b"'), "accounts[0].endpoints[0].name must be letters, digits"),
        (SMALL.replace('keys_file = "keys.txt"', ""), "has nobody who may call it"),
        ("port = 99999" + SMALL, "port must be less than or equal to 65535, got 99999"),
        ("workers = 0" + SMALL, "workers must be greater than or equal to 1, got 0"),
        ('private_key = "k.pem"' + SMALL, "private_key needs a certificate"),
        (
            SMALL + '[[issuers]]\nissuer = "http://issuer.example"\naudiences = ["a"]',
            "issuers[0].issuer must use https",
        ),
        (SMALL + '[[issuers]]\nissuer = "https://i.example"', "issuers[0].audiences is missing"),
        (SMALL + "[limits]\nhead_bytes = 1", "limits.head_bytes must be greater than or equal"),
        (SMALL + '[redis]\nname = "x"', "redis needs url or url_env"),
        (SMALL + '[redis]\nurl = "redis://:hunter2@host"', "redis url must hold no password"),
        (SMALL + '[redis]\nurl = "redis://me:1/hunter2@host"', "redis url must hold no password"),
        ('redis = "redis://:hunter2@host"' + SMALL, "redis must be a valid dictionary"),
        (
            SMALL + '[[issuers]]\nissuer = "https://me:hunter2@i.example"\naudiences = ["a"]',
            "issuers[0].issuer must have no credentials and no fragment, got '…@i.example'",
        ),
        (
            SMALL + SMALL.replace('"contoso"', '"Contoso"'),
            "Contoso/web and contoso/web are both chosen by 'contoso-web'",
        ),
        (
            SMALL.replace('"contoso"', '"a-b"').replace('"web"', '"c"')
            + SMALL.replace('"contoso"', '"a"').replace('"web"', '"b-c"'),
            "are both chosen by 'a-b-c'",
        ),
        (SMALL.replace('"contoso"', f'"{"c" * 70}"'), "too long for a part of a host's name"),
        ("key =", "not TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_key_and_the_fix(tmp_path, text, said):
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, text)
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_everything_that_is_wrong_is_said_at_once(tmp_path):
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, "workers = 0\nprot = 1" + SMALL.replace("100", "-1"))
    for said in ("workers must", "prot is not a key", "tps must"):
        assert said in str(caught.value)


def test_the_nearest_place_names_the_output(tmp_path):
    text = """
    [[accounts]]
    name = "a"
    callers = "anyone"
    output = "account"
    [[accounts.endpoints]]
    name = "blue"
    tps = 1
    [[accounts.endpoints]]
    name = "green"
    tps = 1
    output = "green"
    [[accounts]]
    name = "b"
    callers = "anyone"
    modelings = [{ name = "adw", output = "adw" }, { name = "tags", output = "tags" }]
    [[accounts.endpoints]]
    name = "web"
    tps = 1
    [[accounts]]
    name = "c"
    callers = "anyone"
    [[accounts.endpoints]]
    name = "web"
    tps = 1
    """
    found = served_endpoints(read(tmp_path, text), tmp_path / "line")
    assert {each.label: [m.output.name for m in each.modelings] for each in found} == {
        "a/blue": ["account"],
        "a/green": ["green"],
        "b/web": ["adw", "tags"],
        "c/web": ["line"],
    }
    assert [each.place for each in found] == [0, 1, 2, 3]


def test_a_folder_of_outputs_is_needed_for_endpoints_that_name_none_alone(tmp_path):
    named = SMALL.replace("tps = ", 'output = "out"\ntps = ')
    (endpoint,) = served_endpoints(read(tmp_path, named), None)
    assert endpoint.modelings[0].output == tmp_path / "out"
    with pytest.raises(ConfigurationError, match="has no output: name the folder"):
        served_endpoints(read(tmp_path, SMALL), None)


def test_identity_is_only_left_out_in_words(tmp_path):
    text = SMALL.replace('keys_file = "keys.txt"', 'callers = "anyone"')
    assert read(tmp_path, text).accounts[0].callers == "anyone"
    with pytest.raises(ConfigurationError, match="callers must be 'anyone', got 'nobody'"):
        read(tmp_path, text.replace("anyone", "nobody"))


def test_a_misspelt_key_of_the_only_account_is_all_that_is_said(tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text(SMALL.replace("keys_file", "keys_fil"), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(file)
    said = str(caught.value)
    assert "accounts[0].keys_fil is not a key; did you mean 'keys_file'?" in said
    assert "at least 1 item" not in said


@pytest.mark.parametrize("password", ["hunter2/", "hunter2[", "hunter2#"])
def test_a_redis_url_that_cannot_be_read_is_refused_without_its_password(
    tmp_path, password, monkeypatch
):
    configuration = read(tmp_path, SMALL + '[redis]\nurl_env = "REDIS_URL"')
    monkeypatch.setenv("REDIS_URL", f"rediss://:{password}x@redis.test:6380")
    with pytest.raises(
        ConfigurationError, match="redis: the URL cannot be read; percent"
    ) as caught:
        _redis_url(configuration)
    assert "hunter2" not in str(caught.value)
