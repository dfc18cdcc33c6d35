"""What users are handed has a public home: no annotation needs a private module."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import irclient
from irclient._core.state import ClientState

ROOT = Path(irclient.__file__).parent
REFERENCE = ROOT.parent / "docs" / "reference"
#: What the clients ask of their own credentials and transports; no program of a user's does.
BETWEEN_OURSELVES = {
    "irclient._core.protocol.Failure",
    "irclient._core.protocol.Send",
    "irclient._core.protocol.TokenReading",
    "irclient._core.protocol.TokenStatus",
    "irclient._values.secret.Secret",
    "irclient._wire.responses.Response",
}


def public_modules() -> list[str]:
    names = [each.name for each in pkgutil.walk_packages([str(ROOT)], "irclient.")]
    return [
        name
        for name in names
        if not any(part.startswith("_") for part in name.split(".")[1:])
        and not name.endswith("__main__")
    ]


MODULES = {name: importlib.import_module(name) for name in public_modules()}
#: Each object that a public module exports, by its identity.
PUBLIC = {
    id(getattr(module, name)): f"{module.__name__}.{name}"
    for module in MODULES.values()
    for name in getattr(module, "__all__", ())
}
#: The modules that the reference prints, and the classes that it prints one by one.
DOCUMENTED = {
    module
    for page in REFERENCE.rglob("*.md")
    for module in re.findall(
        r"^::: ([a-z_.]+)(?:\.[A-Z]\w*)?$", page.read_text("utf-8"), re.MULTILINE
    )
}
CLASSES = sorted(
    {
        value
        for module in map(importlib.import_module, sorted(DOCUMENTED & set(MODULES)))
        for name in getattr(module, "__all__", ())
        if inspect.isclass(value := getattr(module, name)) and value.__module__.startswith("irc")
    },
    key=lambda kind: f"{kind.__module__}.{kind.__qualname__}",
)


def imported_names(module: str) -> dict[str, tuple[str, str]]:
    """Where each name comes from that a module imports, also for type checkers alone."""
    tree = ast.parse(Path(importlib.import_module(module).__file__).read_text("utf-8"))
    return {
        each.asname or each.name: (node.module, each.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for each in node.names
    }


def annotations_of(kind: type) -> list[ast.expr]:
    """What the public methods, properties and fields of a class are annotated with."""
    [written] = ast.parse(inspect.cleandoc("\n" + inspect.getsource(kind))).body
    found: list[ast.expr | None] = []
    for node in written.body:
        if isinstance(node, ast.AnnAssign) and not node.target.id.startswith("_"):
            found.append(node.annotation)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (
            not node.name.startswith("_") or node.name == "__init__"
        ):
            arguments = node.args
            every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            found += [node.returns, *(each.annotation for each in every)]
    return [each for each in found if each is not None]


def homeless(kind: type) -> set[str]:
    """The types of ours that a public class gives or takes, and that no public module exports."""
    without: set[str] = set()
    for base in kind.__mro__:
        if not base.__module__.startswith("irclient"):
            continue
        imported = imported_names(base.__module__)
        for annotation in annotations_of(base):
            for name in (each.id for each in ast.walk(annotation) if isinstance(each, ast.Name)):
                home, original = imported.get(name, (base.__module__, name))
                value = getattr(importlib.import_module(home), original, None)
                is_ours = inspect.isclass(value) and value.__module__.startswith("irclient")
                if is_ours and id(value) not in PUBLIC:
                    without.add(f"{value.__module__}.{value.__qualname__}")
    return without - BETWEEN_OURSELVES


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__qualname__)
def test_what_a_public_class_gives_and_takes_has_a_public_home(kind) -> None:
    assert homeless(kind) == set()


def test_a_type_without_a_public_home_is_found() -> None:
    assert homeless(ClientState) >= {"irclient._core.budget.RetryBudget"}


@pytest.mark.parametrize(
    "name", ["Cache", "EndpointStatus", "HealthSnapshot", "Split", "Stats", "Store"]
)
def test_what_a_client_hands_out_is_a_name_of_the_front_page(name: str) -> None:
    assert PUBLIC[id(getattr(irclient, name))].endswith(f".{name}")


@pytest.mark.parametrize("page", sorted(REFERENCE.rglob("*.md")), ids=lambda page: page.name)
def test_a_page_of_the_reference_prints_no_private_module(page: Path) -> None:
    assert "::: irclient._" not in page.read_text("utf-8")
