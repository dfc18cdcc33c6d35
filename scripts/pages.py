"""Makes the pages of the documentation: what they print out of the source is typed nowhere twice.

A page holds a line such as ``<!-- from source: settings -->``, which is replaced by what the
function of that name returns, and with it the line above that tells readers of a clone where to
look instead. The pages are written to ``.cache/docs``, from which mkdocs and
zensical build the site; `make docs` does both.
"""

from __future__ import annotations

import ast
import inspect
import re
import shutil
import sys
from dataclasses import fields
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from typer.main import get_command

from irclient import errors
from irclient._core.health_transitions import TRANSITIONS
from irclient.cli.app import app
from irclient.cli.exit_codes import exit_code_table
from irclient.configuration import describe, short_forms
from irclient.emulator import control as emulator_control
from irclient.emulator.faults import KINDS
from irclient.emulator.switches import Switches
from irclient.queries import Query
from irclient.server import configuration as server_configuration
from irclient.settings import Fallback, Guard, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_ROOT = Path(__file__).parent.parent


def messages() -> str:
    """Every error message, with a heading of its own; above them a list of their kinds."""
    sys.path.insert(0, str(_ROOT / "scripts"))
    try:
        from messages import messages as read_from_source  # noqa: PLC0415  (a script beside this)
    finally:
        sys.path.pop(0)
    text = read_from_source()
    kinds = re.findall(r"^## (.+)$", text, re.MULTILINE)
    links = ", ".join(f"[{kind}](#{kind.lower().replace(' ', '-')})" for kind in kinds)
    return f"In this order: {links}.\n\n{text}"


_MARK = re.compile(r"^(?:\*In a clone.*\*\n\n)?<!-- from source: (\w+) -->$", re.MULTILINE)

#: A notebook is a page of the site, and its own file in a clone.
_NOTEBOOK = re.compile(r"(\]\([^)\s:]+)\.ipynb\)")

#: A picture that is drawn for the page's own colours becomes a part of the page.
_PICTURE = re.compile(r"^!\[[^\]]*\]\((?:\.\./)*pictures/(\w+)\.svg\)$", re.MULTILINE)

_KINDS = {
    "tuple[ListQuery, ...]": "a list of queries",
    "tuple[str, ...]": "a list of ids",
    "Duration": "seconds, above 0",
    "DurationOrZero": "seconds, 0 or more",
    "Part": 'above 0, at most 1; also `"1/4"`',
    "Share": 'above 0, at most 1; also `"1/4"` and `"auto"`',
    "Count": "whole number, at least 1",
    "TenacityWait": "tenacity `wait_*`",
}


def main() -> None:
    """Write all pages, and what else the site is made of."""
    pages = _ROOT / ".cache" / "docs"
    shutil.rmtree(pages, ignore_errors=True)
    shutil.copytree(_ROOT / "docs", pages)
    for notebook in pages.rglob("*.ipynb"):
        _render(notebook)
    for page in pages.rglob("*.md"):
        page.write_text(fill(page.read_text("utf-8")), "utf-8")
    (pages / "llms.txt").write_text(llms(), "utf-8")


def _render(notebook: Path) -> None:
    """Write a notebook as a page, with the outputs and pictures that it was last run with."""
    from nbconvert import MarkdownExporter  # noqa: PLC0415  (only the site needs it)

    text, resources = MarkdownExporter().from_filename(str(notebook))
    for name, picture in resources["outputs"].items():
        (notebook.parent / f"{notebook.stem}_{name}").write_bytes(picture)
        text = text.replace(f"({name})", f"({notebook.stem}_{name})")
    notebook.with_suffix(".md").write_text(text, "utf-8")


def llms() -> str:
    """The site's contents for language models (llmstxt.org): each page, and what it is about."""
    lines = ["# irclient", "", f"> {_site('site_description')}"]
    for line in (_ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:\n")[2].splitlines():
        section = re.fullmatch(r"  - ([^:]+):", line)
        page = re.search(r"([\w/-]+)\.md$", line)
        if section:
            lines += ["", f"## {section[1]}", ""]
        elif page:
            text = (_ROOT / ".cache" / "docs" / f"{page[1]}.md").read_text("utf-8")
            title, about = _title_and_first_sentence(text)
            lines.append(f"- [{title}]({_site('site_url')}{page[1]}.html): {about}")
    return "\n".join(lines) + "\n"


def _site(key: str) -> str:
    found = re.search(rf"^{key}: (.+)$", (_ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)
    return found[1] if found else ""


def _title_and_first_sentence(text: str) -> tuple[str, str]:
    title = re.search(r"^# (.+)$", text, re.MULTILINE)
    after = text[title.end() :] if title else text
    without = re.sub(r"(?ms)^```.*?^```|<details.*?</details>", "", after)
    plain = re.sub(r"^[#|>:!-].*$|<[^>]+>", "", without, flags=re.MULTILINE)
    first = re.search(r"\S[^\n]+", re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", plain))
    return (title[1] if title else ""), (first[0] if first else "")


def fill(markdown: str) -> str:
    """Return a page with every mark replaced, and with its pictures."""
    filled = _MARK.sub(lambda mark: SOURCES[mark[1]](), markdown)
    return _PICTURE.sub(_picture, _NOTEBOOK.sub(r"\1.md)", filled))


def _picture(link: re.Match[str]) -> str:
    svg = (_ROOT / "docs" / "pictures" / f"{link[1]}.svg").read_text("utf-8")
    return f'<div class="picture">{svg.strip()}</div>' if 'class="drawn"' in svg else link[0]


def settings() -> str:
    """A table for each group of settings."""
    groups: dict[str, Any] = {
        f"In `Settings` as `{name}`.": field.annotation
        for name, field in Settings.model_fields.items()
    }
    groups["A client's argument `fallback`."] = Fallback
    groups["An argument of `client.split.shift`."] = Guard
    return "\n".join(_settings_of(group, place) for place, group in groups.items())


def _settings_of(group: Any, place: str) -> str:  # noqa: ANN401  (a pydantic model)
    said = attributes(group)
    rows = [
        (
            f"`{name}`",
            _kind(str(group.__annotations__[name])),
            "required" if field.is_required() else f"`{shown(field.get_default())}`",
            said[name],
        )
        for name, field in group.model_fields.items()
    ]
    heads = ("setting", "takes", "default", "meaning")
    return f"## {group.__name__}\n\n{_first_line(group)}\n{place}\n\n{table(heads, rows)}"


def server() -> str:
    """A table for each table of a server.toml."""
    own = server_configuration
    tables = {
        "the top of the file": own.Configuration,
        "accounts": own.Account,
        "accounts.endpoints": own.Endpoint,
        "modelings": own.Modeling,
        "issuers": own.Issuer,
        "limits": own.Limits,
        "redis": own.Redis,
    }
    return "\n".join(_server_table(name, table) for name, table in tables.items())


def _server_table(name: str, model: Any) -> str:  # noqa: ANN401  (a pydantic model)
    said = _said_below(model)
    rows = [
        (
            f"`{key}`",
            "" if field.is_required() else _default_of(field.get_default()),
            said[key],
        )
        for key, field in model.model_fields.items()
    ]
    title = name if name.startswith("the ") else f"`{name}`"
    return f"## {title}\n\n{_first_line(model)}\n\n{table(('key', 'default', 'meaning'), rows)}"


def _default_of(value: object) -> str:
    is_none = value is None or value == () or isinstance(value, server_configuration.Limits)
    return "none" if is_none else f"`{shown(value)}`"


def errors_tree() -> str:
    """The tree of errors, with who must act."""
    return f"```text\n{(errors.__doc__ or '').split('```')[1].strip()}\n```"


def health_table() -> str:
    """The transitions of an endpoint's health."""
    rows = [
        (f"**{state.value}**", happening.value, f"**{following.value}**")
        for (state, happening), following in TRANSITIONS.items()
    ]
    return table(("state", "what happens", "next state"), rows)


_PLACES = {"working": (90, 60), "failing": (390, 60), "recovering": (240, 250)}


def health_diagram() -> str:
    """The same transitions as a picture, in plain SVG."""
    words: dict[tuple[str, str], list[str]] = {}
    for (state, happening), following in TRANSITIONS.items():
        words.setdefault((state.value, following.value), []).append(happening.value)
    lines = [_arrow(*ends, said) for ends, said in words.items()]
    lines += [
        f'<rect x="{x - 70}" y="{y - 22}" width="140" height="44" rx="22"/>'
        f'<text x="{x}" y="{y + 5}" class="state">{state}</text>'
        for state, (x, y) in _PLACES.items()
    ]
    style = (
        # A style reaches the whole page, so each rule names the picture.
        ".states rect,.states path{fill:none;stroke:currentColor}"
        ".states text{fill:currentColor;text-anchor:middle;font:12.5px system-ui,sans-serif}"
        ".states .state{font-weight:bold;font-size:15px}"
        ".states .event{paint-order:stroke;stroke:var(--md-default-bg-color);stroke-width:6px}"
    )
    marker = (
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" '
        'markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" style="fill:currentColor"/>'
        "</marker></defs>"
    )
    return (
        '<div class="picture"><svg class="states" viewBox="0 0 480 345" role="img" '
        'aria-label="States of an endpoint">'
        f"<style>{style}</style>{marker}{''.join(lines)}</svg></div>"
    )


def _arrow(origin: str, target: str, said: list[str]) -> str:
    (x1, y1), (x2, y2) = _PLACES[origin], _PLACES[target]
    if origin == target:
        path = f"M{x1 - 25} {y1 + 22}C{x1 - 60} {y1 + 80} {x1 + 60} {y1 + 80} {x1 + 25} {y1 + 22}"
        middle, below = x1, y1 + 84
    else:
        # Arrows bend to their right, so that there and back are two lines; those to the left or
        # to the right stay outside of the others.
        bend = 60 if y1 != y2 and target != "working" else -60
        dx, dy = x2 - x1, y2 - y1
        length = (dx * dx + dy * dy) ** 0.5
        cx, cy = (x1 + x2) / 2 - dy / length * bend, (y1 + y2) / 2 + dx / length * bend
        start, end = _edge(x1, y1, cx, cy), _edge(x2, y2, cx, cy)
        path = f"M{start}Q{cx:.0f} {cy:.0f} {end}"
        middle, below = (x1 + 2 * cx + x2) / 4, (y1 + 2 * cy + y2) / 4 - (4 if y1 == y2 else -4)
    labels = "".join(
        f'<text x="{middle:.0f}" y="{below + 16 * row:.0f}" class="event">{each}</text>'
        for row, each in enumerate(said)
    )
    return f'<path d="{path}" marker-end="url(#tip)"/>{labels}'


def _edge(x: float, y: float, towards_x: float, towards_y: float) -> str:
    dx, dy = towards_x - x, towards_y - y
    reach = min(72 / abs(dx) if dx else 9e9, 24 / abs(dy) if dy else 9e9)
    return f"{x + dx * reach:.0f} {y + dy * reach:.0f}"


def configuration_keys() -> str:
    """The keys of a configuration file, and the variables that say the same."""
    rows = [
        (
            f"`{key.key}`",
            f"`{key.variable}`",
            key.type,
            key.default,
            key.meaning
            + (f" For {' and '.join(f'`{kind}`' for kind in key.kinds)}." if key.kinds else ""),
        )
        for key in describe()
    ]
    return table(("key", "variable", "takes", "default", "meaning"), rows)


def configuration_short_forms() -> str:
    """The variables of the common case."""
    rows = [(f"`{each.variable}`", each.meaning) for each in short_forms()]
    return table(("variable", "meaning"), rows)


def switches() -> str:
    """What the contract leaves open, and what the emulator does about it."""
    said = _said_below(Switches)
    rows = [
        (f"`{each.name}`", f"`{shown(each.default)}`", said[each.name]) for each in fields(Switches)
    ]
    return table(("switch", "default", "what is known, and what is chosen"), rows)


def faults() -> str:
    """The kinds of faults, as `faults.parse` reads them."""
    rows: list[tuple[str, ...]] = []
    for kind, fault in KINDS.items():
        options = [
            f"`{each.name.replace('_', '-')}={_plain(each.default)}`"
            for each in fields(fault)
            if each.name not in {"share", "limit"}
        ]
        rows.append((f"`{kind}`", _first_line(fault), ", ".join(options)))
    return table(("fault", "what happens", "options and their defaults"), rows)


def control() -> str:
    """The requests of the emulator's control interface."""
    lines = (inspect.getdoc(emulator_control) or "").splitlines()
    return _markdown("\n".join(line for line in lines if line.startswith("|"))) + "\n"


def commands() -> str:
    """Every command of the command line, with its options."""
    root: Any = get_command(app)
    return "\n".join(_command(each, f"irclient {name}") for name, each in root.commands.items())


def _command(command: Any, called: str) -> str:  # noqa: ANN401  (typer's own are private)
    said, _, examples = (command.help or "").replace("\b", "").partition("Examples:")
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each not in arguments and each.name != "help"]
    rows = [
        (", ".join(f"`{each}`" for each in option.opts), getattr(option, "help", None) or "")
        for option in options
    ]
    usage = " ".join([called, *(each.name.upper() for each in arguments)])
    parts = [f"## `{usage}`\n", dedent(said).strip() + "\n"]
    if examples.strip():
        parts.append("```console\n" + dedent(examples).strip() + "\n```\n")
    if rows:
        parts.append(table(("option", "meaning"), rows))
    below = getattr(command, "commands", {})
    parts += [_command(each, f"{called} {name}") for name, each in below.items()]
    return "\n".join(parts)


def exit_codes() -> str:
    """The exit codes of the command line."""
    rows = [each.split(" ", 1) for each in exit_code_table().split("; ")]
    # A meaning may hold a semicolon itself: then its rest belongs to the row before.
    joined: list[list[str]] = []
    for row in rows:
        if row[0].isdigit():
            joined.append(row)
        else:
            joined[-1][1] += "; " + " ".join(row)
    return table(("code", "meaning"), [tuple(row) for row in joined])


def contributing() -> str:
    """CONTRIBUTING, its links seen from the documentation."""
    return _from_root("CONTRIBUTING.md")


def changelog() -> str:
    """The changelog, likewise."""
    return _from_root("CHANGELOG.md")


def security() -> str:
    """SECURITY, likewise."""
    return _from_root("SECURITY.md")


def _from_root(name: str) -> str:
    text = (_ROOT / name).read_text("utf-8")
    text = text.replace("](docs/", "](").replace("](CONTRIBUTING.md", "](contributing.md")
    text = text.replace("](SECURITY.md", "](security.md")
    return text.replace("](CHANGELOG.md", "](changelog.md").replace("](LICENSE)", "](#licence)")


def table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [heads, tuple("---" for _ in heads), *rows]
    return (
        "\n".join("| " + " | ".join(_cell(each) for each in line) + " |" for line in lines) + "\n"
    )


def attributes(kind: type) -> dict[str, str]:
    """What the ``Attributes`` section of a class docstring says of each field."""
    section = (inspect.getdoc(kind) or "").partition("Attributes:\n")[2]
    found = re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", section, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in found}


def _said_below(kind: type) -> dict[str, str]:
    """What the string below each field of a class, or of one it inherits from, says of it."""
    found: dict[str, str] = {}
    for each in reversed(kind.__mro__[:-1]):
        body: Any = ast.parse(dedent(inspect.getsource(each))).body[0]
        found |= {
            ast.unparse(field.target): _markdown(" ".join(ast.literal_eval(said.value).split()))
            for field, said in zip(body.body, body.body[1:], strict=False)
            if isinstance(field, ast.AnnAssign) and isinstance(said, ast.Expr)
        }
    return found


def _first_line(kind: type) -> str:
    return _markdown((inspect.getdoc(kind) or "").partition("\n")[0])


def _kind(annotation: str) -> str:
    first, *rest = (
        part.strip() for part in re.sub(r"Annotated\[(\w+),[^\]]*\]", r"\1", annotation).split("|")
    )
    return " or ".join([_KINDS.get(first, f"`{first}`"), *(f"`{each}`" for each in rest)])


def shown(value: object) -> str:
    """A value as the documentation shows it."""
    if isinstance(value, tuple):
        return f"[{', '.join(shown(each) for each in value)}]"
    if isinstance(value, Query):
        return f"{type(value).__name__}()"
    return f"{value:g}" if isinstance(value, float) else repr(value)


def _plain(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else shown(value)


def _markdown(text: str) -> str:
    return text.replace("``", "`")


def _cell(text: str) -> str:
    return _markdown(" ".join(str(text).split())).replace("|", "\\|")


def theme_element() -> str:
    """The example's custom element for themes."""
    return _file("examples/shopify_app/theme/ir-recommendations.js", "js")


def theme_section() -> str:
    """The example's section for themes."""
    return _file("examples/shopify_app/theme/ir-recommendations.liquid", "liquid")


def _file(path: str, language: str) -> str:
    text = (_ROOT / path).read_text("utf-8").strip()
    return f"```{language}\n{text}\n```"


SOURCES: dict[str, Callable[[], str]] = {
    each.__name__: each
    for each in (
        changelog, commands, configuration_keys, configuration_short_forms, contributing,
        control, errors_tree, exit_codes, faults, health_diagram, health_table, messages,
        security, server, settings, switches, theme_element, theme_section,
    )
}  # fmt: skip


if __name__ == "__main__":
    main()
