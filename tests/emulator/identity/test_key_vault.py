"""The vault: challenge, secrets, versions, refusals."""

import json

import pytest

from irclient.contract.messages import read_request
from irclient.emulator.identity.key_vault import VAULT_RESOURCE, KeyVault
from irclient.emulator.identity.signing import AccessToken, Signer
from tests.emulator.fake_data import Clock

SIGNER = Signer()


@pytest.fixture
def vault():
    vault = KeyVault(signer=SIGNER, readers={"reader"}, clock=Clock())
    vault.url = "https://localhost:1"
    vault.authorization = "https://localhost:9/tenant"
    vault.set_secret("ir-web", "first")
    return vault


def token(app_id="reader", audience=VAULT_RESOURCE, expires_at=2e9):
    claims = AccessToken(app_id=app_id, audience=audience, expires_at=expires_at)
    return SIGNER.issue(claims, issuer="i", tenant_id="t", issued_at=1.0)


def get(vault, path="/secrets/ir-web?api-version=7.5", *, bearer=None, method="GET"):
    headers = {"authorization": f"Bearer {bearer or token()}"} if bearer != "" else {}
    response = vault.handle(read_request(method, path, headers=headers))
    return response.status, json.loads(response.body), dict(response.headers)


@pytest.mark.parametrize("bearer", ["", "nonsense", token(audience="other"), token(expires_at=5.0)])
def test_without_a_good_token_comes_the_challenge(vault, bearer):
    status, content, headers = get(vault, bearer=bearer)
    assert status == 401
    assert content["error"]["code"] == "Unauthorized"
    assert headers["www-authenticate"] == (
        'Bearer authorization="https://localhost:9/tenant", resource="https://vault.azure.net"'
    )


def test_a_secret_is_its_newest_version_and_old_ones_stay(vault):
    first = get(vault)[1]["id"].rpartition("/")[2]
    second = vault.set_secret("ir-web", "second")
    status, content, _ = get(vault)
    assert (status, content["value"]) == (200, "second")
    assert content["id"] == f"https://localhost:1/secrets/ir-web/{second}"
    assert get(vault, f"/secrets/IR-WEB/{first}?api-version=7.5")[1]["value"] == "first"


@pytest.mark.parametrize(
    ("path", "method", "status", "code"),
    [
        ("/secrets/other?api-version=7.5", "GET", 404, "SecretNotFound"),
        ("/secrets/ir-web/0000?api-version=7.5", "GET", 404, "SecretNotFound"),
        ("/secrets/ir-web", "GET", 400, "BadParameter"),
        ("/secrets/ir-web?api-version=1.0", "GET", 400, "BadParameter"),
        ("/keys/ir-web?api-version=7.5", "GET", 404, "NotFound"),
        ("/secrets/ir-web?api-version=7.5", "PUT", 405, "MethodNotAllowed"),
    ],
)
def test_a_refusal_names_its_reason(vault, path, method, status, code):
    answered, content, _ = get(vault, path, method=method)
    assert (answered, content["error"]["code"]) == (status, code)


def test_who_may_not_read_is_told_so(vault):
    status, content, _ = get(vault, bearer=token("stranger"))
    assert (status, content["error"]["innererror"]["code"]) == (403, "ForbiddenByRbac")


def test_a_disabled_secret_is_refused_until_it_is_set_again(vault):
    vault.disable("ir-web")
    status, content, _ = get(vault)
    assert (status, content["error"]["innererror"]["code"]) == (403, "SecretDisabled")
    vault.set_secret("ir-web", "third")
    assert get(vault)[0] == 200


def test_an_unknown_secret_cannot_be_disabled(vault):
    with pytest.raises(ValueError, match=r"no secret 'other'; it holds \['ir-web'\]"):
        vault.disable("other")
