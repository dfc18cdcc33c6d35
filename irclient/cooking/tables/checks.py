"""An entity's cells, read as texts, instants, numbers and flags by one statement.

A cell that cannot be read drops its whole row, as the service is documented to do ("Drop entry";
D); unlike the service, this says which row and why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from irclient.cooking.data.entities import Entity
    from irclient.cooking.engines.engine import Engine

__all__ = ["Checks"]

#: What an instant must look like, before it is read: engines differ in what they would accept.
_INSTANT: Final = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?"
    r"(Z|[+-](0[0-9]|1[0-7])(:?[0-5][0-9])?)?)?\z"
)
_NUMBER: Final = r"^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?\z"
_PLACEHOLDERS: Final = {"instant": "0", "number": "0", "flag": "false"}
#: Characters of a cell that a message shows.
_SHOWN: Final = 40


class Checks:
    """The statement that reads and checks an entity's rows, put together column by column.

    Args:
        engine: What it will run on.
        entity: Whose rows.
    """

    def __init__(self, engine: Engine, entity: Entity) -> None:
        self._engine = engine
        self._entity = entity
        self._made: list[str] = []
        self._problems: list[tuple[str, str]] = []
        #: The contract's columns that were asked for.
        self.used: list[str] = []

    def text(
        self,
        column: str,
        name: str,
        *,
        longest: int | None = None,
        too_long: Literal["drop", "trim"] = "drop",
    ) -> None:
        """A column as text; `longest` in characters, what is longer drops the row or is cut."""
        cell, default = self._cell(column)
        if longest is not None and too_long == "drop":
            self._problem(
                f"length({cell}) > {longest}", f"'{column} is longer than {longest} characters'"
            )
        read = f"coalesce({cell}, '{default or ''}')"
        if longest is not None and too_long == "trim":
            read = f"substring({read}, 1, {longest})"
        self._made.append(f"{read} as {name}")

    def instant(self, column: str, name: str) -> None:
        """A column as milliseconds since 1970-01-01 UTC."""
        fix = "write it like 2024-05-31T12:00:00.000Z"
        self._parsed(column, name, kind="instant", read=self._instant, fix=fix)

    def number(self, column: str, name: str) -> None:
        """A column as numbers."""
        fix = "write a number with a decimal point"
        self._parsed(column, name, kind="number", read=_number, fix=fix)

    def flag(self, column: str, name: str) -> None:
        """A column as true or false."""
        self._parsed(column, name, kind="flag", read=_flag, fix="write True or False")

    def word(self, column: str, name: str, *, known: Sequence[str]) -> None:
        """A column as one of the known words, in lower case; case does not matter."""
        cell, _ = self._cell(column)
        read = f"lower(trim(coalesce({cell}, '')))"
        options = ", ".join(f"'{word.casefold()}'" for word in known)
        self._problem(f"{read} not in ({options})", f"'{column} is none of {', '.join(known)}'")
        self._made.append(f"{read} as {name}")

    def statement(self, table: str) -> str:
        """The statement: the columns, `file`, and `problem`, null where a row is usable."""
        whens = " ".join(f"when {wrong} then {why}" for wrong, why in self._problems)
        problem = f"case {whens} end" if whens else "cast(null as varchar(1))"
        return f"select file, {', '.join(self._made)}, {problem} as problem from {table}"

    def _cell(self, column: str) -> tuple[str, str | None]:
        about = self._entity.column(column)
        cell = f"c_{about.name.casefold()}"
        self.used.append(about.name)
        if about.mandatory:
            self._problem(f"{cell} is null", f"'{column} is empty'")
        return cell, about.default

    def _parsed(self, column: str, name: str, *, kind: str, read: _Read, fix: str) -> None:
        cell, default = self._cell(column)
        shown = f"substring({cell}, 1, {_SHOWN})"
        self._problem(
            f"{cell} is not null and {read(cell)} is null",
            f"concat('{column} is ''', {shown}, '''; {fix}')",
        )
        otherwise = read(f"'{default}'") if default is not None else _PLACEHOLDERS[kind]
        self._made.append(f"coalesce({read(cell)}, {otherwise}) as {name}")

    def _instant(self, cell: str) -> str:
        text = f"trim({cell})"
        return f"case when {_matches(text, _INSTANT)} then {self._engine.instant(text)} end"

    def _problem(self, wrong: str, why: str) -> None:
        self._problems.append((wrong, why))


def _number(cell: str) -> str:
    text = f"trim({cell})"
    return f"case when {_matches(text, _NUMBER)} then try_cast({text} as double) end"


def _matches(text: str, pattern: str) -> str:
    return f"regexp_matches({text}, '{pattern}')"


def _flag(cell: str) -> str:
    known = f"lower(trim({cell}))"
    return f"case when {known} in ('true', '1') then true when {known} in ('false', '0') then false end"  # noqa: E501


if TYPE_CHECKING:
    from collections.abc import Callable

    _Read = Callable[[str], str]
