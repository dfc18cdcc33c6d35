"""The App Service token endpoint."""

import json

import pytest

from irclient.contract.messages import read_request
from irclient.emulator.identity.entra_tenant import Application, Entra
from irclient.emulator.identity.managed_identity import ManagedIdentity
from tests.emulator.fake_data import Clock

CLOCK = Clock()
ENTRA = Entra(
    tenant_id="t", audiences={"r": "r"}, token_lifetime=60.0, refresh_in=None, clock=CLOCK
)
IDENTITY = ManagedIdentity(entra=ENTRA, application=Application(client_id="me"), clock=CLOCK)


def get(query, *, path="/msi/token", header=None):
    headers = {"x-identity-header": IDENTITY.header if header is None else header}
    response = IDENTITY.handle(read_request("GET", f"{path}?{query}", headers=headers))
    return response.status, json.loads(response.body or b"null")


def test_who_knows_the_header_gets_a_token_with_its_end():
    status, content = get("api-version=2019-08-01&resource=r")
    assert status == 200
    assert content["expires_on"] == str(int(CLOCK() + 60))
    token = ENTRA.signer.verify(content["access_token"], audiences={"r"}, now=CLOCK())
    assert token.app_id == "me"


@pytest.mark.parametrize(
    ("query", "header", "status"),
    [
        ("api-version=2019-08-01&resource=r", "wrong", 403),
        ("api-version=2017-09-01&resource=r", None, 400),
        ("api-version=2019-08-01&resource=unknown", None, 400),
        ("api-version=2019-08-01&resource=r&client_id=other", None, 400),
    ],
)
def test_a_wrong_request_is_refused(query, header, status):
    assert get(query, header=header)[0] == status


def test_there_is_nothing_else():
    assert get("api-version=2019-08-01&resource=r", path="/metadata")[0] == 404
