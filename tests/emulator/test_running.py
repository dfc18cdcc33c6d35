"""What can be done to a running emulator."""

import ssl

import httpx
import pytest

from irclient.emulator import faults


@pytest.fixture
def ask(emulator):
    context = ssl.create_default_context(cafile=emulator.ca_file)
    application, entra = emulator._running.application, emulator._running.entra
    token, _ = entra.issue(application, audience=emulator.scope.removesuffix("/.default"))
    headers = {"authorization": f"Bearer {token}"}
    with httpx.Client(verify=context, headers=headers, trust_env=False) as client:
        yield lambda name="contoso-a": client.get(
            f"{emulator.account(name).url}/reco/v1.0/new?count=1"
        )
    emulator.account("contoso-a").heal()


def test_a_fault_is_in_force_when_fail_returns(emulator, ask):
    account = emulator.account("contoso-a")
    account.fail(faults.Status(500))
    assert ask().status_code == 500
    assert ask("contoso-b").status_code == 200
    account.fail("too-many-requests:2,limit=1")
    assert ask().headers["retry-after"] == "2"
    assert account.fault is None
    assert ask().status_code == 200


def test_not_cooked_is_a_fault_too(emulator, ask):
    emulator.account("contoso-a").fail(faults.NotCooked(limit=1))
    assert [ask().json()["status"] for _ in range(2)] == ["WaitingForData", "Success"]


def test_requests_are_counted_by_status(emulator, ask):
    before = emulator.account("contoso-a").requests
    for _ in range(3):
        ask()
    after = emulator.account("contoso-a").requests
    assert after.by_status[200] - before.by_status.get(200, 0) == 3
    assert after.peak >= 3
    assert after.last_second >= 3


def test_an_app_can_be_denied_and_allowed(emulator, ask):
    emulator.account("contoso-a").deny(emulator.client_id)
    assert ask().status_code == 403
    assert ask("contoso-b").status_code == 200
    emulator.account("contoso-a").allow(emulator.client_id)
    assert ask().status_code == 200


def test_an_account_can_go_back_to_before_its_first_cooking(emulator, ask):
    emulator.account("contoso-c").uncook()
    assert ask("contoso-c").json()["status"] == "WaitingForData"
    emulator.account("contoso-c").cook()
    assert emulator.account("contoso-c").cooking.phase == "cooking"


def test_the_vault_can_hold_any_secret_and_be_closed_to_all(emulator):
    version = emulator.key_vault.set_secret("other", name="another")
    assert len(version) == 32
    vault = emulator._running.vault
    readers = set(vault.readers)
    emulator.key_vault.deny_everybody()
    assert vault.readers == set()
    vault.readers |= readers


def test_an_unknown_name_lists_what_there_is(emulator):
    with pytest.raises(ValueError, match="there are contoso-a, contoso-b, contoso-c"):
        emulator.account("unknown")
    with pytest.raises(ValueError, match="no modeling 'x'; it has shop"):
        emulator.account("contoso-a").cook("x")
    with pytest.raises(ValueError, match="no fault is called 'broken'"):
        emulator.entra.fail("broken")
