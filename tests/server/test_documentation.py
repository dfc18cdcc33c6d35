"""What the how-to says of a server.toml is what the server reads."""

import re
import tomllib
from pathlib import Path

import pytest

from irclient.server import configuration
from irclient.server.configuration import Configuration
from irclient.server.configuration_file import read_configuration

ROOT = Path(__file__).parents[2]
HOW_TO = (ROOT / "docs" / "how-to" / "serve.md").read_text("utf-8")
#: A block of another name is of another file, such as the client's.
BLOCKS = re.findall(
    r"^```toml(?: title=\"server\.toml\")?\n(.*?)^```", HOW_TO, re.MULTILINE | re.DOTALL
)


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
