"""The page on troubleshooting has the words that users meet: what is provoked here stands on it."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError

from irclient import (
    IRClient,
    IRError,
    KeyVaultCredential,
    ServiceEndpoint,
    StaticToken,
    Timeouts,
)
from irclient.auth.secret import SecretPlace
from irclient.configuration import Configuration
from irclient.testing import ScriptedService

if TYPE_CHECKING:
    from collections.abc import Callable

SCRIPT = Path(__file__).parent.parent / "scripts" / "messages.py"
ONE = {"IRCLIENT_PRIMARY": "contoso-a/web", "IRCLIENT_TPS": "10", "IRCLIENT_TOKEN": "t"}
TABLES = {
    "regions": [{"primary": {"account": "contoso-a", "name": "web", "tps": 10}}],
    "credential": {"kind": "azure"},
}


@cache
def page() -> str:
    spec = importlib.util.spec_from_file_location("messages", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.messages().replace("\\", "")


def env(**changed: str) -> Callable[[], object]:
    return lambda: Configuration.from_env(ONE | changed)


def tables(**changed: object) -> Callable[[], object]:
    return lambda: Configuration.from_mapping(TABLES | changed, name="irclient.toml")


def ask_an_outage(kind: str) -> None:
    service = ScriptedService()
    getattr(service.on(), kind)()
    endpoint = ServiceEndpoint("contoso-a", "web", tps=10)
    with IRClient(endpoint, credential=StaticToken("t"), transport=service) as ir:
        ir.popular()


PROVOKED = [
    (lambda: Configuration.from_env({}), "no service endpoint is configured"),
    (lambda: Configuration.from_env({}), "no credential is configured"),
    (env(IRCLIENT_TPS="0"), "must be greater than 0"),
    (env(IRCLIENT_TPS="ten"), "must be a valid number, unable to parse string as a number"),
    (env(IRCLIENT_PRIMARY="contoso-a"), "must be 'account/name'"),
    (env(IRCLIENT_PRIMARY_URL="http://shop.example"), "must use https"),
    (env(IRCLIENT_DEADLNE="2"), "is not a variable of irclient; did you mean"),
    (tables(settings={"timeouts": {"dedline": 1}}), "is not a key"),
    (tables(credential={"kind": "azur"}), "is not a kind of credential"),
    (tables(credential={"kind": "azure", "client_secret": "x"}), "a secret does not belong here"),
    (lambda: Timeouts(dedline=1), "is not a setting; check its spelling"),
    (lambda: ServiceEndpoint("contoso-a", "web", tps=0), "tps must be a number above 0"),
    (
        lambda: KeyVaultCredential(vault_url="v", secret_name="s", tenant_id="t", client_id="c"),
        "must be a str like 'https://host'",
    ),
    (lambda: ask_an_outage("refuse"), "every endpoint failed"),
    (lambda: ask_an_outage("refuse"), "unreachable"),
    (lambda: Configuration.from_file("/nowhere/irclient.toml"), "cannot be read"),
]


@pytest.mark.parametrize(("provoke", "words"), PROVOKED, ids=[words for _, words in PROVOKED])
def test_a_message_that_users_meet_is_on_the_page(provoke, words) -> None:
    with pytest.raises(IRError) as caught:
        provoke()
    assert words in str(caught.value)
    assert words in page()


@pytest.mark.parametrize("error", [HttpResponseError("no"), ClientAuthenticationError("no")])
def test_what_is_said_of_a_vault_is_on_the_page(error) -> None:
    place = SecretPlace(
        vault_url="https://contoso.vault.azure.net",
        secret_name="ir-web",
        secret_version=None,
        vault_credential=None,
        authority="https://login.microsoftonline.com",
        ca_file=None,
    )
    words = str(place._finding(error))
    assert words.startswith("reading the secret 'ir-web' in https://")
    assert "### reading the secret … in … failed" in page()


def test_each_code_that_entra_is_answered_for_is_on_the_page() -> None:
    assert "### Entra refused a token" in page()
    for code in ("AADSTS7000215", "AADSTS7000222", "AADSTS700016", "AADSTS500011"):
        assert f"- `{code}`: " in page()


def test_warnings_and_missing_extras_are_on_the_page() -> None:
    for words in (
        "answered 429 though this process sent",
        "is not a variable of irclient and is not used",
        "… needs …: pip install 'irclient[…]'",
        "the name … is not known",
        "Entra is not reachable at …",
    ):
        assert words in page()


def test_each_heading_is_on_the_page_once_below_its_kind() -> None:
    for section in page().split("\n## "):
        headings = [line for line in section.splitlines() if line.startswith("### ")]
        assert len(headings) == len(set(headings))
        assert headings
