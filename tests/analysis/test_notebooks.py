"""The documentation's notebooks, run from top to bottom in a kernel of Jupyter."""

from __future__ import annotations

from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

NOTEBOOKS = Path(__file__).parents[2] / "docs" / "notebooks"

pytestmark = [
    pytest.mark.emulator,
    pytest.mark.timeout(300),
    # What nbclient and the kernel's client leave open is theirs.
    pytest.mark.filterwarnings("ignore"),
]


@pytest.mark.parametrize("name", sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb")))
def test_a_notebook_runs_and_shows_tables_and_a_picture(name: str, tmp_path: Path) -> None:
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    kept = shown_by(notebook)
    nbclient.NotebookClient(
        notebook, timeout=200, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    assert shown_by(notebook) == kept
    assert {"text/html", "image/png"} <= set().union(*kept)


def shown_by(notebook) -> list[set[str]]:
    """The kinds of output of each cell."""
    return [
        {kind for output in cell.outputs for kind in output.get("data", ())}
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_keeps_nothing_of_the_machine_it_ran_on(path: Path) -> None:
    text = path.read_text("utf-8")
    assert "stderr" not in text
    assert "site-packages" not in text
