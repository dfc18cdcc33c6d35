"""Is a wheel fit for a package index? Its description, its links, its metadata, its contents.

    python release/check_wheel.py dist/irclient-….whl

Complains on stderr and ends with 1 when something is wrong.
"""

from __future__ import annotations

import re
import sys
import tomllib
import zipfile
from email import message_from_string
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

ROOT = Path(__file__).parent.parent
LINK = re.compile(r"\]\(([^)\s]+)\)")
NEEDED_URLS = {"Documentation", "Changelog", "Source", "Issues"}


def main(wheel: Path) -> int:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = message_from_string(
            next(
                archive.read(name).decode()
                for name in names
                if name.endswith(".dist-info/METADATA")
            )
        )
    wrong = [*of_description(metadata), *of_metadata(metadata), *of_contents(names)]
    for each in wrong:
        sys.stderr.write(f"{wheel.name}: {each}\n")
    return 1 if wrong else 0


def of_description(metadata: Message) -> Iterator[str]:
    """A page of an index has no files beside it: each link needs a whole address."""
    text = str(metadata.get_payload())
    links = LINK.findall(text)
    if len(links) < 5:
        yield f"the description has {len(links)} links; is it the README?"
    for link in links:
        if not link.startswith(("https://", "#")):
            yield f"the description links to {link!r}, which leads nowhere on an index"


def of_metadata(metadata: Message) -> Iterator[str]:
    urls = {each.partition(",")[0] for each in metadata.get_all("Project-URL", [])}
    for missing in sorted(NEEDED_URLS - urls):
        yield f"there is no project URL {missing!r}"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    if set(metadata.get_all("Provides-Extra", [])) != set(project["optional-dependencies"]):
        yield "its extras are not those of pyproject.toml"
    if metadata["License-Expression"] != project["license"]:
        yield "its licence is not that of pyproject.toml"


def of_contents(names: list[str]) -> Iterator[str]:
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "irclient").rglob("*.py")}
    for missing in sorted(modules - set(names)):
        yield f"{missing} is missing"
    for other in names:
        if not other.startswith("irclient") or "__pycache__" in other:
            yield f"{other} does not belong into a wheel"
    if "irclient/py.typed" not in names:
        yield "py.typed is missing: type checkers would ignore the package's types"


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
