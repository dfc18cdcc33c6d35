"""Spark: an engine of many machines, where the disk and memory of one are not enough.

What comes out of a statement still comes to this process, since factors and neighbours are
computed here.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import sqlglot
from pyspark.errors import PySparkException
from sqlglot.expressions import Literal, Select

from irclient.cooking.engines.engine import Unreadable
from irclient.cooking.engines.scans import alike, cell, cells, selected
from irclient.cooking.engines.spark_session import open_session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt
    from pyspark.sql import DataFrame

    from irclient.cooking.data.partitions import Partition
    from irclient.cooking.engines.cluster import Cluster
    from irclient.cooking.engines.engine import Columns, Refused

__all__ = ["SparkEngine", "translated"]

#: It has no types.
_ARROW: Final[Any] = import_module("pyarrow")
_RAW: Final = "raw_"
_CELLS: Final = "it has too few or too many cells, or a quote that is not closed"
_ENCODING: Final = "it is not UTF-8; save the file as UTF-8"
#: The instant that ends a day, which Spark does not know.
_NEXT_DAY: Final = "^(.{10}).24:00(:00([.]0+)?)?"
_DAY: Final = 86_400_000
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
        #: The views that were made, and which of them are kept.
        self._views: set[str] = set()
        self._kept: set[str] = set()

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
        self._name(table, rows)

    def checked(self, table: str, sql: str) -> tuple[Refused, ...]:
        """As the protocol says; rows are numbered as Spark reads them, broken ones too."""
        statement = sqlglot.parse_one(sql, read="duckdb").assert_is(Select)
        read = statement.select("row_", "broken_", "returns_")
        try:
            rows = self._keep(f"{table}_rows", read.sql(dialect="spark"))
            # It looks at each row, so that each is kept now.
            returns = rows.where("returns_").count()
        except PySparkException as problem:
            raise Unreadable(str(problem).partition("\n")[0]) from problem
        if returns:
            self.drop(f"{table}_rows")
            raise Unreadable("it has carriage returns within its rows")
        own = [name for name in rows.columns if name not in {"problem", "broken_", "returns_"}]
        wrong = "coalesce(broken_, problem) as problem"
        self._name(table, rows.selectExpr(*own, wrong))
        return ()

    def keep(self, table: str, sql: str) -> None:
        """As the protocol says."""
        self._keep(table, translated(sql)).count()

    def drop(self, table: str) -> None:
        """As the protocol says."""
        if table in self._kept:
            self._session.catalog.uncacheTable(table)
        self._session.catalog.dropTempView(table)
        self._kept.discard(table)
        self._views.discard(table)

    def columns(self, sql: str) -> Columns:
        """As the protocol says."""
        found = _arrow(self._session.sql(translated(sql)))
        return {
            name: _numpy(column)
            for name, column in zip(found.column_names, found.columns, strict=True)
        }

    def instant(self, text: str) -> str:
        """As the protocol says."""
        midnight = f"regexp_replace({text}, '{_NEXT_DAY}', '$1 00:00:00')"
        # Half a millisecond, since the other engine rounds, and this one cuts off.
        read = f"try_cast({midnight} as timestamptz) + interval '500 microseconds'"
        later = f"case when {midnight} <> {text} then {_DAY} else 0 end"
        return f"unix_millis({read}) + {later}"

    def close(self) -> None:
        """As the protocol says; a session that was there before stays."""
        for view in tuple(self._views):
            self.drop(view)
        self._opened.close()

    def _name(self, view: str, rows: DataFrame) -> None:
        rows.createOrReplaceTempView(view)
        self._views.add(view)

    def _keep(self, table: str, statement: str) -> DataFrame:
        """Name a statement's rows; the first that needs them has them computed, and kept."""
        # By the name: Spark Connect would look the rows' own tables up again at each use.
        self._name(table, self._session.sql(statement))
        self._session.catalog.cacheTable(table)
        self._kept.add(table)
        return self._session.table(table)

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
        numbered = rows.selectExpr(
            # Versions of Spark spell it with one slash or three.
            "regexp_replace(_metadata.file_path, '^file:/+', 'file:///') as path_",
            "monotonically_increasing_id() as row_",
            *(f"nullif({name}, '') as {name}" for name in own),
            _RAW,
        )
        self._name(view, numbered)
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
    return sqlglot.parse_one(sql, read="duckdb").sql(dialect="spark")


def _quoted(text: str) -> str:
    return Literal.string(text).sql(dialect="spark")


def _readable(path: Path) -> bool:
    """Whether Spark takes a path for what it is, neither a pattern nor a hidden file."""
    return not path.name.startswith(_HIDDEN) and not _PATTERN & set(str(path))


def _arrow(rows: Any) -> Any:  # noqa: ANN401  (Arrow has no types)
    """A table of Arrow; before Spark 4 what makes it had no public name."""
    if hasattr(rows, "toArrow"):
        return rows.toArrow()
    batches = rows._collect_as_arrow()  # noqa: SLF001
    schema = import_module("pyspark.sql.pandas.types").to_arrow_schema(rows.schema)
    return _ARROW.Table.from_batches(batches, schema)


def _numpy(column: Any) -> npt.NDArray[Any]:  # noqa: ANN401
    # Sums of decimals are decimals, which would become Python objects.
    numeric = column.cast("double") if _ARROW.types.is_decimal(column.type) else column
    found: npt.NDArray[Any] = numeric.to_numpy(zero_copy_only=False)
    return found
