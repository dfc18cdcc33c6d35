"""An integration whose framework is missing says which extra to install, and loads no other."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

FRAMEWORKS = {"fastapi", "starlette", "django", "flask"}
#: What each may load of the others: FastAPI stands on Starlette.
WITH = {
    "fastapi": {"fastapi", "starlette"},
    "starlette": {"starlette"},
    "django": {"django"},
    "flask": {"flask"},
}

MISSING = """
import sys
sys.modules[{name!r}] = None
try:
    import irclient.integrations.{name}
except ModuleNotFoundError as missing:
    print(missing)
"""
LOADED = """
import json, sys
import irclient.integrations.{name}
print(json.dumps(sorted({{each.partition(".")[0] for each in sys.modules}})))
"""


def printed(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("name", sorted(FRAMEWORKS))
def test_a_missing_framework_is_named_with_its_extra(name: str) -> None:
    said = printed(MISSING.format(name=name))
    assert said == f"irclient.integrations.{name} needs {name}: pip install 'irclient[{name}]'"


@pytest.mark.parametrize("name", sorted(FRAMEWORKS))
def test_an_integration_loads_its_own_framework_alone(name: str) -> None:
    loaded = set(json.loads(printed(LOADED.format(name=name))))
    assert loaded & FRAMEWORKS == WITH[name]
    assert not loaded & {"msal", "azure", "requests", "numpy", "pytest"}
