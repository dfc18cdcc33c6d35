"""What every kind of credential needs of its arguments."""

from __future__ import annotations

import pytest

from irclient.auth.arguments import (
    SCOPE,
    check_blocking_credential,
    check_scope,
    is_sendable,
)
from irclient.errors import ConfigurationError


class Blocking:
    def get_token(self, *scopes):
        raise NotImplementedError


class Awaited:
    async def get_token(self, *scopes):
        raise NotImplementedError


def test_both_forms_of_the_scope_pass():
    check_scope("scope", SCOPE)
    check_scope("scope", "https://contoso-a-web.mir.prod.reco.microsoft.com/.default")


@pytest.mark.parametrize("scope", ["", "/.default", "api://x", "a/.default b/.default", None, 7])
def test_another_scope_is_refused_by_name_and_value(scope):
    with pytest.raises(ConfigurationError, match=r"scope must .*/\.default") as refused:
        check_scope("scope", scope)
    assert repr(scope) in str(refused.value)


def test_a_password_in_a_url_in_place_of_a_scope_is_not_shown():
    with pytest.raises(ConfigurationError, match=r"not shown here") as refused:
        check_scope("scope", "https://me:hunter2@ir.example")
    assert "hunter2" not in str(refused.value)


def test_a_blocking_credential_passes():
    check_blocking_credential("credential", Blocking())


def test_an_asynchronous_credential_is_refused_with_the_package_to_use():
    with pytest.raises(ConfigurationError, match=r"Awaited is asynchronous.*azure\.identity "):
        check_blocking_credential("credential", Awaited())


@pytest.mark.parametrize("given", [None, 7, object(), Blocking])
def test_what_is_no_credential_is_refused(given):
    with pytest.raises(ConfigurationError, match="get_token"):
        check_blocking_credential("credential", given)


@pytest.mark.parametrize(
    ("token", "sendable"),
    [("a.b-c", True), ("", False), ("a b", False), ("a\n", False), ("é", False), (None, False)],
)
def test_only_visible_ascii_can_stand_in_a_header(token, sendable):
    assert is_sendable(token) is sendable
