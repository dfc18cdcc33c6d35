"""The extra that the local service needs."""

import sys

import pytest

from irclient.cli.emulator.extra import require_emulator
from irclient.errors import ConfigurationError


@pytest.mark.parametrize("package", ["cryptography", "h11"])
def test_a_missing_extra_is_named_with_the_fix(package, monkeypatch):
    parts = ("irclient.emulator", package)
    for name in [each for each in sys.modules if each.startswith(parts)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("irclient.emulator", raising=False)
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(
        ConfigurationError, match=r"needs [\w.]+: pip install 'irclient\[emulator\]'"
    ):
        require_emulator()


def test_an_installed_extra_is_loaded(monkeypatch):
    monkeypatch.delitem(sys.modules, "irclient.emulator", raising=False)

    require_emulator()

    assert "irclient.emulator" in sys.modules
