"""Who may use an account: static keys, the allow-list, or anyone, said in words."""

import asyncio
import os

import pytest

from irclient.errors import ConfigurationError
from irclient.server.configuration import Account
from irclient.server.identity.callers import Callers
from irclient.server.identity.static_keys import StaticKeys
from tests.server.identity.test_tokens import NOW, Place, token

ENDPOINTS = ({"name": "web", "tps": 1},)


def keys_of(tmp_path, text):
    path = tmp_path / "keys.txt"
    path.write_text(text)
    return StaticKeys(Account(name="a", keys_file=path, endpoints=ENDPOINTS))


def test_a_file_of_keys_has_one_a_line_and_comments(tmp_path):
    keys = keys_of(tmp_path, "\ufeff# ours\nfirst-key\n\n  second.key~1/+=  \n")
    assert keys.find("first-key") != keys.find("second.key~1/+=") is not None
    for text in ("", "# ours", "first-ke", "FIRST-KEY", "\u00ff"):
        assert keys.find(text) is None
    assert "first-key" not in repr(vars(keys))


@pytest.mark.parametrize("text", ["", "# none\n", "two words\n", "ümlaut\n", 'quo"te\n'])
def test_a_file_without_usable_keys_is_refused_without_showing_any(tmp_path, text):
    with pytest.raises(ConfigurationError) as caught:
        keys_of(tmp_path, text)
    assert text.strip("# \n") == "" or text.strip() not in str(caught.value)


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(ConfigurationError, match=r"'/nowhere/keys.txt' cannot be read: No such"):
        StaticKeys(Account(name="a", keys_file="/nowhere/keys.txt", endpoints=ENDPOINTS))


def test_keys_may_come_from_the_environment(monkeypatch):
    monkeypatch.setitem(os.environ, "SHOP_KEYS", "one-key, another-key")
    account = Account(name="a", keys_env="SHOP_KEYS", endpoints=ENDPOINTS)
    assert StaticKeys(account).find("another-key") is not None
    monkeypatch.delitem(os.environ, "SHOP_KEYS")
    with pytest.raises(ConfigurationError, match="variable SHOP_KEYS holds no key"):
        StaticKeys(account)


def verdict(callers, authorization):
    async def ask():
        known = callers.known(authorization, NOW)
        return known or await callers.prove(authorization, NOW)

    found = asyncio.run(ask())
    return found.status


def callers(place, **table):
    account = Account(name="a", endpoints=ENDPOINTS, **table)
    return Callers(account, StaticKeys(account), place.tokens)


def test_a_token_counts_for_the_accounts_that_allow_its_application():
    place = Place()
    allowed = callers(place, allowed=("APP",))
    for text, status in (
        (f"Bearer {token()}", 200),
        (f"bearer {token()}", 200),
        (f"Bearer {token(azp='another')}", 403),
        (f"Bearer {token(azp='another', oid='app')}", 200),
        (f"Bearer {token(azp=None)}", 403),
        (f"Bearer {token(exp=None)}", 401),
        (f"Basic {token()}", 401),
        ("Bearer", 401),
        ("Bearer ", 401),
        ("", 401),
        (None, 401),
    ):
        assert verdict(allowed, text) == status
    assert verdict(callers(place, allowed=("other",)), f"Bearer {token()}") == 403


def test_a_role_that_is_wanted_must_be_there():
    place = Place(roles=("Reco.Admin",))
    assert verdict(callers(place, allowed=("app",)), f"Bearer {token()}") == 403


def test_without_an_allow_list_no_token_counts(tmp_path):
    (tmp_path / "keys.txt").write_text("a-static-key")
    keyed = callers(Place(), keys_file=tmp_path / "keys.txt")
    assert verdict(keyed, f"Bearer {token()}") == 401
    assert verdict(keyed, "Bearer a-static-key") == 200


def test_while_the_issuer_cannot_be_reached_the_service_says_that_it_cannot_answer():
    place = Place()
    place.keys = OSError("no route")
    assert verdict(callers(place, allowed=("app",)), f"Bearer {token()}") == 503


def test_anyone_means_anyone():
    assert verdict(callers(Place(), callers="anyone"), None) == 200
