"""Imports go down only: the contracts of pyproject.toml hold, and can fail."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

pytest.importorskip("importlinter")

ROOT = Path(__file__).parent.parent
COMMAND = """
from importlinter.cli import lint_imports
raise SystemExit(lint_imports(no_cache=True))
"""


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", COMMAND],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def test_every_layer_keeps_to_those_below_it() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


def test_a_core_that_looks_at_the_clock_is_caught(tmp_path: Path) -> None:
    core = tmp_path / "irclient" / "_core"
    core.mkdir(parents=True)
    (core.parent / "__init__.py").write_text("")
    (core / "__init__.py").write_text("import time\n")
    contract = (ROOT / "pyproject.toml").read_text("utf-8").split("[tool.importlinter]")[1]
    name = "The core has no clock"
    rule = next(part for part in contract.split("[[tool.importlinter.contracts]]") if name in part)
    (tmp_path / "pyproject.toml").write_text(
        '[tool.importlinter]\nroot_package = "irclient"\ninclude_external_packages = true\n'
        f"[[tool.importlinter.contracts]]{rule}"
    )
    done = lint(tmp_path)
    assert done.returncode == 1
    assert "irclient._core is not allowed to import time" in done.stdout


def test_locks_are_taken_with_a_with() -> None:
    # Between acquire() and try Python looks for signals: a Ctrl-C there keeps the lock for good.
    modules = (ROOT / "irclient").rglob("*.py")
    assert [path.name for path in modules if ".acquire(" in path.read_text("utf-8")] == []


def test_the_places_that_contributors_are_sent_to_are_there() -> None:
    table = (ROOT / "CONTRIBUTING.md").read_text("utf-8").split("## Find your way")[1]
    rows = re.findall(r"^\| .+ \| (.*`irclient/.+) \|$", table, re.MULTILINE)
    assert len(rows) == 35
    long_table = (ROOT / "docs/explanation/architecture.md").read_text("utf-8")
    named = re.findall(
        r"`((?:_core|_wire|analysis|cooking|contract|emulator|fleet|integrations|server)/[\w./]*)`",
        long_table,
    )
    assert len(named) > 30
    places = re.findall(r"`(irclient/[^`]+)`", " ".join(rows))
    places += [f"irclient/{place}" for place in named]
    assert [place for place in places if not (ROOT / place).exists()] == []


def imports_of(folder: Path) -> dict[str, set[str]]:
    """What each module of a package imports: for types alone and inside of functions as well."""
    modules = {
        ".".join(path.relative_to(folder.parent).with_suffix("").parts).removesuffix(
            ".__init__"
        ): path
        for path in folder.rglob("*.py")
    }
    found: dict[str, set[str]] = {}
    for module, path in modules.items():
        named: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                named |= {each.name for each in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                both = {f"{node.module}.{each.name}" for each in node.names}
                # A name of a package's own `__init__`, unless it is a module of it.
                named |= both & modules.keys() or {node.module}
        found[module] = named & modules.keys() - {module}
    return found


def test_no_modules_import_each_other_not_even_for_types_or_late() -> None:
    TopologicalSorter(imports_of(ROOT / "irclient")).prepare()


def test_a_circle_of_imports_for_types_is_found(tmp_path: Path) -> None:
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "basket.py").write_text("from shop.item import Item\n")
    (package / "item.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from shop import basket\n"
    )
    with pytest.raises(CycleError, match=r"shop\.basket"):
        TopologicalSorter(imports_of(package)).prepare()
