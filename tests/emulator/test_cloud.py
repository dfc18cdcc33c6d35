"""The parts put together: who trusts whom, and what a rotation changes."""

import asyncio

from irclient.emulator import Emulator
from irclient.emulator.cloud import LocalCloud
from irclient.emulator.control import control_of
from tests.emulator.fake_data import FakeCooked


def in_cloud(look, **options):
    async def run():
        cloud = LocalCloud(Emulator(cook=FakeCooked, **options)._options, control=control_of)
        await cloud.start()
        try:
            return look(cloud)
        finally:
            await cloud.close()

    return asyncio.run(run())


def test_entra_knows_every_audience_and_each_account_accepts_its_own():
    def look(cloud):
        account = cloud.account("contoso-a")
        url = account.listener.url
        public = "https://contoso-a-web.mir.prod.reco.microsoft.com"
        assert cloud.entra.audience_of(url + "/") == url
        assert cloud.entra.audience_of(public) == public
        assert cloud.entra.audience_of("https://vault.azure.net") == "https://vault.azure.net"
        assert {url, public} < account.service.audiences
        assert url not in cloud.account("contoso-b").service.audiences

    in_cloud(look)


def test_the_reader_of_the_vault_may_not_call_the_service_nor_the_app_the_vault():
    def look(cloud):
        assert cloud.vault_reader.client_id not in cloud.account("contoso-a").service.allowed
        assert cloud.application.client_id not in cloud.vault.readers

    in_cloud(look)


def test_allow_lists_are_each_account_s_own():
    def look(cloud):
        cloud.account("contoso-a").service.allowed.clear()
        assert cloud.account("contoso-b").service.allowed == cloud.allowed

    in_cloud(look)


def test_a_rotation_makes_an_expired_secret_valid_again():
    def look(cloud):
        old = cloud.application.secret
        cloud.application.standing = "expired"
        cloud.rotate_secret()
        assert cloud.application.secret != old
        assert cloud.application.standing == "valid"

    in_cloud(look)


def test_one_cooking_serves_every_account_and_modeling_at_the_start():
    cooked = []

    def cook(cooked_at):
        cooked.append(FakeCooked(cooked_at))
        return cooked[-1]

    async def run():
        cloud = LocalCloud(
            Emulator(cook=cook, modelings=("shop", "outlet"))._options, control=control_of
        )
        await cloud.start()
        phases = {report.phase for each in cloud.accounts.values() for report in each.cooking()}
        await cloud.close()
        return phases

    assert asyncio.run(run()) == {"cooked"}
    assert len(cooked) == 1
