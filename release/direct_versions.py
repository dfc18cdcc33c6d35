"""The versions that are installed of what pyproject.toml names: are they its lower bounds?

    uv pip freeze | python release/direct_versions.py

Prints them as constraints, so that what the tests need besides cannot raise them. Complains on
stderr and ends with 1 where another version is installed than the lowest that is allowed.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main() -> int:
    installed = dict(line.strip().split("==") for line in sys.stdin if "==" in line)
    bounds = lower_bounds(requirements())
    direct = {name: version for name, version in installed.items() if name in bounds}
    sys.stdout.writelines(f"{name}=={version}\n" for name, version in direct.items())
    wrong = {name: each for name, each in direct.items() if is_other(each, *bounds[name])}
    for name, version in wrong.items():
        sys.stderr.write(f"{name} {version} is installed; its bounds: {sorted(bounds[name])}\n")
    return 1 if wrong else 0


def requirements() -> list[str]:
    """What the package and its extras need."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    return [*project["dependencies"], *(each for extra in extras for each in extra)]


def lower_bounds(requirements: list[str]) -> dict[str, set[str]]:
    """The lower bounds of each package, an empty one where it has none."""
    bounds: dict[str, set[str]] = {}
    for each in requirements:
        name = re.split(r"[^\w.-]", each, maxsplit=1)[0]
        found = re.search(r">=([\d.]+)", each)
        bounds.setdefault(name, set()).add(found[1] if found else "")
    return bounds


def is_other(version: str, *bounds: str) -> bool:
    return any(re.fullmatch(rf"{re.escape(bound)}(\.0)*", version) is None for bound in bounds)


if __name__ == "__main__":
    sys.exit(main())
