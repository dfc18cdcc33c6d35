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

#: What the integration makes an author write, in the application and in its test.
OURS = re.compile(
    r"irclient|IRCLIENT|[Rr]ecommendations|\b(?:ir|aio|IR)\b|override|service", re.ASCII
)


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
        timeout=50,
        check=False,
    )


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
