"""Spark: an engine of many machines, where the disk and memory of one are not enough.

What comes out of a statement still comes to this process, since factors and neighbours are
computed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import pyarrow as pa
import sqlglot
from pyspark.errors import PySparkException
from sqlglot.expressions import Expression, Literal, Select

from irclient.cooking.engines.engine import Unreadable
from irclient.cooking.engines.scans import alike, cell, cells, selected
from irclient.cooking.engines.spark_session import open_session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pyspark.sql import DataFrame
    from irclient.cooking.data.partitions import Partition
    from irclient.cooking.engines.cluster import Cluster
    from irclient.cooking.engines.engine import Columns, Refused

__all__ = ["SparkEngine", "translated"]

_RAW: Final = "raw_"
_CELLS: Final = "it has too few or too many cells, or a quote that is not closed"
_ENCODING: Final = "it is not UTF-8; save the file as UTF-8"
#: What Spark puts in the place of bytes that are no UTF-8.
_REPLACED: Final = "\N{REPLACEMENT CHARACTER}"
#: Characters of a path that Spark takes for a pattern.
_PATTERN: Final = frozenset("*?[]{}\\")
#: First characters of a file's name with which Spark passes it over.
_HIDDEN: Final = ("_", ".")


class SparkEngine:
    """A session of Spark: the one of this process, or else a new one.

    Args:
        scratch: An existing folder for what a session on this machine writes.
        memory: Bytes that a session on this machine may use.
        cluster: Where Spark is, and under which URL it finds the files.
    """

    name = "spark"

    def __init__(self, scratch: Path, *, memory: int, cluster: Cluster) -> None:
        self.scratch = scratch
        self._cluster = cluster
        self._opened = open_session(cluster, scratch, memory=memory)
        self._session = self._opened.session
        self._kept: dict[str, DataFrame] = {}

    def read(self, table: str, partitions: Sequence[Partition], columns: Sequence[str]) -> None:
        """As the protocol says; `row_`, `broken_` and `returns_` are there as well."""
        if not all(_readable(partition.path) for partition in partitions):
            raise Unreadable("it has a name that Spark passes over")
        if not partitions:
            texts = ", ".join(f"cast(null as string) as {name}" for name in map(cell, columns))
            rows = self._session.sql(
                f"select 0 as file, {texts}, cast(0 as bigint) as row_, "
                "cast(null as string) as broken_, false as returns_ where false"
            )
        else:
            rows, *others = (
                self._scan(f"{table}_{first}", first, files, columns)
                for first, files in alike(partitions)
            )
            for other in others:
                rows = rows.unionAll(other)
        rows.createOrReplaceTempView(table)

    def checked(self, table: str, sql: str) -> tuple[Refused, ...]:
        """As the protocol says; rows are numbered as Spark reads them, broken ones too."""
        read = _parsed(sql).assert_is(Select).select("row_", "broken_", "returns_")
        try:
            self._keep(f"{table}_rows", read.sql(dialect="spark"))
            returns = self.columns(f"select count(*) as n from {table}_rows where returns_")["n"][0]
        except PySparkException as problem:
            raise Unreadable(str(problem).partition("\n")[0]) from problem
        if returns:
            self.drop(f"{table}_rows")
            raise Unreadable("it has carriage returns within its rows")
        rows = self._session.table(f"{table}_rows")
        problem = "coalesce(broken_, problem) as problem"
        others = [name for name in rows.columns if name not in {"problem", "broken_", "returns_"}]
        rows.selectExpr(*others, problem).createOrReplaceTempView(table)
        return ()

    def keep(self, table: str, sql: str) -> None:
        """As the protocol says."""
        self._keep(table, translated(sql))

    def drop(self, table: str) -> None:
        """As the protocol says."""
        self._kept.pop(table).unpersist()
        self._session.catalog.dropTempView(table)

    def columns(self, sql: str) -> Columns:
        """As the protocol says."""
        found = _arrow(self._session.sql(translated(sql)))
        return {
            name: _numeric(column).to_numpy(zero_copy_only=False)
            for name, column in zip(found.column_names, found.columns, strict=True)
        }

    def instant(self, text: str) -> str:
        """As the protocol says."""
        return f"unix_millis(try_cast({text} as timestamptz))"

    def close(self) -> None:
        """As the protocol says; a session that was there before stays."""
        for table in tuple(self._kept):
            self.drop(table)
        self._opened.close()

    def _keep(self, table: str, statement: str) -> None:
        rows = self._session.sql(statement).persist()
        rows.count()
        rows.createOrReplaceTempView(table)
        self._kept[table] = rows

    def _scan(
        self, view: str, first: int, files: Sequence[Partition], columns: Sequence[str]
    ) -> DataFrame:
        own = cells(files[0])
        addresses = [self._cluster.address(partition.path) for partition in files]
        # With cells of several lines one task reads a file, in order: so its rows have numbers.
        rows = self._session.read.csv(
            addresses,
            schema=", ".join(f"{name} string" for name in (*own, _RAW)),
            header=files[0].has_header,
            multiLine=True,
            escape='"',
            encoding="UTF-8",
            mode="PERMISSIVE",
            columnNameOfCorruptRecord=_RAW,
            recursiveFileLookup=True,  # a folder that is called a=b gives no column
        )
        spelled = {unquote(path): path for path in rows.inputFiles()}
        numbers = ", ".join(
            f"({_quoted(spelled[address])}, {number})"
            for number, address in enumerate(addresses, first)
        )
        rows.selectExpr(
            # Versions of Spark spell it with one slash or three.
            "regexp_replace(_metadata.file_path, '^file:/+', 'file:///') as path_",
            "monotonically_increasing_id() as row_",
            *(f"nullif({name}, '') as {name}" for name in own),
            _RAW,
        ).createOrReplaceTempView(view)
        whole = f"concat_ws('', {', '.join(own)})"
        return self._session.sql(
            f"select file, {selected(files[0], columns)}, row_, "
            f"case when contains({whole}, '{_REPLACED}') then '{_ENCODING}' "
            f"when {_RAW} is not null then '{_CELLS}' end as broken_, "
            f"contains(concat_ws('', {whole}, {_RAW}), '\\r') as returns_ from {view} "
            f"join values {numbers} as files (path_, file) using (path_)"
        )


def translated(sql: str) -> str:
    """A statement in DuckDB's SQL, in Spark's."""
    return _parsed(sql).sql(dialect="spark")


def _parsed(sql: str) -> Expression:
    return sqlglot.parse_one(sql, read="duckdb")


def _quoted(text: str) -> str:
    return Literal.string(text).sql(dialect="spark")


def _readable(path: Path) -> bool:
    """Whether Spark takes a path for what it is, neither a pattern nor a hidden file."""
    return not path.name.startswith(_HIDDEN) and not _PATTERN & set(str(path))


def _arrow(rows: DataFrame) -> pa.Table:
    if hasattr(rows, "toArrow"):
        return rows.toArrow()
    # Before Spark 4 this was there, for pandas' sake, but had no public name.
    return pa.Table.from_batches(rows._collect_as_arrow(), _schema(rows))


def _numeric(column: pa.ChunkedArray) -> pa.ChunkedArray:
    # Sums of decimals are decimals, which would become Python objects.
    return column.cast(pa.float64()) if pa.types.is_decimal(column.type) else column
