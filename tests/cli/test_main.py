"""The way in: as a module, as a command, and without the extra."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from irclient import __version__, cli
from tests.cli.conftest import run, run_process


def test_module_and_command_show_the_version():
    assert run("--version").out == f"irclient {__version__}\n"
    assert run_process("--version").out == f"irclient {__version__}\n"


@pytest.mark.parametrize("package", ["typer", "rich"])
def test_a_missing_extra_is_one_line_and_exit_code_2(package, monkeypatch, capsys):
    for name in [each for each in sys.modules if each.startswith(("irclient.cli.", package))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(SystemExit) as ended:
        cli.main()

    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "pip install 'irclient[cli]'" in error


def test_the_help_teaches_with_examples_and_exit_codes():
    shown = run("--help").out
    assert "irclient similar 64702 --count 5" in shown
    assert "Exit codes: 0 all is well" in shown


def test_wrong_use_exits_with_2():
    assert run("similar").code == 2
    assert run("no-such-command").code == 2


def test_ctrl_c_while_it_still_loads_ends_it_as_it_ends_a_command(monkeypatch, capsys):
    class Interrupting:
        @staticmethod
        def find_spec(name, *_):
            if name == "irclient.cli.app":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "irclient.cli.app", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Interrupting, *sys.meta_path])

    with pytest.raises(SystemExit) as ended:
        cli.main()

    assert ended.value.code == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has one")
@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_a_full_disk_is_told_in_a_line(argument):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "irclient", argument],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.stderr == "irclient: the output cannot be written: No space left on device\n"
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("similar --json", "Missing argument 'ITEM_ID'"),
        ("popular --count some --json", "'some'"),
        ("popular --json --filter", "--filter"),
        ("no-such-command --json", "No such command 'no-such-command'"),
        ("emulator no-such-command --json", "No such command 'no-such-command'"),
        ("emulator heal --json", "Missing argument 'TARGET'"),
        ("demo --redis redis://127.0.0.1 --json", "--workers"),
        ("--json", "No such option: --json"),
    ],
)
def test_wrong_use_is_json_where_json_was_asked_for(words, says):
    result = run(*words.split())
    assert result.code == 2
    error = result.json["error"]
    assert (error["kind"], error["attempts"]) == ("UsageError", [])
    assert says in error["message"]
    # People still read it on stderr.
    assert error["message"].split()[-1] in result.err


@pytest.mark.parametrize("words", [["similar"], ["similar", "--", "--json", "2"]])
def test_wrong_use_is_told_in_words_alone_otherwise(words):
    result = run(*words)
    assert (result.code, result.out) == (2, "")
    assert "Usage:" in result.err


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (["popular", "--count", "some"], "'some'"),
        (["popular", "--count", "0"], "0"),
        (["popular", "--deadline", "1s"], "'1s'"),
        (["cook", "--engine", "hive"], "'hive'"),
    ],
)
def test_wrong_use_names_the_value_once(words, value):
    message = run(*words, "--json").json["error"]["message"]
    assert message.count(value) == 1


def test_a_wrong_value_of_any_length_is_told_in_short():
    message = run("popular", "--count", "x" * 100_000, "--json").json["error"]["message"]
    assert len(message) < 300


@pytest.mark.parametrize("timeout", ["inf", "nan", "0", "1e400"])
def test_a_time_that_cannot_be_waited_for_is_refused(timeout):
    result = run("doctor", "--timeout", timeout)
    assert result.code == 2
    assert "'--timeout'" in result.err


def test_a_message_with_a_value_of_any_length_fits_on_a_screen_and_keeps_the_fix():
    result = run("popular", "--filter", "x" * 100_000)
    assert result.code == 2
    assert len(result.err) < 3_000
    assert result.err.endswith("write Category=Clothing\n")
    asked = run("popular", "--filter", "x" * 100_000, "--json").json
    assert len(asked["error"]["message"]) > 100_000


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX")
@pytest.mark.parametrize(
    ("words", "code", "says"),
    [("popular --json >&-", 2, "ConfigurationError"), ("cart - <&-", 2, "QueryError")],
)
def test_a_closed_stream_is_no_traceback(words, code, says):
    environment = {name: text for name, text in os.environ.items() if "IRCLIENT_" not in name}
    done = subprocess.run(
        ["sh", "-c", f"exec {shlex.quote(sys.executable)} -m irclient {words}"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.partition(":")[0]) == (code, says)
