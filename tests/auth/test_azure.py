"""Tokens from any credential of azure-identity's kind."""

from __future__ import annotations

import time

import pytest
from azure.core.credentials import AccessToken, AccessTokenInfo
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError

from irclient.auth.arguments import SCOPE
from irclient.auth.azure import CredentialExchange
from irclient.auth.exchange import Occasion, TokenRefused, TokenUnanswered


class Credential:
    """azure-core's older protocol."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.scopes = []

    def get_token(self, *scopes):
        self.scopes.append(scopes)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class InfoCredential(Credential):
    """azure-core's newer protocol, beside the older one."""

    def get_token_info(self, *scopes):
        return self.get_token(*scopes)


def in_an_hour():
    return int(time.time()) + 3600


def fetch(credential, **options):
    return CredentialExchange(credential, **options)(Occasion.USUAL, lambda record: None)


def test_get_token_is_asked_for_irs_scope():
    credential = Credential(AccessToken("tok", in_an_hour()))
    fetched = fetch(credential)
    assert credential.scopes == [(SCOPE,)]
    assert fetched.value == "tok"
    assert fetched.lives_for == pytest.approx(3600, abs=2)
    assert fetched.renew_after is None


def test_get_token_info_is_preferred_and_its_refresh_on_heard():
    info = AccessTokenInfo("tok", in_an_hour(), refresh_on=in_an_hour() - 1800)
    assert fetch(InfoCredential(info)).renew_after == pytest.approx(1800, abs=2)


def test_a_blip_is_waited_out(naps):
    credential = Credential(ServiceRequestError("blip"), AccessToken("tok", in_an_hour()))
    assert fetch(credential).value == "tok"
    assert len(naps) == 1


def test_trouble_that_stays_is_unanswered(naps):
    with pytest.raises(TokenUnanswered, match=r"Credential\.get_token failed: blip"):
        fetch(Credential(*[ServiceRequestError("blip")] * 4))


def test_a_refusal_has_entras_code_and_is_not_tried_again(naps):
    credential = Credential(ClientAuthenticationError("AADSTS700016: unknown application"))
    with pytest.raises(TokenRefused, match="unknown application") as refused:
        fetch(credential)
    assert refused.value.code == "AADSTS700016"
    assert len(credential.scopes) == 1


@pytest.mark.parametrize(
    "answer", ["tok-en", None, ("tok-en", 1), AccessToken("", 1), AccessToken("tok-en\n", 1)]
)
def test_an_answer_without_a_usable_token_is_refused_unquoted(answer):
    with pytest.raises(TokenRefused, match="AccessToken") as refused:
        fetch(Credential(answer))
    assert "tok-en" not in str(refused.value)


def test_an_awaitable_answer_is_refused_with_the_package_to_use():
    async def get_token():
        raise NotImplementedError

    with pytest.raises(TokenRefused, match=r"azure\.identity instead of azure\.identity\.aio"):
        fetch(Credential(get_token()))


def test_its_repr_names_the_credential_alone():
    assert repr(CredentialExchange(Credential("tok"))) == (
        f"CredentialExchange(Credential, scope={SCOPE!r})"
    )
