"""Small data-contract folders, and what is cooked of them."""

import csv
import json
from contextlib import contextmanager

from irclient.cooking.data.entities import ENTITIES, model_json
from irclient.cooking.data.partitions import read_model
from irclient.cooking.engines.duckdb_engine import DuckDBEngine
from irclient.cooking.recipes import Kitchen


def write_folder(path, **entities):
    """Write rows by entity, its name without ``Reco_``; a row is a line, or a dict of cells."""
    path.mkdir(parents=True, exist_ok=True)
    (path / "model.json").write_text(json.dumps(model_json("mine")))
    for name, rows in entities.items():
        own = path / f"Reco_{name}"
        own.mkdir(exist_ok=True)
        columns = [column.name for column in ENTITIES[f"Reco_{name}"].columns]
        with (own / "part.csv").open("w", newline="") as file:
            for row in rows:
                if isinstance(row, str):
                    file.write(row + "\n")
                else:
                    csv.writer(file).writerow(str(row.get(column, "")) for column in columns)
    return path


@contextmanager
def kitchen(folder, tmp_path):
    """A kitchen for the folder, on DuckDB."""
    scratch = tmp_path / "spill"
    scratch.mkdir(exist_ok=True)
    engine = DuckDBEngine(scratch, memory=200 * 2**20, threads=1)
    try:
        yield Kitchen(engine, read_model(folder), lambda _step, _share: None)
    finally:
        engine.close()
