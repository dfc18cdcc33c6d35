"""The documentation holds everything: a setting, error, name or command without a page fails.

Its blocks run in `conftest.py` at the root; this looks at what is said, not at what runs.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qsl, unquote

import pytest
from typer.main import get_command

import irclient
from irclient import errors
from irclient._core.health_transitions import TRANSITIONS
from irclient._wire.requests import build_request
from irclient.cli.app import app
from irclient.configuration import describe, short_forms
from irclient.emulator.faults import KINDS
from irclient.emulator.switches import Switches
from irclient.queries import (
    BoughtTogether,
    Cart,
    ItemSelectors,
    New,
    Personalize,
    Picks,
    Popular,
    Similar,
    Trending,
)
from irclient.settings import Fallback, Guard, Settings

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))


def load_pages_script():
    spec = importlib.util.spec_from_file_location("pages", ROOT / "scripts" / "pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


pages = load_pages_script()


def rendered(page: str) -> str:
    return pages.fill((DOCS / page).read_text("utf-8"))


def rows(page: str) -> dict[str, list[str]]:
    """The rows of a page's tables, by their first cell."""
    found = {}
    for line in rendered(page).splitlines():
        if line.startswith("| "):
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            found[cells[0].strip("`*")] = cells
    return found


GROUPS = [field.annotation for field in Settings.model_fields.values()] + [Fallback, Guard]
SETTINGS = [
    pytest.param(group, name, id=f"{group.__name__}.{name}")
    for group in GROUPS
    for name in group.model_fields
]


@pytest.mark.parametrize(("group", "name"), SETTINGS)
def test_a_setting_is_documented_with_its_default_and_meaning(group, name) -> None:
    section = rendered("reference/settings.md").split(f"## {group.__name__}\n")[1]
    row = next(
        line for line in section.split("\n## ")[0].splitlines() if line.startswith(f"| `{name}` |")
    )
    _, takes, default, meaning = row.removeprefix("| ").removesuffix(" |").split(" | ")
    assert takes
    field = group.model_fields[name]
    assert default.strip("`") == (
        "required" if field.is_required() else pages.shown(field.get_default())
    )
    assert len(meaning) > 10


@pytest.mark.parametrize("name", [name for name in errors.__all__ if name != "Attempt"])
def test_an_error_is_in_the_tree_and_says_who_must_act(name: str) -> None:
    page = rendered("reference/errors.md")
    assert re.search(rf"^[│├└─ ]*{name}\b", page, re.MULTILINE)
    if name != "IRError":
        assert name in rows("reference/errors.md")


#: Where a name of a module is documented, when that is not the module's own page.
ELSEWHERE = {"irclient.settings": "reference/settings.md"}


@pytest.mark.parametrize("name", [name for name in irclient.__all__ if name != "__version__"])
def test_a_public_name_is_in_the_reference(name: str) -> None:
    home = irclient._HOME_OF.get(name, "irclient.errors")
    if home in ELSEWHERE:
        assert name in (DOCS / ELSEWHERE[home]).read_text("utf-8") + rendered(ELSEWHERE[home])
    else:
        documented = "".join(page.read_text("utf-8") for page in DOCS.glob("reference/**/*.md"))
        assert f"::: {home}\n" in documented


INTEGRATIONS = sorted(
    name
    for page in (DOCS / "reference" / "api").glob("*.md")
    for name in re.findall(
        r"^::: (irclient\.integrations\.\w+)$", page.read_text("utf-8"), re.MULTILINE
    )
)


@pytest.mark.parametrize("name", INTEGRATIONS)
def test_a_value_of_an_integration_says_what_it_is_in_the_reference(name: str) -> None:
    module = Path(str(importlib.util.find_spec(name).origin))
    body = ast.parse(module.read_text("utf-8")).body
    silent = [
        ast.unparse(target)
        for each, follows in pairwise([*body, ast.Pass()])
        if isinstance(each, ast.Assign | ast.AnnAssign)
        for target in (each.targets if isinstance(each, ast.Assign) else [each.target])
        # Without a docstring the reference leaves it out.
        if not ast.unparse(target).startswith("_") and not isinstance(follows, ast.Expr)
    ]
    assert silent == []


def test_every_page_is_in_the_navigation_and_every_entry_has_a_page() -> None:
    entries = set(re.findall(r"[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text("utf-8")))
    notebooks = [page.with_suffix(".md") for page in DOCS.rglob("*.ipynb")]
    assert entries == {str(page.relative_to(DOCS)) for page in [*PAGES, *notebooks]}


@pytest.mark.parametrize("page", sorted(DOCS.glob("how-to/*.md")), ids=lambda page: page.stem)
def test_a_how_to_ends_with_how_to_check_it(page: Path) -> None:
    if page.stem != "index":
        text = page.read_text("utf-8")
        assert 0 < text.find("\n## Check that it works\n") < text.find("\n## If it does not\n")
        assert f"]({page.name})" in (page.parent / "index.md").read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_a_link_to_a_page_finds_it(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+\.md)", rendered(str(page.relative_to(DOCS)))):
        file = page.parent / target
        assert file.exists() or file.with_suffix(".ipynb").exists(), target


def headings(page: Path) -> set[str]:
    """The anchors of a page's own headings, which readers of a clone have; not the written ones."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    words = (re.sub(r"[^\w\s-]", "", each) for each in re.findall(r"^#+ (.+)$", text, re.MULTILINE))
    return {re.sub(r"[-\s]+", "-", each.strip().lower()) for each in words}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_a_link_to_a_heading_finds_it_in_a_clone_too(page: Path) -> None:
    text = page.read_text("utf-8")
    for target, anchor in re.findall(r"\]\(([^)#:\s]*)#([^)\s]+)\)", text):
        assert anchor in headings(page.parent / target if target else page), f"{target}#{anchor}"


@pytest.mark.parametrize("source", sorted(pages.SOURCES))
def test_what_is_printed_from_the_source_is_used_and_says_something(source: str) -> None:
    assert any(f"<!-- from source: {source} -->" in page.read_text("utf-8") for page in PAGES)
    assert len(pages.SOURCES[source]()) > 100


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_a_reader_of_a_clone_is_told_where_the_printed_part_is(page: Path) -> None:
    text = page.read_text("utf-8")
    told = re.findall(r"^\*In a clone.*\*\n\n<!-- from source: ", text, re.MULTILINE)
    assert len(told) == text.count("<!-- from source: ")
    assert "*In a clone" not in rendered(str(page.relative_to(DOCS)))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_every_block_that_runs_is_shown(page: Path) -> None:
    assert "<!-- hidden" not in page.read_text("utf-8")


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda page: page.name)
def test_code_has_at_most_80_columns(page: Path) -> None:
    blocks = re.findall(
        r"^```python.*?\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    lines = "".join(blocks).splitlines()
    assert [line for line in lines if len(line) > 80] == []


def test_the_configuration_that_python_writes_is_the_one_that_is_shown() -> None:
    page = (DOCS / "how-to" / "configure.md").read_text("utf-8")
    shown = re.search(r'```toml title="irclient.toml"\n(.*?)```', page, re.DOTALL)[1]
    assert f'toml = """\\\n{shown}"""' in page
    variables = re.search(r"```sh\n(.*?)```", page, re.DOTALL)[1]
    for name, _, value in (line.partition("=") for line in variables.splitlines()):
        assert f'    "{name}": "{value}",\n' in page


def test_the_states_of_an_endpoint_are_drawn_and_tabled() -> None:
    table, drawing = pages.health_table(), pages.health_diagram()
    for (state, happening), following in TRANSITIONS.items():
        assert f"| **{state.value}** | {happening.value} | **{following.value}** |" in table
        assert f">{happening.value}</text>" in drawing
        assert f">{state.value}</text>" in drawing


def test_every_key_of_the_configuration_is_documented() -> None:
    documented = rows("reference/configuration.md")
    for key in describe():
        assert documented[key.key][1] == f"`{key.variable}`"
    for form in short_forms():
        assert form.variable in documented


def test_every_switch_and_fault_of_the_emulator_is_documented() -> None:
    documented = rows("reference/emulator.md")
    for switch in fields(Switches):
        assert len(documented[switch.name][2]) > 20
    assert set(KINDS) <= set(documented)


def test_every_command_is_documented() -> None:
    def called(command, words: str) -> list[str]:
        below = getattr(command, "commands", {})
        return [words, *(each for name in below for each in called(below[name], f"{words} {name}"))]

    page = rendered("reference/command-line.md")
    every = called(get_command(app), "irclient")[1:]
    assert len(every) > 10
    for words in every:
        assert re.search(rf"^## `{words}[ `]", page, re.MULTILINE), words


def test_nothing_is_fetched_from_elsewhere_by_the_site() -> None:
    configuration = (ROOT / "mkdocs.yml").read_text("utf-8")
    assert "font: false" in configuration
    elsewhere = re.sub(r"^site_url: .*$", "", configuration, flags=re.MULTILINE)
    assert not re.search(r"https?://", elsewhere)


def test_the_contract_names_the_requests_that_are_really_sent() -> None:
    asked = {
        "`new()`": New(),
        "`popular()`": Popular(),
        "`trending()`": Trending(),
        "`similar(item_id)`": Similar("{item}"),
        "`cart(item_ids)`": Cart(["a", "b"]),
        "`bought_together(item_id)`": BoughtTogether("{item}"),
        "`picks(user_id)`": Picks("…"),
        "`picks(session_id=…)`": Picks(session_id="…"),
        "`personalize(user_id, candidates)`": Personalize("…", ["1"]),
        "`selectors(item_id)`": ItemSelectors("{item}"),
    }
    documented = rows("reference/contract.md")
    for method, query in asked.items():
        sent = build_request(query, modeling=None)
        assert documented[method.strip("`")][1] == f"`{sent.method} {unquote(sent.target)}`"


def test_the_contract_names_every_parameter_that_is_sent() -> None:
    page = (DOCS / "reference/contract.md").read_text("utf-8")
    every = Similar(
        "1", count=1, skip=1, algo_type="MF", user_id="u", session_id="s", channel_id="c",
        catalog_id="c", modeling="m", refinements=["r"],
    )  # fmt: skip
    for name, _ in parse_qsl(build_request(every, modeling=None).target.partition("?")[2]):
        assert f"`{name}`" in page


#: The modules whose names users import: what the reference prints, and the front page.
PUBLIC_MODULES = sorted(
    {
        "irclient",
        "irclient.analysis",
        "irclient.settings",
        "irclient.testing.plugin",
        *(
            module
            for page in DOCS.glob("reference/**/*.md")
            for module in re.findall(r"^::: ([a-z_.]+)$", page.read_text("utf-8"), re.MULTILINE)
            if not module.startswith("irclient.analysis.")
        ),
    }
)
#: What pytest hands to tests by its name.
FIXTURES = "irclient.testing.plugin"


def used_names(source: str) -> set[tuple[str, str]]:
    """What a page's blocks use of this package, as module and name; an import is no use."""
    tree = ast.parse(source)
    imported: dict[str, tuple[str, str]] = {}
    modules: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "irclient":
            for each in node.names:
                imported[each.asname or each.name] = node.module, each.name
                modules[each.asname or each.name] = f"{node.module}.{each.name}"
        if isinstance(node, ast.Import):
            modules |= {each.asname or each.name: each.name for each in node.names}
    used = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in imported:
            used.add(imported[node.id])
        if isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value)
            used.add((modules.get(owner, owner), node.attr))
        if isinstance(node, ast.arg) and node.arg.startswith("irclient_"):
            used.add((FIXTURES, node.arg))
    return used


def exported(module: str, name: str) -> tuple[str, int] | None:
    """What a name stands for: several modules may hand out the same thing."""
    if module.split(".", maxsplit=1)[0] != "irclient":
        return None
    try:
        value = getattr(importlib.import_module(module), name, None)
    except ModuleNotFoundError:  # A value's attribute, such as that of a class.
        return None
    return (name, id(value)) if value is not None else None


def names_without_an_example() -> list[str]:
    shown = set()
    for page in [*PAGES, ROOT / "README.md"]:
        text = page.read_text("utf-8")
        blocks = re.findall(
            r'^```python(?: title="[\w.]+")?\n(.*?)^```', text, re.MULTILINE | re.DOTALL
        )
        shown |= {exported(*use) for use in used_names("\n".join(blocks))}
    return sorted(
        f"{module}.{name}"
        for module in PUBLIC_MODULES
        for name in getattr(importlib.import_module(module), "__all__", ())
        if exported(module, name) not in shown
    )


def test_every_public_name_has_an_example_that_runs() -> None:
    assert names_without_an_example() == []


def test_a_name_that_is_only_imported_is_not_used() -> None:
    assert used_names("from irclient import Pair") == set()
    assert used_names("from irclient import Pair as P\nP") == {("irclient", "Pair")}
    assert used_names("from irclient import errors\nerrors.Throttled") == {
        ("irclient", "errors"),
        ("irclient.errors", "Throttled"),
    }


def test_no_page_lies_deeper_than_its_blocks_are_run() -> None:
    assert max(len(page.relative_to(DOCS).parts) for page in PAGES) <= 3
