"""What a package index shows, and what a release is checked with."""

from __future__ import annotations

import importlib
import re
import sys
import tomllib
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

import irclient

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
sys.path.insert(0, str(ROOT / "release"))

check_wheel = pytest.importorskip("check_wheel")
direct_versions = pytest.importorskip("direct_versions")


def test_every_link_of_the_readme_is_there_and_becomes_a_whole_address() -> None:
    rule = PROJECT["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]["substitutions"][0]
    text = (ROOT / "README.md").read_text("utf-8")
    links = [each.partition("#")[0] for each in check_wheel.LINK.findall(text)]
    for link in links:
        assert not link or link.startswith("https://") or (ROOT / link).exists(), link
    shown = re.sub(rule["pattern"], rule["replacement"], text)
    for link in check_wheel.LINK.findall(shown):
        assert link.startswith(("https://", "#")), link
    assert PROJECT["project"]["urls"]["Source"] in rule["replacement"]


def wheel(folder: Path, *, description: str, headers: str, names: list[str]) -> Path:
    path = folder / "irclient-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("irclient-0.1.0.dist-info/METADATA", f"{headers}\n\n{description}")
        for name in names:
            archive.writestr(name, "")
    return path


def headers_of_a_good_one() -> str:
    lines = [f"Project-URL: {each}, https://a.test" for each in check_wheel.NEEDED_URLS]
    extras = PROJECT["project"]["optional-dependencies"]
    lines += [f"Provides-Extra: {each}" for each in extras]
    return "\n".join([*lines, "License-Expression: MIT"])


GOOD_LINKS = "[a](https://a.test) " * 5
GOOD_NAMES = [
    "irclient/py.typed",
    *(str(path.relative_to(ROOT)) for path in (ROOT / "irclient").rglob("*.py")),
]


def test_what_is_tried_of_a_wheel_is_there_and_all_of_its_extras_are_installed(
    tmp_path: Path,
) -> None:
    smoke = importlib.import_module("smoke")
    assert [name for name in smoke.OF_EXTRAS if find_spec(name) is None] == []
    made = wheel(tmp_path, description="", headers=headers_of_a_good_one(), names=[])
    extras = importlib.import_module("from_wheel").extras_of(made).split(",")
    assert extras == list(PROJECT["project"]["optional-dependencies"])


def test_a_good_wheel_passes(tmp_path: Path) -> None:
    made = wheel(
        tmp_path, description=GOOD_LINKS, headers=headers_of_a_good_one(), names=GOOD_NAMES
    )
    assert check_wheel.main(made) == 0


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"description": GOOD_LINKS + "[b](docs/b.md)"}, "leads nowhere"),
        ({"description": ""}, "is it the README?"),
        ({"headers": "License-Expression: MIT"}, "no project URL"),
        ({"names": GOOD_NAMES[1:]}, "py.typed"),
        ({"names": GOOD_NAMES[:-1]}, "is missing"),
        ({"names": [*GOOD_NAMES, "tests/test_a.py"]}, "does not belong"),
    ],
)
def test_a_wheel_that_is_not_fit_is_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict, complaint: str
) -> None:
    parts = {
        "description": GOOD_LINKS,
        "headers": headers_of_a_good_one(),
        "names": GOOD_NAMES,
        **change,
    }
    assert check_wheel.main(wheel(tmp_path, **parts)) == 1
    assert complaint in capsys.readouterr().err


def test_a_mark_of_when_something_came_names_a_version_that_there_is_or_will_be() -> None:
    # "Added in 0.2." is written before 0.2 is released, so one version ahead is possible.
    major, minor, _ = (int(each) for each in irclient.__version__.split("."))
    for path in (ROOT / "irclient").rglob("*.py"):
        for number in re.findall(r"(?:Added|Changed) in (\d+\.\d+)", path.read_text("utf-8")):
            marked = tuple(int(each) for each in number.split("."))
            assert marked <= max((major, minor + 1), (major + 1, 0)), f"{path}: {number}"


def test_each_package_has_one_lower_bound_which_the_suite_with_the_lowest_versions_tries() -> None:
    bounds = direct_versions.lower_bounds(direct_versions.requirements())
    assert len(bounds) > 20
    assert {name: found for name, found in bounds.items() if len(found) > 1 or "" in found} == {}


@pytest.mark.parametrize(
    ("installed", "wrong"),
    [("rich==13.8.0", ""), ("rich==13.8.1", "rich 13.8.1 is installed"), ("wrapt==1.0", "")],
)
def test_a_version_above_its_lower_bound_is_told_before_the_suite_runs(
    installed: str, wrong: str, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(direct_versions, "requirements", lambda: ["rich>=13.8", "typer>=0.26"])
    monkeypatch.setattr(sys, "stdin", [f"{installed}\n", "-e file:///irclient\n"])
    assert direct_versions.main() == bool(wrong)
    shown = capsys.readouterr()
    assert shown.out == (f"{installed}\n" if installed.startswith("rich") else "")
    assert shown.err.startswith(wrong)
    assert bool(shown.err) == bool(wrong)
