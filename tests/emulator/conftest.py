"""An emulator with predictable lists, one for each module that asks."""

import pytest

from irclient.emulator import Emulator
from tests.emulator.fake_data import FakeCooked


@pytest.fixture(scope="module")
def emulator():
    with Emulator(cook=FakeCooked, dr_accounts=("contoso-c",), tps=10_000.0) as emulator:
        yield emulator
