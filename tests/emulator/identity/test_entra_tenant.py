"""The token endpoint: what it grants, and how it refuses."""

import base64
import json
from urllib.parse import quote, urlencode

import pytest

from irclient.contract.messages import read_request
from irclient.emulator.identity.entra_tenant import Application, Entra
from tests.emulator.fake_data import Clock

TENANT = "11111111-2222-3333-4444-555555555555"
AUDIENCES = {"guid": "guid", "https://localhost:1": "https://localhost:1"}


class Directory:
    def __init__(self, **options):
        self.clock = Clock()
        settings = {"token_lifetime": 3600.0, "refresh_in": None, **options}
        self.entra = Entra(tenant_id=TENANT, audiences=AUDIENCES, clock=self.clock, **settings)
        self.entra.url = "https://localhost:9"
        self.application = Application()
        self.entra.register(self.application)

    def send(self, path, *, method="GET", tenant=TENANT, headers=(), **form):
        body = urlencode(form).encode()
        request = read_request(method, f"/{tenant}/{path}", headers=dict(headers), body=body)
        response = self.entra.handle(request)
        return response.status, json.loads(response.body or b"null")

    def token(self, *, tenant=TENANT, headers=(), **changes):
        form = {
            "grant_type": "client_credentials",
            "client_id": self.application.client_id,
            "client_secret": self.application.secret,
            "scope": "guid/.default",
            **changes,
        }
        form = {name: value for name, value in form.items() if value is not None}
        return self.send("oauth2/v2.0/token", method="POST", tenant=tenant, headers=headers, **form)


@pytest.fixture(scope="module")
def directory():
    return Directory()


def test_a_secret_in_the_form_gets_a_token_for_the_scope(directory):
    status, answer = directory.token(scope="https://LOCALHOST:1/.default")
    assert status == 200
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
    assert "refresh_in" not in answer
    token = directory.entra.signer.verify(
        answer["access_token"], audiences={"https://localhost:1"}, now=directory.clock()
    )
    assert token.app_id == directory.application.client_id
    assert token.expires_at == directory.clock() + 3600


def test_a_secret_in_a_basic_header_gets_one_too(directory):
    application = directory.application
    pair = f"{quote(application.client_id, safe='')}:{quote(application.secret, safe='')}"
    headers = {"authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    status, _ = directory.token(headers=headers, client_id=None, client_secret=None)
    assert status == 200


@pytest.mark.parametrize(
    ("changes", "status", "error", "code"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": None}, 401, "invalid_client", 7000218),
        ({"client_id": "unknown"}, 400, "unauthorized_client", 700016),
        ({"scope": "guid"}, 400, "invalid_scope", 70011),
        ({"scope": ""}, 400, "invalid_scope", 70011),
        ({"scope": "a/.default b/.default"}, 400, "invalid_scope", 70011),
        ({"scope": "https://unknown/.default"}, 400, "invalid_resource", 500011),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"tenant": "unknown"}, 400, "invalid_tenant", 90002),
        ({"headers": {"authorization": "Basic ???"}}, 400, "unauthorized_client", 700016),
    ],
)
def test_a_refusal_has_the_shape_and_code_of_the_real_one(directory, changes, status, error, code):
    answered, content = directory.token(**changes)
    assert (answered, content["error"], content["error_codes"]) == (status, error, [code])
    assert content["error_description"].startswith(f"AADSTS{code}: ")
    for part in (content["trace_id"], content["correlation_id"], content["timestamp"]):
        assert part in content["error_description"]
    assert directory.application.secret not in json.dumps(content)


def test_an_expired_secret_has_a_code_of_its_own():
    directory = Directory()
    directory.application.standing = "expired"
    status, content = directory.token()
    assert (status, content["error_codes"]) == (401, [7000222])


def test_advice_to_renew_early_is_given_when_switched_on():
    _, answer = Directory(refresh_in=1800.0).token()
    assert answer["refresh_in"] == 1800


def test_discovery_names_this_tenant_alone(directory):
    status, found = directory.send("v2.0/.well-known/openid-configuration")
    assert status == 200
    assert found["issuer"] == f"https://localhost:9/{TENANT}/v2.0"
    assert found["token_endpoint"].startswith(f"https://localhost:9/{TENANT}/")
    status, found = directory.send("v2.0/.well-known/openid-configuration", tenant="unknown")
    assert (status, found["error_codes"]) == (400, [90002])


def test_keys_are_published_and_anything_else_is_not_there(directory):
    assert directory.send("discovery/v2.0/keys")[1]["keys"][0]["kty"] == "RSA"
    assert directory.send("nothing")[0] == 404
    assert directory.entra.handle(read_request("GET", "/", headers={})).status == 404


def test_secrets_do_not_show(directory):
    assert directory.application.secret not in repr(directory.application)
