"""The control API over real HTTP."""

import json

import httpx
import pytest

from irclient.emulator import faults

HEADER = {"X-Emulator-Control": "test"}


@pytest.fixture
def control(emulator):
    with httpx.Client(base_url=emulator.control_url, headers=HEADER, trust_env=False) as client:
        yield client
        client.delete("/accounts/contoso-a/fault")


def test_the_state_tells_what_listens_where(control, emulator):
    state = control.get("/state").json()
    assert list(state["accounts"]) == ["contoso-a", "contoso-b", "contoso-c"]
    account = state["accounts"]["contoso-a"]
    assert account["url"] == emulator.home.primary.url
    assert account["cooking"][0]["phase"] == "cooked"
    assert state["entra"]["client_id"] == emulator.client_id
    assert state["ca_file"] == emulator.ca_file


def test_the_state_holds_no_secret(control, emulator):
    text = control.get("/state").text
    secret = emulator._running.application.secret
    assert secret not in text
    assert emulator._running.identity.header not in text


def test_an_account_fails_and_heals(control, emulator):
    answer = control.post("/accounts/contoso-a/fault", json={"fault": "slow:2.5"})
    assert answer.json()["accounts"]["contoso-a"]["fault"] == "slow:seconds=2.5"
    assert emulator.account("contoso-a").fault == faults.Slow(2.5)
    control.delete("/accounts/contoso-a/fault")
    assert emulator.account("contoso-a").fault is None


@pytest.mark.parametrize("path", ["/entra/fault", "/key-vault/fault"])
def test_entra_and_the_vault_fail_too(control, emulator, path):
    assert control.post(path, json={"fault": "status:500"}).status_code == 200
    states = control.get("/state").json()
    assert [states["entra"]["fault"], states["key_vault"]["fault"]].count("status:code=500") == 1
    control.delete(path)
    assert (emulator.entra.fault, emulator.key_vault.fault) == (None, None)


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("/accounts/contoso-a/fault", {"fault": "nonsense"}, 400, "no fault is called 'nonsense'"),
        ("/accounts/contoso-a/fault", {}, 400, "must be like"),
        ("/accounts/contoso-a/fault", [], 400, "JSON object"),
        ("/accounts/unknown/fault", {"fault": "down"}, 400, "no account 'unknown'; there are"),
        ("/accounts/contoso-a/cook", {"modeling": "x"}, 400, "no modeling 'x'; it has shop"),
        ("/accounts/contoso-a/deny", {"app_id": "x"}, 400, "app_id must be an App ID such as"),
        ("/accounts/unknown/allow", {}, 400, "no account 'unknown'; there are"),
        ("/entra/rotate", {"vault": "x"}, 400, "'updated' or 'stale'"),
        ("/nothing", {}, 404, "control"),
        ("/entra/nothing", {}, 404, "control"),
    ],
)
def test_a_bad_request_says_what_is_wrong(control, path, body, status, words):
    answer = control.post(path, content=json.dumps(body))
    assert answer.status_code == status
    assert words in answer.json()["error"]


def test_text_that_is_not_json_is_refused(control):
    assert control.post("/accounts/contoso-a/fault", content=b"{").status_code == 400


def test_web_pages_are_kept_out(control, emulator):
    target = f"{emulator.control_url}/accounts/contoso-a/fault"
    assert httpx.post(target, json={"fault": "down"}, trust_env=False).status_code == 403
    assert control.get("/state", headers={"host": "evil.example:80"}).status_code == 403
    assert emulator.account("contoso-a").fault is None


def test_an_account_cooks_and_uncooks(control, emulator):
    control.post("/accounts/contoso-b/uncook")
    assert emulator.account("contoso-b").cooking.phase == "never cooked"
    control.post("/accounts/contoso-b/cook", json={"modeling": "shop"})
    assert emulator.account("contoso-b").cooking.phase == "cooking"


def test_an_account_denies_and_allows_an_app_id(control, emulator):
    url = "/accounts/contoso-b"
    other = "00000000-0000-4000-8000-00000000000A"
    for app_id, content in ((emulator.client_id, {}), (other.lower(), {"app_id": other})):
        allowed = control.post(f"{url}/allow", json=content).json()["accounts"]["contoso-b"]
        assert app_id in allowed["allowed"]
        denied = control.post(f"{url}/deny", json=content).json()["accounts"]["contoso-b"]
        assert app_id not in denied["allowed"]
    control.post(f"{url}/allow")


def test_the_state_says_where_the_secret_stands(control):
    def standings(path, content=None):
        state = control.post(path, json=content or {}).json()
        return state["entra"]["secret"], state["key_vault"]["secret"]

    assert standings("/entra/rotate") == ("valid", "current")
    assert standings("/entra/rotate", {"vault": "stale"}) == ("valid", "stale")
    assert standings("/key-vault/update") == ("valid", "current")
    assert standings("/key-vault/disable") == ("valid", "disabled")
    assert standings("/key-vault/update") == ("valid", "current")
    assert standings("/entra/expire") == ("expired", "current")
    assert standings("/entra/rotate") == ("valid", "current")


def test_the_secret_is_rotated_expired_updated_and_disabled(control, emulator):
    application = emulator._running.application
    first = application.secret
    control.post("/entra/rotate", json={"vault": "stale"})
    assert application.secret != first
    control.post("/entra/expire")
    assert application.standing == "expired"
    control.post("/entra/rotate")
    assert application.standing == "valid"
    for path in ("/key-vault/update", "/key-vault/disable", "/key-vault/update", "/entra/revoke"):
        assert control.post(path).status_code == 200
