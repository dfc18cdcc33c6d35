"""``manage.py irclient_doctor``: the doctor of the command line, with the project's accounts."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from tests.integrations.django.conftest import ACCOUNTS

Emulator = pytest.importorskip("irclient.emulator").Emulator
FakeCooked = pytest.importorskip("tests.emulator.fake_data").FakeCooked


def examined(**options):
    written = io.StringIO()
    try:
        call_command("irclient_doctor", stdout=written, timeout=5.0, **options)
    except CommandError as error:
        return written.getvalue(), error
    return written.getvalue(), None


@pytest.mark.emulator
def test_a_project_that_is_well_is_found_well(project, monkeypatch) -> None:
    with Emulator(cook=FakeCooked) as emulator:
        for name, value in emulator.environment().items():
            monkeypatch.setenv(name, value)
        keys = {
            "ca_file": emulator.ca_file,
            "regions": [
                {
                    "primary": {
                        "account": "contoso-a", "name": "web", "tps": 100,
                        "url": emulator.home.primary.url,
                    },
                }
            ],
            "credential": {
                "kind": "key_vault", "vault_url": emulator.vault_url,
                "secret_name": emulator.secret_name, "tenant_id": emulator.tenant_id,
                "client_id": emulator.client_id, "authority": emulator.authority,
            },
        }  # fmt: skip
        with override_settings(IRCLIENT=keys):
            written, error = examined(json=True)
    assert error is None, written
    assert json.loads(written)["ok"] is True


def test_what_is_wrong_is_said_in_the_words_of_the_settings(project) -> None:
    with override_settings(IRCLIENT={**ACCOUNTS, "credential": {"kind": "tokn"}}):
        written, error = examined()
    assert written == ""
    assert str(error).startswith("IRCLIENT: ")
    assert "'tokn' is not a kind of credential" in str(error)
    assert error.returncode == 1
