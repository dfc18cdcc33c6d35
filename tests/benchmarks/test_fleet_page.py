"""The tables of what was measured of a fleet."""

from __future__ import annotations

from benchmarks.fleet.page import tables_of
from benchmarks.fleet.rows import ROWS
from benchmarks.promise.figures import at_least, at_most
from benchmarks.simulation.tables import as_markdown


def test_a_load_is_a_line_and_a_figure_that_misses_its_bar_says_so() -> None:
    steady = [
        at_most("busiest second", "TPS 40", 1.25, 1.0, note="a note"),
        at_least("TPS used", "TPS 40", 96.0, 95.0, "%"),
        at_most("busiest second", "TPS 200", 1.0, 1.0),
        at_least("TPS used", "TPS 200", 91.0, 90.0, "%"),
    ]
    tables = tables_of({"saturated-40": steady, "hot-key": [], "sigkill": []}, began_with=0.5)
    assert as_markdown(tables["at work"]).splitlines() == [
        "| load | busiest second (≤ 1) | TPS used |",
        "| --- | ---: | ---: |",
        "| TPS 40 | 1.25, missed | 96 % (≥ 95 %) |",
        "| TPS 200 | 1 | 91 % (≥ 90 %) |",
    ]
    assert tables["others"].rows == (("load of the machine before", "", "0.5", "", ""),)


def test_every_row_belongs_to_a_table() -> None:
    figures = {name: [at_most(name, "somewhere", 0.0, 1.0)] for name in ROWS}
    tables = tables_of(figures, began_with=0.0)
    columns = [len(table.columns) for table in tables.values()]
    assert columns == [12, 6, 5]
