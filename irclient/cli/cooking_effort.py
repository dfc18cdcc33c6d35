"""What a cooking may use, as options say it: memory, and the engine with its cluster."""

import re
from decimal import Decimal
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeAlias

import typer

from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from irclient.cooking.pipeline import Effort

__all__ = ["Engine", "Memory", "SparkFolder", "SparkMaster", "effort_of"]

Memory: TypeAlias = Annotated[
    str, typer.Option("--memory", metavar="SIZE", help="What cooking may use, such as 4GB.")
]
Engine: TypeAlias = Annotated[
    Literal["duckdb", "spark"],
    typer.Option("--engine", help="What reads, joins and counts: duckdb here, or spark."),
]
_SPARK: Final = partial(typer.Option, rich_help_panel="With Spark", show_default=False)
_MASTER: Final = "Spark's master, or an sc:// URL, instead of what Spark is configured to use."
_AS_SPARK_FINDS_IT: Final = "FOLDER as Spark's machines find it, where their path is another."
SparkMaster: TypeAlias = Annotated[
    str | None, _SPARK("--spark-master", metavar="MASTER", help=_MASTER)
]
SparkFolder: TypeAlias = Annotated[
    str | None, _SPARK("--spark-folder", metavar="URL", help=_AS_SPARK_FINDS_IT)
]

_SIZE: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?)i?B?", re.IGNORECASE)
_UNITS: Final = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_LEAST_MEMORY: Final = 256 * 2**20
#: The modules that each engine needs, by the extra that brings them.
_NEEDED: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "duckdb": {"cook": ("numpy", "scipy", "threadpoolctl", "duckdb")},
    "spark": {
        "cook": ("numpy", "scipy", "threadpoolctl"),
        "spark": ("pyspark", "pyarrow", "sqlglot"),
    },
}


def effort_of(
    *, memory: str, engine: Engine, spark_master: str | None, spark_folder: str | None
) -> "Effort":
    """Return what the options say that a cooking may use; cooking can be imported afterwards.

    Raises:
        ConfigurationError: An option cannot be used, or what the engine needs is not installed.
    """
    budget = _bytes(memory)
    if engine != "spark" and (spark_master or spark_folder):
        raise ConfigurationError("--spark-master and --spark-folder need --engine spark")
    _require_cooking(engine)
    # Imported here: an extra, of which the line before made sure.
    from irclient.cooking.pipeline import Effort  # noqa: PLC0415

    return Effort(
        engine=engine, memory=budget, spark_master=spark_master, spark_folder=spark_folder
    )


def _bytes(size: str) -> int:
    found = _SIZE.fullmatch(size.strip())
    if found is None:
        raise ConfigurationError(f"--memory is {size!r}; write a size such as 4GB or 800MB")
    # In decimals, where no number of digits is too many.
    count = int(Decimal(found[1]) * _UNITS[found[2].upper()])
    if count < _LEAST_MEMORY:
        raise ConfigurationError(f"--memory is {size!r}; cooking needs at least 256MB")
    return count


def _require_cooking(engine: Engine) -> None:
    for extra, names in _NEEDED[engine].items():
        try:
            for name in names:
                import_module(name)
        except ModuleNotFoundError as missing:
            raise ConfigurationError(
                f"cooking needs {missing.name}; install it with: pip install 'irclient[{extra}]'"
            ) from None
