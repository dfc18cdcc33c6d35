"""The environment of a local service's clients."""

import os
import subprocess

import pytest

from irclient.cli.emulator.environment_file import printable, write_environment

ENVIRONMENT = {"IDENTITY_HEADER": "guard", "IRCLIENT_TPS": "100", "ODD": "it's $HOME"}


def test_the_guarding_header_is_never_printable():
    assert printable(ENVIRONMENT) == {"IRCLIENT_TPS": "100", "ODD": "it's $HOME"}


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
def test_a_shell_reads_the_file_back_and_nobody_else_may(tmp_path):
    file = write_environment(ENVIRONMENT, tmp_path)
    file = write_environment(ENVIRONMENT, tmp_path)

    assert file.stat().st_mode & 0o777 == 0o600
    command = f'. {file}; printf "%s|%s" "$IDENTITY_HEADER" "$ODD"'
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout == "guard|it's $HOME"
