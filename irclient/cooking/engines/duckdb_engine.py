"""DuckDB: an engine within this process, which spills to the disk when its memory is used up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import duckdb

from irclient.cooking.engines.engine import Refused, Unreadable
from irclient.cooking.engines.scans import alike, cell, cells, selected

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from irclient.cooking.data.partitions import Partition
    from irclient.cooking.engines.engine import Columns

__all__ = ["DuckDBEngine"]

_REASONS: Final = {
    "MISSING COLUMNS": "it has too few cells; leave a cell empty rather than out",
    "TOO MANY COLUMNS": "it has too many cells; quote a cell that holds a comma",
    "UNQUOTED VALUE": "a quote is not closed; double the quotes inside a quoted cell",
    "INVALID ENCODING": "it is not UTF-8; save the file as UTF-8",
    "LINE SIZE OVER MAXIMUM": "it is longer than 2 MB",
}


class DuckDBEngine:
    """An embedded database.

    Args:
        scratch: An existing folder to spill into.
        memory: Bytes that it may use; it spills beyond them.
        threads: How many; None is one a processor.
    """

    name = "duckdb"

    def __init__(self, scratch: Path, *, memory: int, threads: int | None = None) -> None:
        config: dict[str, Any] = {
            "memory_limit": f"{max(memory // 2**20, 64)}MB",
            "temp_directory": str(scratch),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        if threads is not None:
            config["threads"] = str(threads)
        self.scratch = scratch
        self._connection = duckdb.connect(config=config)
        # It would be drawn across the report on standard output.
        self._run("set enable_progress_bar = false")
        # An instant without a zone is UTC, wherever this machine is.
        self._run("set TimeZone = 'UTC'")
        #: The numbers of the files that were read last, by path.
        self._numbers: dict[str, int] = {}

    def read(self, table: str, partitions: Sequence[Partition], columns: Sequence[str]) -> None:
        """As the protocol says."""
        self._numbers = {str(partition.path): at for at, partition in enumerate(partitions)}
        if not partitions:
            nulls = ", ".join(f"cast(null as string) as {cell(name)}" for name in columns)
            self._run(f"create view {table} as select 0 as file, {nulls} where false")
            return
        scans = [
            f"select {first} + file_index as file, {selected(of[0], columns)} from {_scan(of)}"
            for first, of in alike(partitions)
        ]
        self._run(f"create or replace view {table} as {' union all '.join(scans)}")

    def checked(self, table: str, sql: str) -> tuple[Refused, ...]:
        """As the protocol says."""
        try:
            self._run(f"create table {table}_rows as {sql}")
        except (duckdb.InvalidInputException, duckdb.IOException) as problem:
            self._refused()  # what was found before does not count
            raise Unreadable(str(problem).partition("\n")[0]) from problem
        self._run(f"create view {table} as select *, rowid as row_ from {table}_rows")
        return self._refused()

    def keep(self, table: str, sql: str) -> None:
        """As the protocol says."""
        self._run(f"create table {table} as {sql}")

    def drop(self, table: str) -> None:
        """As the protocol says."""
        self._run(f"drop table {table}")

    def columns(self, sql: str) -> Columns:
        """As the protocol says."""
        return dict(self._run(sql).fetchnumpy())  # type: ignore[arg-type]  # no enums here

    def instant(self, text: str) -> str:
        """As the protocol says."""
        return f"epoch_ms(try_cast({text} as timestamptz))"

    def close(self) -> None:
        """As the protocol says."""
        self._connection.close()

    def _run(self, sql: str) -> duckdb.DuckDBPyConnection:
        return self._connection.execute(sql)

    def _refused(self) -> tuple[Refused, ...]:
        # The tables come with the first row that is refused.
        known = self._run("select count(*) from duckdb_tables() where table_name = 'reject_errors'")
        if known.fetchone() == (0,):
            return ()
        rows: list[tuple[str, int, str]] = self._run(
            "select file_path, line_byte_position, min(error_type::varchar) from reject_errors "
            "join reject_scans using (scan_id, file_id) group by all order by all"
        ).fetchall()
        self._run("delete from reject_errors")
        self._run("delete from reject_scans")
        return tuple(
            Refused(self._numbers[path], max(at - 1, 0), _REASONS.get(kind) or kind.lower())
            for path, at, kind in rows
        )


def _scan(files: Sequence[Partition]) -> str:
    paths = ", ".join(_quoted(str(partition.path)) for partition in files)
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in cells(files[0]))
    settings = [
        f"columns={{{columns}}}",
        "auto_detect=false",
        f"header={str(files[0].has_header).lower()}",
        "delim=','",
        "quote='\"'",
        "escape='\"'",
        f"compression='{'gzip' if files[0].is_compressed else 'none'}'",
        "store_rejects=true",
        "ignore_errors=true",
    ]
    return f"read_csv([{paths}], {', '.join(settings)})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
