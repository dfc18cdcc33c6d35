"""Runs the documentation: every Python block of README.md and docs/, page by page.

The blocks of a page share their names. A block with a title is a file: it runs as a program of
its own, or under pytest where it is a test. A block marked ``text`` holds what the Python block
before it prints; ``...`` in it stands for anything. What a page needs before its first example
stands in a block that readers can open: they see all that runs.
"""

from __future__ import annotations

import doctest
import io
import os
import re
import signal
import subprocess
import sys
import tempfile
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import settings
from sybil import Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.abstract.lexers import LexerCollection
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer

from tests.collector import take_out_of_sight

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sybil import Document, Example, Region

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As started in the background by a script, where tests of Ctrl-C could not but fail.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Examples have no deadline of their own: on a busy machine any of them can take a while.
settings.register_profile("whole", deadline=None)
settings.load_profile("whole")

_ROOT = Path(__file__).parent
_INFO = re.compile(r'(?P<language>python|text)(?: title="(?P<title>[\w.]+)")?$\n', re.MULTILINE)
_LENIENCE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
_run_in_page = PythonEvaluator()


def pytest_collection_finish() -> None:
    """What is collected stays until the end."""
    take_out_of_sight()


def _blocks(document: Document) -> Iterable[Region]:
    for region in LexerCollection([RawFencedCodeBlockLexer(_INFO)])(document):
        region.parsed = region.lexemes["source"]
        region.evaluator = _python if region.lexemes["language"] == "python" else _printed
        yield region


def _python(example: Example) -> None:
    title = example.region.lexemes["title"]
    if title is not None:
        example.namespace["_printed"] = _run_as_file(title, str(example.parsed))
        return
    printed = io.StringIO()
    with redirect_stdout(printed):
        _run_in_page(example)
    example.namespace["_printed"] = printed.getvalue()


def _run_as_file(name: str, source: str) -> str:
    test = ["-m", "pytest", "-p", "irclient.testing.plugin", "-p", "no:cacheprovider", "-q"]
    arguments = [*test, name] if name.startswith("test_") else ["-W", "error", name]
    # Plugins are named, not found: irclient's own may or may not be installed here.
    environment = {**os.environ, "PYTHONPATH": str(_ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_text(source, "utf-8")
        done = subprocess.run(  # noqa: S603  (a block of ours)
            [sys.executable, *arguments],
            cwd=folder, env=environment, capture_output=True, text=True, timeout=50, check=False,
        )  # fmt: skip
    assert done.returncode == 0, f"{name} ended in {done.returncode}\n{done.stdout}{done.stderr}"  # noqa: S101
    return done.stdout


def _printed(example: Example) -> str | None:
    want, got = str(example.parsed), example.namespace.get("_printed", "")
    if doctest.OutputChecker().check_output(want, got, _LENIENCE):
        return None
    return f"the page says:\n{want}\nthe block prints:\n{got}"


def _begin(namespace: dict[str, Any]) -> None:
    # What a module has: classes and dataclasses of a page ask for it.
    namespace["__name__"] = "page"
    namespace["_before"] = Path.cwd(), dict(os.environ)


def _end(namespace: dict[str, Any]) -> None:
    folder, environment = namespace["_before"]
    os.chdir(folder)
    for name in set(os.environ) - set(environment):
        del os.environ[name]


pytest_collect_file = Sybil(
    parsers=[_blocks],
    # Before Python 3.13 two stars are one folder.
    patterns=["README.md", "docs/*.md", "docs/*/*.md", "docs/*/*/*.md"],
    setup=_begin,
    teardown=_end,
).pytest()
