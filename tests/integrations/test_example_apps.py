"""The tests of the example applications pass, as their authors would run them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "examples"
PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".", "-c", os.devnull)

#: What a line of ours holds: the client, errors, health, the deadline, and what a test needs.
OURS = re.compile(r"irclient|IRCLIENT|\b(?:R|r)ecommendations\b|\bir\b|\boverride\b")
#: The most lines that an author writes, in the application and for the tests together.
MOST_LINES = 12


def run(folder: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("IRCLIENT_")
    }
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=EXAMPLES / folder,
        env=environment | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("folder", "arguments"),
    [
        ("fastapi_app", (*PYTEST, "test_app.py")),
        ("flask_app", (*PYTEST, "test_app.py")),
        ("django_app", ("manage.py", "test")),
    ],
)
def test_the_tests_of_an_example_pass_without_a_network(folder, arguments) -> None:
    done = run(folder, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("folder", "tests"),
    [("fastapi_app", "test_app.py"), ("flask_app", "test_app.py"), ("django_app", "tests.py")],
)
def test_an_author_writes_few_lines_for_all_of_it(folder: str, tests: str) -> None:
    every = (EXAMPLES / folder).rglob("*.py")
    application = [line for path in every if path.name != tests for line in code_of(path)]
    (found,) = (EXAMPLES / folder).rglob(tests)
    # Each test puts the service behind the application anew: one of these lines counts.
    for_tests = set(code_of(found))
    ours = [line for line in (*application, *for_tests) if OURS.search(line)]
    assert 5 < len(ours) <= MOST_LINES, ours


def code_of(path: Path) -> list[str]:
    """The lines of a file that are code."""
    without = re.sub(r'"""(.|\n)*?"""', "", path.read_text("utf-8"))
    lines = (line.strip() for line in without.splitlines())
    return [line for line in lines if line and not line.startswith("#")]
