"""Each configuration that the how-to shows is read by the server, or by the client it is for."""

import re
import tomllib
from pathlib import Path

import pytest

from irclient import IRClient
from irclient.server import configuration
from irclient.server.configuration import Configuration
from irclient.server.configuration_file import read_configuration

ROOT = Path(__file__).parents[2]
HOW_TO = (ROOT / "docs" / "how-to" / "serve.md").read_text("utf-8")
FILES = re.findall(r"^```toml([^\n]*)\n(.*?)^```", HOW_TO, re.MULTILINE | re.DOTALL)
CLIENTS = [block for title, block in FILES if title == ' title="irclient.toml"']
BLOCKS = [block for title, block in FILES if title in {"", ' title="server.toml"'}]


def test_each_example_is_the_servers_or_the_clients():
    assert len(CLIENTS) + len(BLOCKS) == len(FILES)
    assert CLIENTS


@pytest.mark.parametrize("block", CLIENTS)
def test_each_example_of_a_clients_file_makes_a_client(block, tmp_path, monkeypatch):
    monkeypatch.setenv("SHOP_KEY", "a-key")
    (tmp_path / "irclient.toml").write_text(block)
    with IRClient.from_file(tmp_path / "irclient.toml") as ir:
        assert [each.endpoint for each in ir.health()] == ["contoso-a/web"]


@pytest.mark.parametrize("block", BLOCKS)
def test_each_example_of_the_how_to_is_a_whole_configuration(block, tmp_path):
    (tmp_path / "server.toml").write_text(block)
    assert isinstance(read_configuration(tmp_path / "server.toml"), Configuration)


def test_the_first_example_is_one_account_with_one_endpoint_static_keys_and_two_workers():
    first = tomllib.loads(BLOCKS[0])
    (account,) = first["accounts"]
    assert (first["workers"], account["keys_file"]) == (2, "keys.txt")
    assert [each["name"] for each in account["endpoints"]] == ["web"]
    assert "issuers" in tomllib.loads(BLOCKS[1])


def test_every_key_says_what_it_means():
    for name in configuration.__all__:
        for key in getattr(configuration, name).model_fields:
            assert f"    {key}: " in Path(configuration.__file__).read_text("utf-8"), key
