"""The front page: what it names, what each name is, and what importing it costs."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys

import pytest

import irclient
from irclient import errors

HEAVY = {
    "msal", "azure", "requests", "cryptography", "aiohttp", "numpy", "pandas", "scipy", "starlette",
    "shopify_app", "tqdm", "django", "fastapi", "flask",
}  # fmt: skip
HTTP = {"httpx", "httpcore", "h11"}
NOT_AT_FIRST = {*HEAVY, "httpx", "pydantic", "anyio"}


def modules_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys, json\nprint(json.dumps(list(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=50, check=True
    )
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


def test_the_front_page_names_exactly_what_its_table_knows() -> None:
    known = {*irclient._HOME_OF, "errors", "__version__"}
    assert known == set(irclient.__all__)
    assert len(irclient.__all__) == len(known)
    assert dir(irclient) == sorted(irclient.__all__)


@pytest.mark.parametrize("name", irclient.__all__)
def test_a_name_of_the_front_page_can_be_had(name: str) -> None:
    assert getattr(irclient, name) is not None
    if name in irclient._HOME_OF:
        home = importlib.import_module(irclient._HOME_OF[name])
        assert name in home.__all__
        assert getattr(home, name) is getattr(irclient, name)


def test_what_is_declared_for_type_checkers_is_what_is_loaded() -> None:
    source = (importlib.import_module("pathlib").Path(irclient.__file__)).read_text("utf-8")
    declared = source.split("if TYPE_CHECKING:")[1].split("__all__")[0]
    names = set(re.findall(r"\b\w+\b", re.sub(r"from [\w.]+ import", "", declared))) - {"from"}
    assert names - {"irclient", "import"} == set(irclient.__all__) - {"__version__"}


def test_a_name_that_does_not_exist_says_so() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Client'"):
        _ = irclient.Client


@pytest.mark.parametrize(
    "module",
    [
        *sorted(set(irclient._HOME_OF.values())),
        "irclient.observe", "irclient.queries", "irclient.filters", "irclient.modeling",
        "irclient.analysis", "irclient.configuration", "irclient.testing",
        "irclient.integrations.django", "irclient.integrations.fastapi",
        "irclient.integrations.flask", "irclient.integrations.shopify",
        "irclient.integrations.starlette", "irclient.web",
    ],
)  # fmt: skip
def test_a_public_module_exports_what_it_names(module: str) -> None:
    loaded = importlib.import_module(module)
    assert loaded.__all__ == sorted(loaded.__all__, key=sort_key)
    for name in loaded.__all__:
        assert hasattr(loaded, name)


def sort_key(name: str) -> tuple[bool, bool, str]:
    # Constants, then classes, then functions: the order that ruff keeps.
    return not name.isupper(), not name[:1].isupper(), name


def test_the_front_page_alone_loads_nothing_but_itself() -> None:
    assert not modules_after("import irclient") & NOT_AT_FIRST


def test_the_clients_load_none_of_the_heavy_libraries() -> None:
    loaded = modules_after("from irclient import IRClient, AsyncIRClient, KeyVaultCredential")
    assert not loaded & (HEAVY | HTTP)


def test_a_client_loads_the_http_library_that_it_sends_with() -> None:
    endpoint = "ServiceEndpoint('a', 'web', tps=1)"
    made = f"from irclient import *; IRClient({endpoint}, credential=StaticToken('t'))"
    assert "httptools" in modules_after(made)
    assert not modules_after(made) & HTTP


def tree(kind: type[BaseException], indent: str = "") -> list[str]:
    below = [each for each in kind.__subclasses__() if each.__module__ == "irclient.errors"]
    lines = [kind.__name__]
    for number, each in enumerate(below):
        last = number == len(below) - 1
        first, *rest = tree(each)
        lines += [f"{'└' if last else '├'}── {first}"]
        lines += [f"{'    ' if last else '│   '}{line}" for line in rest]
    return lines


def test_the_tree_in_the_errors_docstring_is_the_tree_of_the_classes() -> None:
    drawn = (errors.__doc__ or "").split("```")[1].strip().splitlines()
    assert [re.split(r"\s{2,}(?=[a-z])", line)[0].rstrip() for line in drawn] == tree(
        errors.IRError
    )
