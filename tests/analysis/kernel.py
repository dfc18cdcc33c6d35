"""Cells that are run in a kernel of Jupyter."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

ROOT = Path(__file__).parents[2]
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def run_cells(*sources: str, folder, errors: str = "raise"):
    """Run cells one after the other; what each of them showed on standard output or as a value."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(
        notebook,
        timeout=100,
        allow_errors=errors == "show",
        resources={"metadata": {"path": str(folder)}},
    ).execute(env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"})
    return ["\n".join(map(_text, cell.outputs)) for cell in notebook.cells]


def _text(output) -> str:
    if output.output_type == "error":
        return _COLOURS.sub("", "\n".join(output.traceback))
    if output.output_type == "stream":
        return output.text if output.name == "stdout" else ""
    return output.data.get("text/plain", "")
